"""Whose charge is it: the narrowest delegation in force on the charge's day.

Nobody's charges are looked at one by one: the store groups them by where they were billed, and
between the days on which an owner changes, so one look-up answers for a whole group.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billow.allocation.delegation import Delegation, check_delegations
from billow.coststore.query import ChargeScope, DayCuts
from billow.terms.period import BillingPeriod


class UnableToAllocate(Exception):
    """The delegations contradict each other; the message names both sides."""


_Held = tuple[Delegation, ...]


@dataclass(frozen=True, slots=True)
class Ownership:
    """The delegations that matter in one month, by what they give."""

    period: BillingPeriod
    by_scope: Mapping[ChargeScope, _Held]

    def owner_of(
        self, *, integration_token: str, billing_account_id: str | None, sub_account_id: str | None, day: date
    ) -> str | None:
        """Return the managed account that owns charges billed there on the day, or None if nobody does."""
        for held in self._candidates(integration_token, billing_account_id, sub_account_id):
            for delegation in held:
                if delegation.covers(day):
                    return delegation.account_token
        return None

    def scopes_of(self, *, account_tokens: Iterable[str]) -> tuple[ChargeScope, ...]:
        """Return every scope that is given to one of the accounts at any time in the month."""
        wanted = frozenset(account_tokens)
        return tuple(
            scope for scope, held in self.by_scope.items() if any(each.account_token in wanted for each in held)
        )

    def cuts(self, *, rule_cuts: Mapping[str, Sequence[date]]) -> tuple[DayCuts, ...]:
        """Return on which days whose charges must be grouped apart, narrowest scopes first.

        A scope without such days is named only where a wider one has some that are not its own.
        ``rule_cuts`` are, by managed account, the days on which one of its rules begins or has ended.
        """
        days_of = {scope: self._days(scope, rule_cuts) for scope in sorted(self.by_scope, key=_narrowest_first)}
        grouped: dict[tuple[int, tuple[date, ...]], list[ChargeScope]] = defaultdict(list)
        for scope, days in days_of.items():
            if days or any(days_of.get(wider) for wider in _wider(scope)):
                grouped[_width(scope), days].append(scope)
        return tuple(DayCuts(scopes=tuple(scopes), days=days) for (_, days), scopes in grouped.items())

    def _candidates(self, integration: str, billing_account: str | None, sub_account: str | None) -> Iterable[_Held]:
        """Yield who holds what a charge could be given by, narrowest first."""
        keys = [ChargeScope(integration_token=integration)]
        if billing_account is not None:
            keys.append(ChargeScope(integration_token=integration, billing_account_id=billing_account))
            if sub_account is not None:
                keys.append(
                    ChargeScope(
                        integration_token=integration, billing_account_id=billing_account, sub_account_id=sub_account
                    )
                )
        return (self.by_scope[key] for key in reversed(keys) if key in self.by_scope)

    def _days(self, scope: ChargeScope, rule_cuts: Mapping[str, Sequence[date]]) -> tuple[date, ...]:
        days: set[date] = set()
        for held in self._candidates(scope.integration_token, scope.billing_account_id, scope.sub_account_id):
            for delegation in held:
                days |= _changes(delegation)
                days.update(rule_cuts.get(delegation.account_token, ()))
            if any(_covers_month(delegation, self.period) for delegation in held):
                break
        return tuple(sorted(day for day in days if self.period.start < day < self.period.end))


def ownership(*, delegations: Sequence[Delegation], period: BillingPeriod) -> Ownership:
    """Return who owns what in the month.

    Raise UnableToAllocate if check_delegations finds an error, or a sub account is given alone: which billing
    accounts are meant is known from the month's bills (``under_billing_accounts``).
    """
    for issue in check_delegations(delegations=delegations):
        raise UnableToAllocate(issue.message)
    for delegation in delegations:
        if delegation.sub_account_id is not None and delegation.billing_account_id is None:
            raise UnableToAllocate(f"{delegation.scope_text} has no billing account; it must be looked up in the bills")
    by_scope: dict[ChargeScope, list[Delegation]] = defaultdict(list)
    for delegation in delegations:
        if (delegation.start_date or date.min) < period.end and (delegation.end_date or date.max) >= period.start:
            scope = ChargeScope(
                integration_token=delegation.integration_token,
                billing_account_id=delegation.billing_account_id,
                sub_account_id=delegation.sub_account_id,
            )
            by_scope[scope].append(delegation)
    return Ownership(period, {scope: tuple(held) for scope, held in by_scope.items()})


def _width(scope: ChargeScope) -> int:
    return (scope.billing_account_id is None) + (scope.sub_account_id is None)


def _wider(scope: ChargeScope) -> tuple[ChargeScope, ...]:
    whole = ChargeScope(integration_token=scope.integration_token)
    return (whole, ChargeScope(integration_token=scope.integration_token, billing_account_id=scope.billing_account_id))


def _narrowest_first(scope: ChargeScope) -> tuple[int, str, str, str]:
    return (_width(scope), scope.integration_token, scope.billing_account_id or "", scope.sub_account_id or "")


def _changes(delegation: Delegation) -> set[date]:
    days = set() if delegation.start_date is None else {delegation.start_date}
    if delegation.end_date is not None and delegation.end_date < date.max:
        days.add(delegation.end_date + timedelta(days=1))
    return days


def _covers_month(delegation: Delegation, period: BillingPeriod) -> bool:
    return delegation.covers(period.start) and delegation.covers(period.last_day)
