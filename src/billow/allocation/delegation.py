"""Which managed account a provider account is given to, and from when to when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from billow.terms.issue import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """Give charges of an integration to a managed account, from ``start_date`` to ``end_date`` inclusive.

    No billing account means the whole integration; no sub account the whole billing account.
    The narrowest delegation that fits a charge wins.
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

    Also refuses a sub account without its billing account, an empty identifier, and an end before the start.
    """
    issues: list[Issue] = []
    by_scope: dict[tuple[str, str | None, str | None], list[Delegation]] = defaultdict(list)
    for delegation in delegations:
        issues.extend(_faults_of(delegation))
        key = (delegation.integration_token, delegation.billing_account_id, delegation.sub_account_id)
        by_scope[key].append(delegation)
    issues.extend(_double_gifts(by_scope.values()))
    return tuple(issues)


def _faults_of(delegation: Delegation) -> Iterable[Issue]:
    if delegation.sub_account_id is not None and delegation.billing_account_id is None:
        yield Issue(
            "sub_account_without_billing_account",
            f"Sub account {delegation.sub_account_id} is given to {delegation.account_token} without its billing "
            "account; name the billing account too.",
            column="billing_account_id",
        )
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


def _double_gifts(scopes: Iterable[list[Delegation]]) -> Iterable[Issue]:
    for rivals in scopes:
        for one, other in combinations(rivals, 2):
            if one.account_token != other.account_token and _overlap(one, other):
                yield Issue(
                    "delegated_twice",
                    f"{one.scope_text[0].upper()}{one.scope_text[1:]} is given to both {one.account_token} and "
                    f"{other.account_token} at the same time; end one delegation before the other starts.",
                    value=one.sub_account_id or one.billing_account_id or one.integration_token,
                )


def _overlap(one: Delegation, other: Delegation) -> bool:
    starts = max(one.start_date or date.min, other.start_date or date.min)
    return starts <= min(one.end_date or date.max, other.end_date or date.max)
