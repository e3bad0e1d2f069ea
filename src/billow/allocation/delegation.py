"""Which managed account a provider account is given to, and from when to when."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, product

from billow.terms.issue import Issue

NOT_BILLED = "(not billed)"
"""Stands for the billing account of a sub account that no bill of the month names; no charge is found under it."""

_Scope = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Give charges of an integration to a managed account, from ``start_date`` to ``end_date`` inclusive.

    A sub account alone means that sub account under whatever billing account it is billed; a billing account alone
    all of it; neither the whole integration. The narrowest delegation that fits a charge wins.
    """

    integration_token: str
    account_token: str
    billing_account_id: str | None = None
    sub_account_id: str | None = None
    start_date: date | None = None
    end_date: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the delegation holds on the day."""
        return (self.start_date or date.min) <= day <= (self.end_date or date.max)

    @property
    def scope_text(self) -> str:
        """Name what is given, for messages."""
        if self.sub_account_id is not None:
            return f"sub account {self.sub_account_id}"
        if self.billing_account_id is not None:
            return f"billing account {self.billing_account_id}"
        return f"all of integration {self.integration_token}"


def check_delegations(*, delegations: Sequence[Delegation]) -> tuple[Issue, ...]:
    """Return an error for each provider account given to two managed accounts at the same time.

    A sub account that is given alone and one that is given under its billing account are the same provider account.
    Also refuses an empty identifier, and an end before the start.
    """
    issues: list[Issue] = []
    by_scope: dict[_Scope, list[Delegation]] = defaultdict(list)
    for delegation in delegations:
        issues.extend(_faults_of(delegation))
        key = (delegation.integration_token, delegation.billing_account_id, delegation.sub_account_id)
        by_scope[key].append(delegation)
    issues.extend(_double_gifts(by_scope))
    return tuple(issues)


def under_billing_accounts(
    *, delegations: Sequence[Delegation], billed: Mapping[tuple[str, str], Collection[str]]
) -> tuple[Delegation, ...]:
    """Return the delegations with each sub account that is given alone under every billing account that bills it.

    ``billed`` has, by integration and sub account, the billing accounts of one month's bills. What no bill names
    stays in the list under NOT_BILLED, because its account still has a share in the integration.
    """
    named: list[Delegation] = []
    for delegation in delegations:
        if delegation.sub_account_id is None or delegation.billing_account_id is not None:
            named.append(delegation)
            continue
        places = billed.get((delegation.integration_token, delegation.sub_account_id), ())
        named.extend(replace(delegation, billing_account_id=place) for place in sorted(places) or [NOT_BILLED])
    return tuple(named)


def _faults_of(delegation: Delegation) -> Iterable[Issue]:
    for column in ("billing_account_id", "sub_account_id"):
        if getattr(delegation, column) == "":
            yield Issue(
                "empty_identifier",
                f"A delegation to {delegation.account_token} has an empty {column}; leave it out or fill it in.",
                column=column,
                value="",
            )
    if (delegation.start_date or date.min) > (delegation.end_date or date.max):
        yield Issue(
            "end_before_start",
            f"The delegation of {delegation.scope_text} to {delegation.account_token} ends on {delegation.end_date}, "
            f"before it starts on {delegation.start_date}; correct one of the dates.",
            column="end_date",
            value=str(delegation.end_date),
        )


def _double_gifts(by_scope: Mapping[_Scope, Sequence[Delegation]]) -> Iterable[Issue]:
    for one, other in _rivals(by_scope):
        if one.account_token != other.account_token and _overlap(one, other):
            yield Issue(
                "delegated_twice",
                f"{one.scope_text[0].upper()}{one.scope_text[1:]} is given to both {one.account_token} and "
                f"{other.account_token} at the same time; end one delegation before the other starts.",
                value=one.sub_account_id or one.billing_account_id or one.integration_token,
            )


def _rivals(by_scope: Mapping[_Scope, Sequence[Delegation]]) -> Iterable[tuple[Delegation, Delegation]]:
    for (integration, billing_account, sub_account), held in by_scope.items():
        yield from combinations(held, 2)
        if billing_account is not None and sub_account is not None:
            yield from product(by_scope.get((integration, None, sub_account), ()), held)


def _overlap(one: Delegation, other: Delegation) -> bool:
    starts = max(one.start_date or date.min, other.start_date or date.min)
    return starts <= min(one.end_date or date.max, other.end_date or date.max)
