"""What a query asks of the places charges are billed at, as two small tables that its rows are joined with.

Where scopes overlap is settled here, once for each place, so that a charge only looks up its own account: first
the sub account, then the billing account, then what holds for the whole integration.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from billow.coststore.query import ChargeScope, CostQuery

_Place = tuple[str | None, str | None]
"""Billing account and sub account; None means any."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the charges of a place are split, as bits.

    Bit n of ``cuts``: a segment begins n days after the period's first (never bit 0, that one always does).
    Bit n of ``details``: the query's detail n splits these charges. ``tests`` are the numbers of those that count.
    """

    cuts: int = 0
    details: int = 0
    tests: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Places:
    """One integration's places: each named only if it differs from the wider one around it.

    ``tests`` are all different sets of tests, in an order that stays.
    """

    everywhere: Wanted
    accounts: dict[str, Wanted]
    sub_accounts: dict[tuple[str, str], Wanted]
    tests: tuple[frozenset[int], ...] = (frozenset(),)

    @property
    def have_cuts(self) -> bool:
        """Tell whether any charge is cut by day."""
        return any(wanted.cuts for wanted in self._all())

    def have_detail(self, *, number: int) -> bool:
        """Tell whether the query's detail splits any charge."""
        return any(wanted.details >> number & 1 for wanted in self._all())

    def _all(self) -> Iterable[Wanted]:
        return (self.everywhere, *self.accounts.values(), *self.sub_accounts.values())


def places_of(*, query: CostQuery, integration_token: str) -> Places:
    """Settle what the query asks of every place of the integration that it names."""
    cuts: dict[_Place, tuple[int, int]] = {}
    for turn, cut in enumerate(query.cuts):
        bits = sum(1 << (day - query.period.start).days for day in cut.days)
        for place in _own(cut.scopes, integration_token):
            cuts.setdefault(place, (turn, bits))
    details: dict[_Place, int] = {}
    for number, detail in enumerate(query.details):
        for place in _own(detail.scopes, integration_token):
            details[place] = details.get(place, 0) | 1 << number

    tests: dict[_Place, frozenset[int]] = {}
    for each in (each for detail in query.details for each in detail.tested):
        for place in _own(each.scopes, integration_token):
            tests[place] = tests.get(place, frozenset()).union(each.numbers)

    def settled(*candidates: _Place) -> Wanted:
        turns = [cuts[place] for place in candidates if place in cuts]
        bits = 0
        for place in candidates:
            bits |= details.get(place, 0)
        asked = frozenset().union(*(tests.get(place, frozenset()) for place in candidates))
        return Wanted(cuts=min(turns)[1] if turns else 0, details=bits, tests=asked)

    everything: _Place = (None, None)
    everywhere = settled(everything)
    by_account: dict[str, Wanted] = {}
    by_sub_account: dict[tuple[str, str], Wanted] = {}
    for account, sub_account in sorted({*cuts, *details, *tests}, key=lambda place: (place[0] or "", place[1] or "")):
        if account is None:
            continue
        of_account = settled((account, None), everything)
        if of_account != everywhere:
            by_account[account] = of_account
        if sub_account is not None:
            own = settled((account, sub_account), (account, None), everything)
            if own != of_account:
                by_sub_account[account, sub_account] = own
    sets = {wanted.tests for wanted in (everywhere, *by_account.values(), *by_sub_account.values())}
    return Places(everywhere, by_account, by_sub_account, tuple(sorted(sets, key=sorted)))


def _own(scopes: Iterable[ChargeScope], integration_token: str) -> Iterable[_Place]:
    for scope in scopes:
        if scope.integration_token == integration_token:
            account = scope.billing_account_id
            yield account, None if account is None else scope.sub_account_id
