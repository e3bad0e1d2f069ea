"""Run a program on a customer's charges: amounts of charges that are treated alike, added up, rule after rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from billow.billingrules import retier
from billow.billingrules.conversion import UNBLENDED, follows_lines
from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.facts import Row
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert
from billow.billingrules.linear import COUNT, Linear
from billow.billingrules.program import RuleProgram
from billow.billingrules.step import Insert, NegationMark, Operation, Step, Treatment
from billow.billingrules.walk import Walked, Walker
from billow.terms.rounding import to_store_scale

Deltas = list[tuple[str, Decimal]]
Place = tuple[str, str, str]
_ZERO, _ONE = Decimal(0), Decimal(1)


@dataclass(slots=True, eq=False)
class Group:
    """Charges of one line that are treated alike, or, charge by charge, ``charges`` equal ones.

    ``amounts`` are the sums (charge by charge: of one), the cost under ``amount`` and their number under ``#``; they
    change as rules run, and ``deltas`` say by which rule and how much the cost of all of them. ``places`` are the
    caller's: where the charges are from.
    """

    currency: str
    account: str | None
    provider_cost: Decimal
    amounts: dict[str, Decimal]
    treatment: Treatment | None = None
    walked: Walked | None = None
    charges: int = 1
    insert: Insert | None = None
    deltas: Deltas = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    @property
    def rated_cost(self) -> Decimal:
        """The cost of all the charges now."""
        return self.amounts[AMOUNT] if self.walked is None else self.amounts[AMOUNT] * self.charges

    def change(self, rule_token: str, *, operation: Operation) -> None:
        """Carry an operation out."""
        before = self.amounts[AMOUNT]
        if not before and operation.factor is not None:
            return
        try:
            after = operation.apply(self.amounts)
        except RuleFailed as failed:
            failed.rule_token = rule_token
            raise
        self.tell(rule_token, amount=after - before, visible=operation.visible)

    def tell(self, rule_token: str, *, amount: Decimal, visible: bool = False) -> None:
        """Keep what a rule changed in the cost of one charge, or that it changed something else that people see."""
        if amount or visible:
            self.deltas.append((rule_token, amount if self.walked is None else amount * self.charges))


class RuleRun:
    """One customer's month under its rules."""

    def __init__(self, *, program: RuleProgram, currency: str, walker: Walker | None = None) -> None:
        self.program = program
        self._currency = currency
        self.walker = walker or Walker(program)

    def complete(self, groups: list[Group]) -> list[Group]:
        """Run all rules on the provider's charges and return those with the lines that rules add."""
        last = len(self.program.phases) - 1
        if self.program.changes_charges:
            for phase in range(last):
                self._run_phase(groups, phase)
                if phase < len(self.program.retiers):
                    self._retier(groups, phase)
            self._drop_negations(groups)
        groups = [*groups, *(self._inserted(insert) for insert in self.program.inserts)]
        self._run_phase(groups, last)
        for group in groups:
            if group.walked is not None:
                group.treatment = self._treatment_so_far(group.walked)
        added = [insert for place, each in enumerate(self.program.sums) for insert in self._sum(each, place, groups)]
        return [*groups, *map(self._added, added)]

    def _run_phase(self, groups: Iterable[Group], phase: int) -> None:
        for group in groups:
            if group.walked is None:
                if group.treatment is not None and group.treatment.phases:
                    for rule_token, operation in group.treatment.phases[phase]:
                        group.change(rule_token, operation=operation)
                continue
            for rule_token, operation in self.walker.steps(
                group.walked, phase=phase, inserted=group.insert is not None
            ):
                group.change(rule_token, operation=operation)
                group.walked.row.update(group.amounts)

    def _treatment_so_far(self, walked: Walked) -> Treatment:
        return Treatment(shown=self.walker.shown(walked), sums=self.walker.sums(walked), is_deleted=walked.is_deleted)

    def _inserted(self, insert: Insert) -> Group:
        """Return an added line as later rules find it."""
        group = self._added(insert)
        row: Row = {**insert.row, "currency": group.currency, "accrued_at": insert.day.isoformat()}
        group.charges = 1
        if self.program.charge_by_charge:
            group.walked = self.walker.begin_inserted(
                row={**row, **group.amounts}, day=insert.day, amounts=group.amounts
            )
            return group
        walked = self.walker.begin_inserted(row=row, day=insert.day)
        steps = tuple(self.walker.steps(walked, phase=len(self.program.phases) - 1, inserted=True))
        before: tuple[tuple[Step, ...], ...] = ((),) * (len(self.program.phases) - 1)
        group.treatment = Treatment(
            phases=(*before, steps),
            shown=self.walker.shown(walked),
            sums=self.walker.sums(walked),
            is_deleted=walked.is_deleted,
        )
        return group

    def _added(self, insert: Insert) -> Group:
        amounts = {AMOUNT: insert.amount, USAGE_AMOUNT: insert.usage_amount or _ZERO, COUNT: _ONE}
        amounts |= dict.fromkeys(self.program.amounts, _ZERO)
        return Group(
            currency=insert.currency or self._currency,
            provider_cost=_ZERO,
            account=insert.row.get("account_id"),
            amounts=amounts,
            insert=insert,
            deltas=[(insert.rule_token, insert.amount)],
            treatment=Treatment(),
        )

    def _retier(self, groups: Sequence[Group], place: int) -> None:
        """Give each price's cost of the whole month to the lines it counts for, by quantity."""
        if not follows_lines(basis=self.program.basis):
            return
        rule = self.program.retiers[place]
        members: dict[int, list[Group]] = {}
        for group in groups:
            tiers = group.walked.tiers if group.walked is not None else group.treatment.tiers if group.treatment else ()
            price = tiers[place] if place < len(tiers) else None
            if price is not None:
                members.setdefault(price, []).append(group)
        for number, priced in members.items():
            quantities = [group.amounts[retier.QUANTITY] * self._multiplicity(group) for group in priced]
            cost = self.program.prices.prices[number].cost_of(
                quantity=sum(quantities, _ZERO), include_free_tier=rule.include_free_tier
            )
            for group, part in zip(priced, retier.shared_by_quantity(cost=cost, quantities=quantities), strict=True):
                self._set_cost(group, to_store_scale(part / self._multiplicity(group)), rule.token)

    def _set_cost(self, group: Group, cost: Decimal, rule_token: str) -> None:
        before = group.amounts[AMOUNT]
        group.amounts[UNBLENDED] = group.amounts[AMOUNT] = cost
        if group.walked is not None:
            group.walked.row.update(group.amounts)
        group.tell(rule_token, amount=cost - before)

    def _multiplicity(self, group: Group) -> int:
        return 1 if group.walked is None else group.charges

    def _drop_negations(self, groups: Sequence[Group]) -> None:
        """Take away as much of each plan's negations as there is covered usage that was retyped; see docs/rules.md.

        Those of the same account and usage type go first, then any other of the plan.
        """
        retyped: dict[Place, list[Decimal]] = {}
        rule_of: dict[str, str] = {}
        negations: list[tuple[Group, Place]] = []
        for group in groups:
            mark = self._mark_of(group)
            if mark is None:
                continue
            if mark.retyped_by is None:
                negations.append((group, mark.place))
            else:
                retyped.setdefault(mark.place, [_ZERO])[0] += group.provider_cost
                rule_of.setdefault(mark.place[0], mark.retyped_by)
        for group, place in negations:
            self._drop(group, retyped.get(place), rule_of.get(place[0], ""))
        left_of_plan: dict[str, list[Decimal]] = {}
        for place, (left,) in retyped.items():
            left_of_plan.setdefault(place[0], [_ZERO])[0] += left
        for group, place in negations:
            self._drop(group, left_of_plan.get(place[0]), rule_of.get(place[0], ""))

    def _drop(self, group: Group, left: list[Decimal] | None, rule_token: str) -> None:
        """Take away what is left to be taken, at most the whole negation."""
        dropped = min(left[0], -group.rated_cost) if left else _ZERO
        if left and dropped > 0:
            left[0] -= dropped
            each = to_store_scale(dropped / self._multiplicity(group))
            group.amounts[AMOUNT] += each
            group.tell(rule_token, amount=each)

    def _mark_of(self, group: Group) -> NegationMark | None:
        if group.walked is not None:
            return self.walker.negation(group.walked)
        return None if group.treatment is None else group.treatment.negation

    def _sum(self, each: SumInsert, place: int, groups: Sequence[Group]) -> list[Insert]:
        totals: dict[tuple[str, str | None], list[Decimal]] = {}
        for group in groups:
            chosen = group.treatment.sums[place] if group.treatment and group.treatment.sums else None
            if chosen is None:
                continue
            key = (group.currency, group.account if each.by_account else None)
            known = totals.setdefault(key, [_ZERO] * len(chosen))
            for number, linear in enumerate(chosen):
                known[number] += self._amount_in(group, linear)
        try:
            return each.inserts({key: tuple(amounts) for key, amounts in totals.items()})
        except RuleFailed as failed:
            failed.rule_token = each.rule.token
            raise

    def _amount_in(self, group: Group, linear: Linear) -> Decimal:
        return linear.unrounded(group.amounts) * self._multiplicity(group)
