"""Walk a row through the rules: which hold for it, what they make of its texts, what is left to do to its amounts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, DecimalException

from billow.billingrules import retier
from billow.billingrules.conversion import COVERED, NEGATION, PLAN_ARN, UNBLENDED, Conversion, conversion_of
from billow.billingrules.facts import Row, charge_category_of, costs_value, provider_name, text_in
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert
from billow.billingrules.linear import Linear
from billow.billingrules.program import RuleProgram, Transform
from billow.billingrules.resource_tests import ANSWER, RESOURCE
from billow.billingrules.step import Effect, NegationMark, Operation, Step, Treatment, holds_on
from billow.terms.cur import LINE_ITEM_TYPE

MOST_WORK = 200_000_000
_OF_PLANS = frozenset({COVERED, NEGATION})

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
    has_own_cost: bool = False
    is_deleted: bool = False
    retyped_by: str | None = None
    tiers: list[int | None] = field(default_factory=list)


class Walker:
    """Walks rows through one program, and keeps count of the work."""

    def __init__(self, program: RuleProgram) -> None:
        self._program = program
        self._phase_weights = [
            sum(transform.compiled.analysis.weight for transform in phase) + 1 for phase in program.phases
        ]
        self._nothing = dict.fromkeys(program.needs.texts)
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
        needs = self._program.needs
        for name in needs.keyed:
            row[name] = text_in(row, name=name)
        walked = Walked(row=row, day=day, amounts=amounts, imported_type=row.get(LINE_ITEM_TYPE))
        if walked.imported_type in _OF_PLANS and self._program.drops_negations:
            places = [row.get(name) or "" for name in (PLAN_ARN, "lineItem/UsageAccountId", "lineItem/UsageType")]
            walked.negation_place = (places[0], places[1], places[2])
        for name in needs.shown:
            walked.original[name] = costs_value(name, row=row, changed=_NOTHING_CHANGED)
        return walked

    def begin_inserted(self, *, row: Row, day: date, amounts: dict[str, Decimal] | None = None) -> Walked:
        """Return a row that a rule added: it has the columns of ``costs`` already."""
        original = {name: row.get(name) for name in _PLACE_SHOWN}
        row = {**self._nothing, **row}
        if self._program.tests:
            row[ANSWER] = f"={row.get(RESOURCE) or ''}"  # the engine does not know it, so conditions are asked here
        return Walked(row=row, day=day, amounts=amounts, original=original)

    def steps(self, walked: Walked, *, phase: int, inserted: bool = False) -> Iterator[Step]:
        """Yield what each rule of the phase does; the row's texts change as the walk goes on."""
        program, row = self._program, walked.row
        self.count(self._phase_weights[phase])
        if phase == len(program.phases) - 1 and not inserted:
            for name in program.needs.costs_columns:
                row[name] = costs_value(name, row=row, changed=walked.changed)
        for transform in () if walked.is_deleted else program.phases[phase]:
            if transform.dates is not None and not holds_on(
                walked.day, start_date=transform.dates[0], end_date=transform.dates[1]
            ):
                continue
            compiled = transform.compiled
            if compiled.on_aws and walked.imported_type is None:
                continue
            effect = effect_of(transform, row=row)
            if effect is None:
                continue
            operation = self._operation(walked, transform, effect)
            if operation is not None:
                yield transform.rule_token, operation
            if effect.deletes:
                walked.is_deleted = True
                break
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
        self.count(self._sums_weight)
        if walked.is_deleted:
            return (None,) * len(self._program.sums)
        return tuple(sums_of(each, row=walked.row, day=walked.day) for each in self._program.sums)

    def negation(self, walked: Walked) -> NegationMark | None:
        """Return what ties the row to the negation of its usage, or as a negation to the usage."""
        if walked.negation_place is None or walked.is_deleted:
            return None
        if walked.imported_type == NEGATION:
            return NegationMark(walked.negation_place, None)
        if walked.retyped_by is None or walked.row.get(LINE_ITEM_TYPE) == walked.imported_type:
            return None
        return NegationMark(walked.negation_place, walked.retyped_by)

    def _operation(self, walked: Walked, transform: Transform, effect: Effect) -> Operation | None:
        """Return what is to be done to the amounts, and change the row's texts."""
        if not transform.compiled.on_aws and not effect.texts:
            return effect.operation
        if effect.deletes:
            return effect.operation
        row = walked.row
        visible = any(name in row and (row[name] or "") != (text or "") for name, text in effect.texts)
        row.update(effect.texts)
        if transform.compiled.on_aws:
            return self._on_aws(walked, transform, effect, visible)
        return self._one(effect.numbers, None, visible) if effect.numbers or visible else None

    def _on_aws(self, walked: Walked, transform: Transform, effect: Effect, visible: bool) -> Operation | None:
        """Return the operation on an AWS line; its cost is made anew only once something it is made of has changed."""
        walked.changed.update([name for name, _ in effect.texts])
        walked.touched.update([name for name, _ in effect.numbers])
        walked.has_own_cost |= any(name == UNBLENDED and value.names != {UNBLENDED} for name, value in effect.numbers)
        is_retyped = walked.row.get(LINE_ITEM_TYPE) != walked.imported_type
        if is_retyped and walked.retyped_by is None:
            walked.retyped_by = transform.rule_token
        conversion = conversion_of(
            row=walked.row,
            imported_type=walked.imported_type or "",
            basis=self._program.basis,
            has_own_cost=walked.has_own_cost,
        )
        if conversion is not None:
            walked.is_converted |= is_retyped or not conversion.names.isdisjoint(walked.touched)
        if not walked.is_converted:
            conversion = None
        if not effect.numbers and conversion is None and not visible:
            return None
        return self._one(effect.numbers, conversion, visible)

    def _one(self, numbers: tuple[tuple[str, Linear], ...], conversion: Conversion | None, visible: bool) -> Operation:
        """Return the operation; equal ones are one object."""
        key = (numbers, conversion, visible)
        known = self._program.operations.get(key)
        if known is None:
            known = self._program.operations[key] = Operation(numbers=numbers, conversion=conversion, visible=visible)
        return known

    def _tier(self, walked: Walked, place: int) -> int | None:
        rule = self._program.retiers[place]
        if walked.is_deleted or not holds_on(walked.day, start_date=rule.start_date, end_date=rule.end_date):
            return None
        return retier.price_of(row=walked.row, prices=self._program.prices, include_free_tier=rule.include_free_tier)

    def count(self, weight: int) -> None:
        """Count work; raise RuleFailed if there is too much of it."""
        self._work += weight
        if self._work > MOST_WORK:
            raise RuleFailed(
                f"more work than the limit of {MOST_WORK:,} looks at a value; let rules look at fewer columns"
            )


def effect_of(transform: Transform, *, row: Row) -> Effect | None:
    """Return what the transform does to the row; raise RuleFailed with the rule's token."""
    try:
        return transform.compiled.effect_on(row)
    except DecimalException as error:
        failed = RuleFailed("a number that is too large")
        failed.rule_token = transform.rule_token
        raise failed from error
    except RuleFailed as failed:
        failed.rule_token = transform.rule_token
        raise


def sums_of(each: SumInsert, *, row: Row, day: date) -> tuple[Linear, ...] | None:
    """Return what an insert from sums adds up of the row, None if it does not choose it; raise RuleFailed."""
    try:
        chosen = holds_on(day, start_date=each.rule.start_date, end_date=each.rule.end_date) and (
            each.where is None or each.where(row)
        )
        return tuple(read(row) for read in each.sums) if chosen else None
    except RuleFailed as failed:
        failed.rule_token = each.rule.token
        raise


def _as_shown(name: str, text: str | None) -> str | None:
    if name == "provider":
        return provider_name(key=text or "")
    return charge_category_of(cost_type=text) if name == "cost_type" else text
