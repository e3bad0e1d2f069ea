"""Lines of an account whose rules change nothing but costs: most accounts are such, so this way is short.

What the rules do is looked up column by column (``Shortcut``), and a line mostly is one row of the store's answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import groupby
from operator import itemgetter

from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import COUNT
from billow.billingrules.program import RuleProgram
from billow.billingrules.run import Group, RuleRun
from billow.billingrules.shortcut import Shortcut
from billow.billingrules.step import Treatment
from billow.rating.cost_table import CostTable
from billow.rating.joined import Deltas, Usage, inserted_line, joined_usage, rule_deltas
from billow.rating.rated_costs import RatedLine, RatedLines, RuleDelta
from billow.terms import EXACT_DIGITS
from billow.terms.bulk import maker_of, without_collecting
from billow.terms.rounding import STORE_QUANTUM

_ZERO, _ONE = Decimal(0), Decimal(1)
_FITS_SURELY = Decimal(10) ** 18
_rounded = Context(prec=EXACT_DIGITS, rounding=ROUND_HALF_UP).quantize
_UNTREATED = Treatment(phases=((),), growth=Decimal(1))
_Part = tuple[Sequence[int], Decimal, Decimal, Deltas]
"""Rows of a line that are treated alike: places, cost before and after the rules, and what each rule changed."""

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

    def finish(self, rows: Sequence[int]) -> Sequence[RatedLine]:
        """Return the lines of the rows, those that rules add last; none if a rule failed."""
        try:
            rated = self._rated_lines(rows, self._treatments(rows))
            added = self._run.complete(self._summed)[len(self._summed) :]
        except RuleFailed as failed:
            self.failure = failed
            return ()

        def made() -> tuple[RatedLine, ...]:
            with without_collecting():
                places = self._program.places
                return (*map(self._line, rated), *(inserted_line(group, places=places) for group in added))

        return RatedLines(made, length=len(rated) + len(added))

    def _treatments(self, rows: Sequence[int]) -> Sequence[Treatment]:
        if not self._is_treated:
            return [_UNTREATED] * len(rows)
        return self._shortcut.treatments_of(rows, walker=self._run.walker)

    def _rated_lines(self, rows: Sequence[int], treatments: Sequence[Treatment]) -> list[tuple[_Part, ...]]:
        """Rate the rows, each with its treatment, line by line: those that are treated alike are added up first."""
        costs, line_of = self._table.costs, self._table.line_of
        numbers = [line_of[place] for place in rows]
        if len(set(numbers)) == len(rows):
            pairs = zip(rows, treatments, strict=True)
            return [(self._rated((place,), costs[place], treatment),) for place, treatment in pairs]
        lines = []
        for _, members in groupby(zip(numbers, rows, treatments, strict=True), key=itemgetter(0)):
            alike: dict[int, tuple[Treatment, list[int]]] = {}
            for _, place, treatment in members:
                alike.setdefault(id(treatment), (treatment, []))[1].append(place)
            parts = [
                self._rated(places, sum([costs[place] for place in places], _ZERO), treatment)
                for treatment, places in alike.values()
            ]
            lines.append(tuple(parts))
        return lines

    def _rated(self, places: Sequence[int], cost: Decimal, treatment: Treatment) -> _Part:
        """Find the cost after each rule in turn, and what each changed."""
        growth = treatment.growth
        if self._program.sums or growth is None or abs(cost) * growth >= _FITS_SURELY:
            return self._rated_as_group(places, cost, treatment)
        deltas: Deltas = []
        rated = cost
        for token, operation in treatment.phases[-1]:
            if not rated:
                break
            after = _rounded(rated * operation.factor, STORE_QUANTUM) or _ZERO  # type: ignore[operator]
            if after != rated:
                deltas.append((token, after - rated))
                rated = after
        return places, cost, rated, deltas

    def _rated_as_group(self, places: Sequence[int], cost: Decimal, treatment: Treatment) -> _Part:
        table = self._table
        usage = sum([table.usage_amounts[each] or _ZERO for each in places], _ZERO)
        group = Group(
            currency=table.keys[places[0]][7],
            account=table.keys[places[0]][4],
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
        return places, cost, group.rated_cost, group.deltas

    def _line(self, parts: tuple[_Part, ...]) -> RatedLine:
        """Make a line of what was rated."""
        table = self._table
        if len(parts) == 1 and len(parts[0][0]) == 1:
            (place,), cost, rated, deltas = parts[0]
            name, subcategory = table.names[place], table.subcategories[place]
            amount, unit = table.usage_amounts[place], table.usage_units[place] or None
            if cost and not rated:  # what a rule hides is hidden with its usage
                amount = None
            made = tuple([_rule_delta(token, delta) for token, delta in deltas]) if deltas else ()
        else:
            place = parts[0][0][0]
            cost, rated = sum([part[1] for part in parts], _ZERO), sum([part[2] for part in parts], _ZERO)
            name, subcategory, (amount, unit, _) = self._shown(parts)
            made = rule_deltas([delta for part in parts for delta in part[3]], places=self._program.places)
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

    def _shown(self, parts: tuple[_Part, ...]) -> tuple[str | None, str | None, Usage]:
        """Return the name, the sub-category and the usage that all rows of a line make together."""
        table = self._table
        usages: list[Usage] = []
        for places, cost, rated, _ in parts:
            for place in places:
                usage = table.usage(place)
                usages.append((None, usage[1], False) if cost and not rated else usage)
        of_line = [place for part in parts for place in part[0]]
        subcategories = {table.subcategories[place] for place in of_line}
        name = max(filter(None, [table.names[place] for place in of_line]), default=None)
        return name, subcategories.pop() if len(subcategories) == 1 else None, joined_usage(usages)
