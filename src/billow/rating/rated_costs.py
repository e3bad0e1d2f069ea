"""What rating gives: one managed account's costs of one month, before and after its rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import overload

from billow.billingrules.rule import BillingRule
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What is agreed with one managed account: its currency and its rules in execution order."""

    account_token: str
    currency: str
    rules: tuple[BillingRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDelta:
    """By how much one rule changed a line, in the line's currency, exact (18 decimals)."""

    rule_token: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedLine:
    """A group of charges that share everything an invoice line shows.

    ``rated_cost == provider_cost + sum(deltas)`` exactly; all in ``currency`` with at most 18
    decimals. A line that a charge or credit rule added has no provider cost and names the
    rule in ``inserted_by``. ``usage_amount`` and ``usage_unit`` are given only when every
    charge of the group has the same unit.
    """

    provider: str
    billing_account_id: str | None
    sub_account_id: str | None
    sub_account_name: str | None
    service: str
    service_category: str | None
    service_subcategory: str | None
    charge_category: str
    region: str | None
    currency: str
    provider_cost: Decimal
    rated_cost: Decimal
    deltas: tuple[RuleDelta, ...] = ()
    usage_amount: Decimal | None = None
    usage_unit: str | None = None
    description: str | None = None
    inserted_by: str | None = None


class RatedLines(Sequence[RatedLine]):
    """Lines that are known, and become values when somebody first looks at one; else as a tuple of them."""

    __slots__ = ("_length", "_lines", "_make")

    def __init__(self, make: Callable[[], tuple[RatedLine, ...]], *, length: int) -> None:
        self._make: Callable[[], tuple[RatedLine, ...]] | None = make
        self._length = length
        self._lines: tuple[RatedLine, ...] = ()

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> RatedLine: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[RatedLine, ...]: ...
    def __getitem__(self, place: int | slice) -> RatedLine | tuple[RatedLine, ...]:
        return self._all()[place]

    def __iter__(self) -> Iterator[RatedLine]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RatedLines | tuple):
            return NotImplemented
        return self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> tuple[RatedLine, ...]:
        make = self._make
        if make is not None:
            # Two threads may make them both, and they are the same.
            self._lines = make()
            self._make = None
        return self._lines


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedCosts:
    """One managed account's rated month: lines in a stable order, and warnings.

    If one of its rules could not be carried out, ``failure`` names the rule and why, and there are no lines.
    """

    account_token: str
    period: BillingPeriod
    lines: Sequence[RatedLine]
    issues: tuple[Issue, ...] = ()
    failure: Issue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnallocatedCost:
    """Cost that no managed account owns, by where it was billed."""

    integration_token: str
    provider: str
    billing_account_id: str | None
    sub_account_id: str | None
    sub_account_name: str | None
    currency: str
    cost: Decimal
    charges: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMonth:
    """The rated month of several managed accounts, and what nobody owns."""

    by_account: dict[str, RatedCosts]
    unallocated: tuple[UnallocatedCost, ...]
