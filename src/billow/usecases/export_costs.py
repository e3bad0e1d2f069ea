"""Exports of costs: asked for now, written by a worker, and fetched by a signed link for a day."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q

from billow.documents.costs_csv import render_costs_csv
from billow.records.reports.models import DataExport, ExportStatus
from billow.usecases import bell, documents_storage
from billow.usecases.actor import Actor
from billow.usecases.ask_costs import question_of
from billow.usecases.audit import record
from billow.usecases.cost_export_tables import NUMBERS, SCHEMAS, table_of
from billow.usecases.cost_question import CostQuestion, read_question
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments, UnableToReadDocument
from billow.usecases.field_checks import Findings
from billow.usecases.query_costs import answer_costs
from billow.usecases.refused import Refused
from billow.usecases.report_words import CUMULATIVE, groupings_text

logger = logging.getLogger(__name__)

EXPORT_TYPE = "cost_report"
VALID_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 3
MOST_WAITING = 50
_SALT = "billow.data_export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """The bytes of an export, and what to call them."""

    name: str
    content: bytes


def request_export(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> DataExport:
    """Ask for the costs of QUESTION_FIELDS as a file of the ``schema``; a wrong question is refused at once."""
    findings = Findings()
    schema = findings.read_choice(fields.get("schema") or SCHEMAS[0], column="schema", choices=SCHEMAS)
    question = question_of(actor=actor, fields=fields, now=now)
    findings.refuse_if_any()
    workspace = question.workspace
    waiting = DataExport.objects.filter(management_account=actor.management_account, status=ExportStatus.PENDING)
    if waiting.count() >= MOST_WAITING:
        raise Refused("too_many_exports", f"{MOST_WAITING} exports wait already; try again when they are done")
    with transaction.atomic():
        export = DataExport.objects.create(
            management_account=actor.management_account,
            workspace=workspace,
            question=_as_json(question, schema),
            created_by=actor.user,
            created_at=now,
        )
        record(
            actor=actor,
            action="record_created",
            object_type="DataExport",
            object_token=export.token,
            changes={"workspace": workspace.token, "schema": schema},
            now=now,
        )
        bell.ring(work=bell.Work.EXPORT, token=export.token)
    return export


def export_with(*, actor: Actor, token: str) -> DataExport:
    """Return the export with this token."""
    export = DataExport.objects.visible_to(actor).filter(token=token).first()
    if export is None:
        raise Refused("not_found", "Resource not found")
    return export


def link_of(*, export: DataExport, now: datetime) -> str | None:
    """Return the signed text of a link to the file; None while there is none, and when its time is over."""
    if export.status != ExportStatus.COMPLETED or export.valid_until is None or now >= export.valid_until:
        return None
    return signing.Signer(salt=_SALT).sign_object([export.token, export.sha256])


def file_behind(link: str, *, now: datetime) -> ExportedFile:
    """Return the file that the signed text stands for; whoever holds it may have it until its time is over."""
    try:
        token, sha256 = signing.Signer(salt=_SALT).unsign_object(link)
    except (signing.BadSignature, ValueError) as wrong:
        raise Refused("not_found", "Resource not found") from wrong
    export = DataExport.objects.filter(token=token, sha256=sha256, status=ExportStatus.COMPLETED).first()
    if export is None or export.valid_until is None or now >= export.valid_until:
        raise Refused("not_found", "The link has expired. Ask for a new export.")
    stored = StoredFile(storage_key=export.storage_key, sha256=export.sha256, size_bytes=export.size_bytes)
    try:
        return ExportedFile(name=f"{export.token}.csv", content=documents_storage.read(stored=stored))
    except UnableToReachDocuments as unable:
        raise Refused(unable.code, unable.message) from unable
    except UnableToReadDocument as unable:
        raise Refused("not_found", unable.message) from unable


def export_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 5, carry_on: Callable[[], bool] = lambda: True
) -> int:
    """Write at most ``limit`` exports that wait; return how many were finished, well or badly.

    A row is claimed by conditional update, so any number of workers may call this at once. One whose worker died
    is taken up again when its lease is over, a few times.
    """
    keys = DataExport.objects.filter(_due(now())).order_by("created_at", "pk").values_list("pk", flat=True)
    finished = 0
    for key in list(keys[:limit]):
        if not carry_on():
            break
        name = f"{worker[:60]}#{secrets.token_hex(4)}"
        claimed = DataExport.objects.filter(_due(now()), pk=key).update(
            claimed_by=name, claimed_until=now() + LEASE, attempts=F("attempts") + 1
        )
        if claimed:
            finished += _write(key, name, now)
    return finished


def prune_exports(*, now: datetime, limit: int = 100) -> int:
    """Remove the files of exports that nobody can fetch any more; return how many. What was asked stays on record.

    The same costs asked for twice lie in one file, which stays as long as one of the exports may be fetched. Nothing is
    removed while an export is being written, because it may be about to name the file.
    """
    over = DataExport.objects.filter(valid_until__lte=now).exclude(storage_key="")
    if DataExport.objects.filter(status=ExportStatus.PENDING, claimed_until__gt=now).exists():
        return 0
    fetched = DataExport.objects.filter(valid_until__gt=now).exclude(storage_key="").values("storage_key")
    keys = list(over.exclude(storage_key__in=fetched).values_list("storage_key", flat=True).distinct()[:limit])
    for key in keys:
        documents_storage.discard(storage_key=key)
        over.filter(storage_key=key).update(storage_key="")
    return len(keys)


def _due(now: datetime) -> Q:
    return Q(status=ExportStatus.PENDING) & (Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))


def _write(key: int, claim: str, now: Callable[[], datetime]) -> int:
    related = ("workspace__management_account", "workspace__managed_account__billing_profile")
    export = DataExport.objects.select_related(*related).get(pk=key)
    if export.attempts > MOST_ATTEMPTS:
        return _finish(export, claim, now(), status=ExportStatus.FAILED, failure="The work on it never ended.")
    try:
        stored = documents_storage.store(content=_content(export), extension="csv")
    except (OperationalError, InterfaceError):
        raise
    except Refused as refused:
        return _finish(export, claim, now(), status=ExportStatus.FAILED, failure=refused.message)
    except Exception:
        logger.exception("export %s failed for a reason nobody foresaw", export.token)
        failure = "Something went wrong on our side. The worker's log says what."
        return _finish(export, claim, now(), status=ExportStatus.FAILED, failure=failure)
    ended = now()
    return _finish(
        export,
        claim,
        ended,
        status=ExportStatus.COMPLETED,
        storage_key=stored.storage_key,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        valid_until=ended + VALID_FOR,
    )


def _finish(export: DataExport, claim: str, ended: datetime, **values: object) -> int:
    """Write the result down, unless another worker has taken the export over."""
    rows = DataExport.objects.filter(pk=export.pk, claimed_by=claim, status=ExportStatus.PENDING)
    return rows.update(completed_at=ended, claimed_by="", claimed_until=None, **values)


def _content(export: DataExport) -> bytes:
    asked = dict(export.question)
    schema = asked.pop("schema")
    question = read_question(workspace=export.workspace, fields=asked, now=export.created_at)
    table = table_of(
        answer_costs(question=question), schema=schema, answer_again=lambda each: answer_costs(question=each)
    )
    return render_costs_csv(columns=table.columns, numbers=NUMBERS, rows=table.rows)


def _as_json(question: CostQuestion, schema: str) -> dict[str, object]:
    """Write down the whole question, so that a change of a report in between changes nothing."""
    return {
        "schema": schema,
        "filter": question.filter,
        "groupings": groupings_text(question.group_by),
        "start_date": question.first_day.isoformat(),
        "end_date": question.last_day.isoformat(),
        "date_bin": CUMULATIVE if question.cumulative else question.date_bin.value,
        "settings": asdict(question.settings),
    }
