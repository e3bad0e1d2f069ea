"""Lines of an account whose rules change nothing but costs: most accounts are such, so this way is short.

What the rules do is looked up column by column (``Shortcut``), and a line mostly is one row of the store's answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import COUNT
from billow.billingrules.program import RuleProgram
from billow.billingrules.run import Group, RuleRun
from billow.billingrules.shortcut import Shortcut
from billow.billingrules.step import Treatment
from billow.rating.cost_table import CostTable
from billow.rating.joined import Deltas, Usage, inserted_line, joined_usage, rule_deltas
from billow.rating.rated_costs import RatedLine, RuleDelta
from billow.terms.bulk import maker_of
from billow.terms.rounding import STORE_QUANTUM

_ZERO, _ONE = Decimal(0), Decimal(1)
_FITS_SURELY = Decimal(10) ** 18
_UNTREATED = Treatment()
_rated_line = maker_of(RatedLine)
_rule_delta = maker_of(RuleDelta)


class PlainLines:
    """One account's lines; ``shortcut`` may be shared by accounts with the same program."""

    def __init__(self, *, currency: str, program: RuleProgram, table: CostTable, shortcut: Shortcut) -> None:
        self._program = program
        self._table = table
        self._shortcut = shortcut
        self._run = RuleRun(program=program, currency=currency)
        self._is_treated = bool(program.phases[-1]) or bool(program.sums)
        self._summed: list[Group] = []
        self.failure: RuleFailed | None = None

    @staticmethod
    def serves(program: RuleProgram) -> bool:
        """Tell whether the account's rules change nothing but costs."""
        return Shortcut.serves(program) and program.needs.amounts <= {AMOUNT}

    def finish(self, rows: Sequence[int]) -> tuple[RatedLine, ...]:
        """Return the lines of the rows, those that rules add last; none if a rule failed."""
        line_of = self._table.line_of
        try:
            treatments = self._treatments(rows)
            lines = [
                self._line(list(members))
                for _, members in groupby(zip(rows, treatments, strict=True), key=lambda pair: line_of[pair[0]])
            ]
            added = self._run.complete(self._summed)[len(self._summed) :]
        except RuleFailed as failed:
            self.failure = failed
            return ()
        return (*lines, *(inserted_line(group, places=self._program.places) for group in added))

    def _treatments(self, rows: Sequence[int]) -> Sequence[Treatment]:
        if not self._is_treated:
            return [_UNTREATED] * len(rows)
        return self._shortcut.treatments_of(rows, walker=self._run.walker)

    def _line(self, members: list[tuple[int, Treatment]]) -> RatedLine:
        """Make one line of its rows, each with its treatment."""
        table = self._table
        if len(members) == 1:
            place, treatment = members[0]
            cost = table.costs[place]
            rated, deltas = self._rated(place, (place,), cost, treatment)
            name, subcategory = table.names[place], table.subcategories[place]
            amount, unit = table.usage_amounts[place], table.usage_units[place] or None
            if cost and not rated:  # what a rule hides is hidden with its usage
                amount = None
            made = tuple([_rule_delta(token, delta) for token, delta in deltas]) if deltas else ()
        else:
            place = members[0][0]
            name, subcategory, cost, rated, deltas, (amount, unit, _) = self._joined(members)
            made = rule_deltas(deltas, places=self._program.places)
        provider, service, category, account, sub_account, region, charge_category, currency = table.keys[place]
        return _rated_line(
            provider,
            account,
            sub_account,
            name,
            service,
            category,
            subcategory,
            charge_category,
            region,
            currency,
            cost,
            rated,
            made,
            amount,
            unit,
            None,
            None,
        )

    def _joined(self, members: list[tuple[int, Treatment]]) -> tuple[Any, ...]:
        """Add up the rows that are treated alike, run the rules on each sum, and join what comes out."""
        table = self._table
        alike: dict[int, tuple[Treatment, list[int]]] = {}
        for place, treatment in members:
            alike.setdefault(id(treatment), (treatment, []))[1].append(place)
        whole, rated_whole = _ZERO, _ZERO
        deltas: Deltas = []
        usages: list[Usage] = []
        for treatment, places in alike.values():
            cost = sum([table.costs[place] for place in places], _ZERO)
            rated, own = self._rated(places[0], places, cost, treatment)
            whole += cost
            rated_whole += rated
            deltas += own
            for place in places:
                own_usage = table.usage(place)
                if cost and not rated:
                    own_usage = (None, own_usage[1], False)
                usages.append(own_usage)
        places = [place for place, _ in members]
        name = max(filter(None, [table.names[place] for place in places]), default=None)
        subcategories = {table.subcategories[place] for place in places}
        subcategory = table.subcategories[places[0]] if len(subcategories) == 1 else None
        return name, subcategory, whole, rated_whole, deltas, joined_usage(usages)

    def _rated(self, place: int, places: Sequence[int], cost: Decimal, treatment: Treatment) -> tuple[Decimal, Deltas]:
        """Return the cost after each rule in turn, and what each changed."""
        deltas: Deltas = []
        rated = cost
        steps = treatment.phases[-1] if treatment.phases else ()
        if self._program.sums or not (treatment.only_factors or not steps):
            return self._rated_as_group(place, places, cost, treatment)
        for token, operation in steps:
            if not rated:
                break
            product = rated * operation.factor  # type: ignore[operator]
            if not -_FITS_SURELY < product < _FITS_SURELY:
                return self._rated_as_group(place, places, cost, treatment)
            after = product.quantize(STORE_QUANTUM, ROUND_HALF_UP)
            if not after:
                after = _ZERO
            if after != rated:
                deltas.append((token, after - rated))
                rated = after
        return rated, deltas

    def _rated_as_group(
        self, place: int, places: Sequence[int], cost: Decimal, treatment: Treatment
    ) -> tuple[Decimal, Deltas]:
        table = self._table
        usage = sum([table.usage_amounts[each] or _ZERO for each in places], _ZERO)
        group = Group(
            currency=table.keys[place][7],
            account=table.keys[place][4],
            provider_cost=cost,
            amounts={
                AMOUNT: cost,
                USAGE_AMOUNT: usage,
                COUNT: Decimal(sum([table.charges[each] for each in places])),
            },
            treatment=treatment,
        )
        for token, operation in treatment.phases[-1] if treatment.phases else ():
            group.change(token, operation=operation)
        group.treatment = replace(treatment, phases=())
        self._summed.append(group)
        return group.rated_cost, group.deltas
