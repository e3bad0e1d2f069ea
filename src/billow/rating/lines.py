"""One managed account's lines, built from groups of charges as they come from the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import chain
from operator import itemgetter
from typing import Any

from billow.billingrules.datasets import AMOUNT, USAGE_AMOUNT
from billow.billingrules.facts import PROVIDER_KEY, charge_category_of, provider_name
from billow.billingrules.failed import RuleFailed
from billow.billingrules.linear import COUNT
from billow.billingrules.program import RuleProgram
from billow.billingrules.run import Group, RuleRun
from billow.billingrules.shortcut import Shortcut
from billow.billingrules.step import Treatment
from billow.rating.rated_costs import RatedLine, RuleDelta
from billow.terms.bulk import maker_of
from billow.terms.issue import Issue, Severity

GroupSums = tuple[date, str | None, str | None, Decimal, int, int, Decimal | None, str | None, bool]
"""A group's first day, name, sub account's sub-category, cost, charges, charges without cost, usage amount, unit, and
whether several units are mixed."""

_Key = tuple[Any, ...]
_Deltas = list[tuple[str, Decimal]]
_Usage = tuple[Decimal | None, str | None, bool]
_Part = tuple[str | None, str | None, Decimal, Decimal, _Deltas, _Usage]
"""What one group brings to its line: name, sub-category, cost before and after rules, deltas, usage."""

_KEY_LENGTH = 8
_SUBCATEGORY = 8
_ZERO, _ONE = Decimal(0), Decimal(1)
_UNTREATED = Treatment()
_rated_line = maker_of(RatedLine)
_rule_delta = maker_of(RuleDelta)


@dataclass(slots=True)
class Memory:
    """Treatments that were found for one program: the short way where it serves, else by what was read."""

    shortcut: Shortcut | None
    treatments: dict[Any, Treatment] = field(default_factory=dict)


def memory_of(*, program: RuleProgram, fact_columns: Sequence[str]) -> Memory:
    """Return an empty memory for the program."""
    columns = (*fact_columns, PROVIDER_KEY)
    return Memory(Shortcut(program=program, columns=columns) if Shortcut.serves(program) else None)


class AccountLines:
    """Gathers the groups that the account's rules treat alike, runs the rules on them, and makes lines of them.

    ``facts`` of a group are the values of the plan's fact columns, the line's key first; ``numbers`` say which of
    them are numbers where rules run charge by charge. ``memory`` is shared by accounts with the same program.
    """

    def __init__(
        self,
        *,
        currency: str,
        program: RuleProgram,
        fact_columns: Sequence[str],
        numbers: dict[str, str],
        memory: Memory,
    ) -> None:
        self._currency = currency
        self._program = program
        self._run = RuleRun(program=program, currency=currency)
        columns = (*fact_columns, PROVIDER_KEY)
        texts = program.columns | {"BillingCurrency"} if program.retiers else program.columns
        read = [place for place, column in enumerate(columns) if column in texts or column in numbers.values()]
        self._read = _reader(read)
        self._read_columns = tuple(columns[place] for place in read)
        self._number_places = {name: self._read_columns.index(column) for name, column in numbers.items()}
        self._is_treated = program.changes_charges or bool(program.sums)
        self._memory = memory
        self._groups: dict[Any, Group] = {}
        self._without_cost = 0
        self.failure: RuleFailed | None = None

    def add(self, *, facts: tuple[Any, ...], provider_key: str, sums: GroupSums, amounts: tuple[Decimal, ...]) -> None:
        """Take one group from the store; ``amounts`` are the sums of the program's amounts, sorted by name."""
        self._without_cost += sums[5]
        if self.failure is not None:
            return
        try:
            group = self._group_of(facts, provider_key, sums)
        except RuleFailed as failed:
            self.failure = failed
            return
        owner = group.owner
        owner[1].append(sums)
        if amounts:
            owner[2].append(amounts)

    def finish(self) -> tuple[RatedLine, ...]:
        """Return the lines, those that rules add last; none if a rule failed."""
        if self.failure is not None:
            return ()
        try:
            for group in self._groups.values():
                self._add_up(group)
            groups = self._run.complete(list(self._groups.values()))
        except RuleFailed as failed:
            self.failure = failed
            return ()
        by_key: dict[_Key, list[Group]] = {}
        inserted = []
        for group in groups:
            if group.insert is not None:
                inserted.append(group)
                continue
            key = _shown_key(group.owner[0], group.treatment)
            by_key.setdefault(key, []).append(group)
        lines = [self._line(key, members) for key, members in by_key.items()]
        return (*lines, *(self._inserted(group) for group in inserted))

    def issues(self, *, cost_column: str) -> tuple[Issue, ...]:
        """Return a warning if charges had no cost of the wanted kind."""
        if not self._without_cost:
            return ()
        message = f"{self._without_cost} charges have no {cost_column} and were counted as zero."
        return (Issue("cost_missing", message, severity=Severity.WARNING, column=cost_column),)

    def _group_of(self, facts: tuple[Any, ...], provider_key: str, sums: GroupSums) -> Group:
        """Return the group that the store's group belongs to: that of all charges of the line treated like it."""
        key, day = facts[:_KEY_LENGTH], sums[0]
        if not self._is_treated:
            place: Any = key
            treatment = _UNTREATED
        else:
            read = (*facts, provider_key)
            if self._memory.shortcut is not None:
                treatment = self._memory.shortcut.treatment_of(read, day=day, walker=self._run.walker)
                place = (key, id(treatment))
            elif self._program.charge_by_charge:
                read = self._read(read)
                place, treatment = (key, read, day), _UNTREATED
            else:
                treatment = self._treatment(self._read(read), day)
                place = (key, id(treatment))
        group = self._groups.get(place)
        if group is None:
            group = self._groups[place] = Group(
                currency=key[7],
                account=key[4],
                provider_cost=_ZERO,
                amounts={},
                treatment=treatment,
                owner=(key, [], []),
            )
            if self._is_treated and self._program.charge_by_charge:
                self._begin(group, read, day)
        return group

    def _treatment(self, read: tuple[Any, ...], day: date) -> Treatment:
        known = self._memory.treatments.get((read, day))
        if known is None:
            row = dict(zip(self._read_columns, read, strict=True))
            made = self._run.walker.treatment_of(row=row, day=day)
            # Equal treatments are one object, so that charges treated alike find each other.
            known = self._memory.treatments.setdefault(made, made)
            self._memory.treatments[read, day] = known
        return known

    def _begin(self, group: Group, read: tuple[Any, ...], day: date) -> None:
        """Start a row that is walked with its numbers."""
        row = dict(zip(self._read_columns, read, strict=True))
        numbers: dict[str, Decimal | None] = {
            name: None if read[place] is None else Decimal(read[place]) for name, place in self._number_places.items()
        }
        for column in {self._read_columns[place] for place in self._number_places.values()}:
            row.pop(column, None)
        row.update(numbers)
        group.amounts = {name: number or _ZERO for name, number in numbers.items()}
        group.amounts[COUNT] = _ONE
        group.amounts.setdefault(USAGE_AMOUNT, _ZERO)
        group.walked = self._run.walker.begin(row=row, day=day, amounts=group.amounts)

    def _add_up(self, group: Group) -> None:
        """Give the group its sums; charge by charge it has its amounts already."""
        _, parts, amounts = group.owner
        cost = parts[0][3] if len(parts) == 1 else sum([part[3] for part in parts], _ZERO)
        group.provider_cost = cost
        group.charges = sum([part[4] for part in parts])
        if group.walked is not None:
            return
        group.amounts[AMOUNT] = cost
        if not self._is_treated:
            return
        group.amounts[COUNT] = Decimal(group.charges)
        group.amounts[USAGE_AMOUNT] = sum([part[6] or _ZERO for part in parts], _ZERO)
        for place, name in enumerate(sorted(self._program.amounts)):
            group.amounts[name] = sum([each[place] for each in amounts], _ZERO)

    def _line(self, key: _Key, groups: Sequence[Group]) -> RatedLine:
        """Make one line of the groups that share a key."""
        parts = [_part_of(group, USAGE_AMOUNT in self._program.needs.amounts) for group in groups]
        name, subcategory, cost, rated, deltas, (amount, unit, _) = parts[0] if len(parts) == 1 else self._joined(parts)
        provider, service, category, account, sub_account, region, charge_category, currency = key[:_KEY_LENGTH]
        return _rated_line(
            provider,
            account,
            sub_account,
            name,
            service,
            category,
            key[_SUBCATEGORY] if len(key) > _KEY_LENGTH else subcategory,
            charge_category,
            region,
            currency,
            cost,
            rated,
            self._rule_deltas(deltas) if deltas else (),
            amount,
            unit,
            None,
            None,
        )

    def _rule_deltas(self, deltas: _Deltas) -> tuple[RuleDelta, ...]:
        """Add up each rule's deltas, in the order of the rules."""
        amounts: dict[str, Decimal] = {}
        for token, amount in deltas:
            amounts[token] = amounts[token] + amount if token in amounts else amount
        if len(amounts) == 1:
            return tuple([_rule_delta(token, amount) for token, amount in amounts.items()])
        places = self._program.places
        return tuple([_rule_delta(token, amounts[token]) for token in sorted(amounts, key=places.__getitem__)])

    def _joined(self, parts: Sequence[_Part]) -> _Part:
        names, subcategories, costs, rated, deltas, usages = zip(*parts, strict=True)
        return (
            max(filter(None, names), default=None),
            subcategories[0] if len(set(subcategories)) == 1 else None,
            sum(costs, _ZERO),
            sum(rated, _ZERO),
            list(chain.from_iterable(deltas)),
            reduce(_joined_usage, usages),
        )

    def _inserted(self, group: Group) -> RatedLine:
        insert, row = group.insert, dict(group.insert.row if group.insert else {})
        assert insert is not None
        shown = dict(group.treatment.shown) if group.treatment else {}
        cost_type = row.get("cost_type")
        provider = row.get("provider")
        return RatedLine(
            provider=shown.get(0, provider_name(key=provider) if provider else "") or "",
            billing_account_id=shown.get(3, row.get("billing_account_id")),
            sub_account_id=shown.get(4, row.get("account_id")),
            sub_account_name=None,
            service=shown.get(1, row.get("service")) or "",
            service_category=shown.get(2, row.get("cost_category")),
            service_subcategory=shown.get(_SUBCATEGORY, row.get("cost_sub_category")),
            charge_category=shown.get(6)
            or charge_category_of(cost_type=cost_type, amount_is_negative=insert.amount < 0),
            region=shown.get(5, row.get("region")),
            currency=group.currency,
            provider_cost=_ZERO,
            rated_cost=group.rated_cost,
            deltas=self._rule_deltas(group.deltas),
            usage_amount=insert.usage_amount,
            usage_unit=row.get("usage_unit") if insert.usage_amount is not None else None,
            description=insert.title,
            inserted_by=insert.rule_token,
        )


def _reader(places: Sequence[int]) -> Any:
    if not places:
        return lambda _facts: ()
    one = itemgetter(*places)
    return one if len(places) > 1 else lambda facts: (one(facts),)


def _shown_key(key: _Key, treatment: Treatment | None) -> _Key:
    if treatment is None or not treatment.shown:
        return key
    shown = list(key)
    for place, text in treatment.shown:
        if place == _SUBCATEGORY:
            shown.append(text)
        else:
            shown[place] = text
    return tuple(shown)


def _part_of(group: Group, usage_changes: bool) -> _Part:
    parts = group.owner[1]
    cost, rated = group.provider_cost, group.rated_cost
    if len(parts) == 1:
        _, name, subcategory, _, _, _, amount, unit, mixed = parts[0]
        usage: _Usage = (amount, unit or None, mixed)
    else:
        name = max(filter(None, [part[1] for part in parts]), default=None)
        subcategories = {part[2] for part in parts}
        subcategory = parts[0][2] if len(subcategories) == 1 else None
        usage = reduce(_joined_usage, [(part[6], part[7] or None, part[8]) for part in parts])
    if usage_changes and not usage[2]:
        usage = (group.amounts[USAGE_AMOUNT] * (1 if group.walked is None else group.charges), usage[1], False)
    if cost and not rated:  # what a rule hides is hidden with its usage
        usage = (None, usage[1], False)
    return name, subcategory, cost, rated, group.deltas, usage


def _joined_usage(one: _Usage, other: _Usage) -> _Usage:
    if one[2] or other[2]:
        return None, None, True
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[1] != other[1]:
        return None, None, True
    return one[0] + other[0], one[1], False
