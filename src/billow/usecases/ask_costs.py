"""Ask about costs as people do: of a report they may see, or of a workspace with a filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billow.usecases.actor import Actor
from billow.usecases.cost_question import CostQuestion, read_question
from billow.usecases.cost_reports import report_with
from billow.usecases.page import Page, PageWanted, page_of_all
from billow.usecases.query_costs import CostAnswer, CostRow, answer_costs
from billow.usecases.workspaces import meant_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPage:
    """One page of an answer, with the sums of the whole answer."""

    answer: CostAnswer
    page: Page[CostRow]


def ask_costs(
    *, actor: Actor, fields: Mapping[str, object], newest_first: bool, wanted: PageWanted, now: datetime
) -> CostPage:
    """Return one page of the answer to QUESTION_FIELDS with ``cost_report_token`` or ``workspace_token``."""
    answer = answer_costs(question=question_of(actor=actor, fields=fields, now=now))
    rows: Sequence[CostRow] = answer.rows
    if newest_first:
        rows = tuple(sorted(rows, key=lambda row: row.accrued_at, reverse=True))
    return CostPage(answer=answer, page=page_of_all(rows, wanted=wanted))


def question_of(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> CostQuestion:
    """Return the question, of a report or workspace that the actor may see."""
    token = fields.get("cost_report_token")
    if token is not None:
        report = report_with(actor=actor, token=str(token))
        return read_question(workspace=report.workspace, report=report, fields=fields, now=now)
    workspace = meant_workspace(actor=actor, token=fields.get("workspace_token"), now=now)
    return read_question(workspace=workspace, fields=fields, now=now)
