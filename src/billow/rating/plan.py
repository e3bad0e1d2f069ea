"""Group before you rate: what one grouped query must ask so that every rule can run on its groups."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from billow.allocation.assign import Ownership
from billow.billingrules.program import RuleProgram
from billow.coststore.query import CostQuery, Detail
from billow.terms.focus import CostBasis
from billow.terms.period import BillingPeriod

LINE_COLUMNS = (
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "BillingAccountId",
    "SubAccountId",
    "RegionId",
    "ChargeCategory",
    "BillingCurrency",
)
"""What tells the lines of a rated month apart, in the order lines are sorted by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingPlan:
    """The query, and the columns of its groups that rules may look at (the line's own first)."""

    query: CostQuery
    fact_columns: tuple[str, ...]


def plan(
    *,
    owners: Ownership,
    programs: Mapping[str, RuleProgram],
    period: BillingPeriod,
    basis: CostBasis,
    with_unallocated: bool,
) -> RatingPlan:
    """Return the one question to ask for all accounts of ``programs``.

    A column that some account's rules read beyond the line's own splits that account's groups only, and so
    does a day on which one of its rules begins or ends.
    """
    details = _details(owners, programs)
    return RatingPlan(
        query=CostQuery(
            period=period,
            cost_column=basis.column,
            group_by=LINE_COLUMNS,
            names=("SubAccountName",),
            labels=("ServiceSubcategory",),
            cuts=owners.cuts(rule_cuts={token: program.cut_days for token, program in programs.items()}),
            details=details,
            usage=True,
            only=None if with_unallocated else owners.scopes_of(account_tokens=programs),
        ),
        fact_columns=(*LINE_COLUMNS, *(detail.column for detail in details)),
    )


def _details(owners: Ownership, programs: Mapping[str, RuleProgram]) -> tuple[Detail, ...]:
    readers: dict[str, list[str]] = defaultdict(list)
    for token, program in programs.items():
        for column in program.columns.difference(LINE_COLUMNS):
            readers[column].append(token)
    return tuple(
        Detail(column=column, scopes=owners.scopes_of(account_tokens=tokens))
        for column, tokens in sorted(readers.items())
    )
