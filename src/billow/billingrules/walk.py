"""Walk a row through the rules: which hold for it, what they make of its texts, what is left to do to its amounts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, DecimalException

from billow.billingrules import retier
from billow.billingrules.conversion import COVERED, NEGATION, PLAN_ARN, conversion_of
from billow.billingrules.datasets import AMOUNT
from billow.billingrules.facts import Row, charge_category_of, costs_value, provider_name
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import Linear
from billow.billingrules.program import NEGATION_COLUMNS, RuleProgram
from billow.billingrules.step import NegationMark, Operation, Transform, Treatment, holds_on
from billow.terms.cur import LINE_ITEM_TYPE

MOST_WORK = 200_000_000

_NOTHING_CHANGED: frozenset[str] = frozenset()
_PLACE_SHOWN = {
    "provider": 0,
    "service": 1,
    "cost_category": 2,
    "billing_account_id": 3,
    "account_id": 4,
    "region": 5,
    "cost_type": 6,
    "cost_sub_category": 8,
}
"""Where an invoice line shows a column of ``costs``: by place in the line's key, the sub-category behind it."""


@dataclass(slots=True)
class Walked:
    """A row on its way through the rules; ``amounts`` only where rules run charge by charge."""

    row: Row
    day: date
    amounts: dict[str, Decimal] | None = None
    imported_type: str | None = None
    negation_place: tuple[str, str, str] | None = None
    original: dict[str, str | None] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    is_converted: bool = False
    is_deleted: bool = False
    retyped_by: str | None = None
    tiers: list[int | None] = field(default_factory=list)


class Walker:
    """Walks rows through one program, and keeps count of the work."""

    def __init__(self, program: RuleProgram) -> None:
        self._program = program
        self._phase_weights = [sum(transform.weight for transform in phase) + 1 for phase in program.phases]
        self._sums_weight = sum(each.weight for each in program.sums)
        self._work = 0

    def treatment_of(self, *, row: Row, day: date) -> Treatment:
        """Return all that the rules do to charges of the row; raise RuleFailed."""
        walked = self.begin(row=row, day=day)
        phases = tuple(tuple(self.steps(walked, phase=phase)) for phase in range(len(self._program.phases)))
        return Treatment(
            phases=phases,
            shown=self.shown(walked),
            sums=self.sums(walked),
            tiers=tuple(walked.tiers),
            negation=self.negation(walked),
            is_deleted=walked.is_deleted,
        )

    def begin(self, *, row: Row, day: date, amounts: dict[str, Decimal] | None = None) -> Walked:
        """Return the row before the first rule."""
        walked = Walked(row=row, day=day, amounts=amounts, imported_type=row.get(LINE_ITEM_TYPE))
        if row.keys() >= NEGATION_COLUMNS and walked.imported_type in {COVERED, NEGATION}:
            places = [row.get(name) or "" for name in (PLAN_ARN, "lineItem/UsageAccountId", "lineItem/UsageType")]
            walked.negation_place = (places[0], places[1], places[2])
        for name in self._program.needs.shown:
            walked.original[name] = costs_value(name, row=row, changed=_NOTHING_CHANGED)
        return walked

    def begin_inserted(self, *, row: Row, day: date, amounts: dict[str, Decimal] | None = None) -> Walked:
        """Return a row that a rule added: it has the columns of ``costs`` already."""
        return Walked(row=row, day=day, amounts=amounts, original={name: row.get(name) for name in _PLACE_SHOWN})

    def steps(self, walked: Walked, *, phase: int, inserted: bool = False) -> Iterator[Operation]:
        """Yield what each rule of the phase does; the row's texts change as the walk goes on."""
        program = self._program
        self._count(self._phase_weights[phase])
        is_last = phase == len(program.phases) - 1
        if is_last and not inserted:
            for name in program.needs.costs_columns:
                walked.row[name] = costs_value(name, row=walked.row, changed=frozenset(walked.changed))
        for transform in program.phases[phase]:
            if walked.is_deleted:
                break
            try:
                operation = self._step(walked, transform)
            except DecimalException as error:
                raise _failed(RuleFailed("a number that is too large"), transform) from error
            except RuleFailed as failed:
                raise _failed(failed, transform) from failed
            if operation is not None:
                yield operation
        if phase < len(program.retiers):
            walked.tiers.append(self._tier(walked, phase))

    def shown(self, walked: Walked) -> tuple[tuple[int, str | None], ...]:
        """Return what an invoice line shows otherwise than the provider's bill."""
        changes = []
        for name, before in walked.original.items():
            after = walked.row.get(name) or None
            if name in _PLACE_SHOWN and after != (before or None):
                changes.append((_PLACE_SHOWN[name], _as_shown(name, after)))
        return tuple(sorted(changes))

    def sums(self, walked: Walked) -> tuple[tuple[Linear, ...] | None, ...]:
        """Return what each insert from sums adds up of the row, None where it does not choose it."""
        if not self._program.sums:
            return ()
        self._count(self._sums_weight)
        found = []
        for each in self._program.sums:
            try:
                chosen = (
                    not walked.is_deleted
                    and holds_on(walked.day, start_date=each.rule.start_date, end_date=each.rule.end_date)
                    and (each.where is None or each.where(walked.row))
                )
                found.append(tuple(read(walked.row) for read in each.sums) if chosen else None)
            except RuleFailed as failed:
                failed.rule_token = each.rule.token
                raise
        return tuple(found)

    def negation(self, walked: Walked) -> NegationMark | None:
        """Return what ties the row to the negation of its usage, or as a negation to the usage."""
        if walked.negation_place is None or walked.is_deleted:
            return None
        if walked.imported_type == NEGATION:
            return NegationMark(walked.negation_place, None)
        return None if walked.retyped_by is None else NegationMark(walked.negation_place, walked.retyped_by)

    def _step(self, walked: Walked, transform: Transform) -> Operation | None:
        row = walked.row
        if transform.on_aws and walked.imported_type is None:
            return None
        if not transform.holds_on(walked.day) or (transform.where is not None and not transform.where(row)):
            return None
        if transform.deletes:
            walked.is_deleted = True
            return Operation(transform.rule_token, factor=_ZERO)
        texts = [(name, read(row)) for name, read in transform.texts]
        numbers = tuple((name, read(row)) for name, read in transform.numbers)
        visible = any(name in row and (row[name] or "") != (text or "") for name, text in texts)
        row.update(texts)
        if transform.on_aws:
            return self._on_aws(walked, transform, numbers, [name for name, _ in texts], visible)
        factor = numbers[0][1].factor_of(AMOUNT) if len(numbers) == 1 and numbers[0][0] == AMOUNT else None
        if factor is not None and not visible:
            return None if factor == 1 else Operation(transform.rule_token, factor=factor)
        return Operation(transform.rule_token, numbers=numbers, visible=visible) if numbers or visible else None

    def _on_aws(
        self,
        walked: Walked,
        transform: Transform,
        numbers: tuple[tuple[str, Linear], ...],
        texts: list[str],
        visible: bool,
    ) -> Operation | None:
        """Return the operation on an AWS line; its cost is made anew only once something it is made of has changed."""
        walked.changed.update(texts)
        walked.touched.update(name for name, _ in numbers)
        is_retyped = walked.row.get(LINE_ITEM_TYPE) != walked.imported_type
        if is_retyped and walked.retyped_by is None:
            walked.retyped_by = transform.rule_token
        conversion = conversion_of(row=walked.row, imported_type=walked.imported_type or "", basis=self._program.basis)
        if conversion is not None:
            walked.is_converted |= is_retyped or not conversion.names.isdisjoint(walked.touched)
        if not walked.is_converted:
            conversion = None
        if not numbers and conversion is None and not visible:
            return None
        return Operation(transform.rule_token, numbers=numbers, conversion=conversion, visible=visible)

    def _tier(self, walked: Walked, place: int) -> int | None:
        rule = self._program.retiers[place]
        if walked.is_deleted or not holds_on(walked.day, start_date=rule.start_date, end_date=rule.end_date):
            return None
        return retier.price_of(row=walked.row, prices=self._program.prices, include_free_tier=rule.include_free_tier)

    def _count(self, weight: int) -> None:
        self._work += weight
        if self._work > MOST_WORK:
            raise RuleFailed(
                f"more work than the limit of {MOST_WORK:,} looks at a value; let rules look at fewer columns"
            )


_ZERO = Decimal(0)


def _failed(failed: RuleFailed, transform: Transform) -> RuleFailed:
    failed.rule_token = transform.rule_token
    return failed


def _as_shown(name: str, text: str | None) -> str | None:
    if name == "provider":
        return provider_name(key=text or "")
    return charge_category_of(cost_type=text) if name == "cost_type" else text
