"""The short way to a treatment, for rules that change nothing but costs: most lists are such.

Where no rule writes a text, what a rule does depends on the few columns that it looks at and on nothing that other
rules did. So rules that look at the same columns are asked together, once for each combination of values, and the
answers are put together in the order of the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, Protocol

from billow.billingrules.facts import SOURCES, TAGS_PREFIX, Row, costs_value, store_columns_of
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert
from billow.billingrules.linear import Linear
from billow.billingrules.program import RuleProgram, Transform
from billow.billingrules.step import Effect, Step, Treatment, holds_on
from billow.billingrules.walk import Walker, effect_of, sums_of

_UNCHANGED: frozenset[str] = frozenset()


_Effect = Effect | RuleFailed | None
_Step = tuple[int, Step | RuleFailed, bool]
"""The place of a rule in the program, what it does or that it fails, and whether it takes the charge away."""
_Sums = tuple[tuple[int, tuple[Linear, ...] | RuleFailed | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What some rules do to charges with certain values, sums by place in the program; equal ones are one object."""

    steps: tuple[_Step, ...]
    sums: _Sums


class Facts(Protocol):
    """Rows of facts, a column at a time."""

    def values(self, columns: Sequence[str], *, with_day: bool) -> Sequence[Any]:
        """Return one value a row that stands for all the columns (and the day) together."""

    def row(self, place: int, *, columns: Sequence[str]) -> dict[str, Any]:
        """Return the named facts of one row."""

    @property
    def rows_of_costs(self) -> dict[Any, dict[Any, Row]]:
        """Rows with columns of ``costs``, by what they are made of and by value: programs share them."""

    @property
    def days(self) -> Sequence[date]:
        """The day of each row."""


@dataclass(slots=True)
class Question:
    """Rules that look at the same columns of the store, and what they answered to each combination of values."""

    columns: tuple[str, ...]
    costs_columns: tuple[str, ...]
    is_of_day: bool
    transforms: list[tuple[int, Transform]] = field(default_factory=list)
    sums: list[tuple[int, SumInsert]] = field(default_factory=list)
    weight: int = 1
    known: dict[Any, Answer] = field(default_factory=dict)
    answers: dict[Any, Answer] = field(default_factory=dict)


class Shortcut:
    """Finds treatments for one program; ``facts`` are those of the month, the same in every call."""

    def __init__(self, *, program: RuleProgram, facts: Facts) -> None:
        self._program = program
        self._facts = facts
        self._questions = _questions(program)
        self._known: dict[tuple[Any, ...], Treatment] = {}
        self._treatments: dict[tuple[Answer, ...], Treatment] = {}
        self._equal: dict[Any, Treatment] = {}

    @staticmethod
    def serves(program: RuleProgram) -> bool:
        """Tell whether the program's rules change nothing but costs, by sums."""
        needs = program.needs
        return not (needs.on_aws or needs.writes_texts or needs.charge_by_charge or program.retiers)

    def treatments_of(self, rows: Sequence[int], *, walker: Walker) -> list[Treatment]:
        """Return what the rules do to the charges of each row; raise RuleFailed."""
        known = self._known
        columns = [self._facts.values(each.columns, with_day=each.is_of_day) for each in self._questions]
        keys = list(zip(*(map(column.__getitem__, rows) for column in columns), strict=True)) or [()] * len(rows)
        # Most rows have the values of a row before them, so what is done for each is left to the interpreter.
        new = {key: place for key, place in dict(zip(keys, rows, strict=True)).items() if key not in known}
        for key, answers in zip(new, self._answers(new, walker), strict=True):
            treatment = self._treatments.get(answers)
            if treatment is None:
                treatment = self._treatments[answers] = self._put_together(answers)
            known[key] = treatment
        return list(map(known.__getitem__, keys))

    def _answers(self, places: Mapping[tuple[Any, ...], int], walker: Walker) -> Iterable[tuple[Answer, ...]]:
        """Return each question's answer to rows with these values, one value for each question."""
        if not self._questions or not places:
            return [()] * len(places)
        found = []
        for question, values in zip(self._questions, zip(*places, strict=True), strict=True):
            of_values = dict(zip(values, places.values(), strict=True))
            new = {value: place for value, place in of_values.items() if value not in question.known}
            if new:
                walker.count(question.weight * len(new))
                self._ask(question, new)
            found.append(map(question.known.__getitem__, values))
        return zip(*found, strict=True)

    def _ask(self, question: Question, new: Mapping[Any, int]) -> None:
        """Find the answers to values, each with a row that has it."""
        effects = [self._effects(question, transform, new) for _, transform in question.transforms]
        sums: Iterable[_Sums] = [()] * len(new)
        if question.sums:
            sums = [self._sums(question, value, place) for value, place in new.items()]
        of_values = zip(*effects, strict=True) if effects else [()] * len(new)
        for value, key in zip(new, zip(of_values, sums, strict=True), strict=True):
            answer = question.answers.get(key)
            if answer is None:
                answer = question.answers[key] = _answer(question, *key)
            question.known[value] = answer

    def _effects(self, question: Question, transform: Transform, new: Mapping[Any, int]) -> Iterable[_Effect]:
        """Return what a rule does to charges with each of the values."""
        # Other programs share the statement, and ask it with the same values.
        known: dict[Any, _Effect] = transform.compiled.by_value[question.is_of_day]
        days, dates = self._facts.days, transform.dates
        for value in new.keys() - known.keys():
            try:
                known[value] = effect_of(transform, row=self._row(question, new[value], value))
            except RuleFailed as failed:
                known[value] = failed
        if dates is None:
            return map(known.__getitem__, new)
        return [
            known[value] if holds_on(days[place], start_date=dates[0], end_date=dates[1]) else None
            for value, place in new.items()
        ]

    def _sums(self, question: Question, value: Any, place: int) -> _Sums:
        row, day = self._row(question, place, value), self._facts.days[place]
        return tuple((number, _summed(each, row=row, day=day)) for number, each in question.sums)

    def _row(self, question: Question, place: int, value: Any) -> Row:
        made_of = (question.columns, question.costs_columns, question.is_of_day)
        rows = self._facts.rows_of_costs.setdefault(made_of, {})
        row = rows.get(value)
        if row is None:
            row = self._facts.row(place, columns=question.columns)
            for name in question.costs_columns:
                row[name] = costs_value(name, row=row, changed=_UNCHANGED)
            rows[value] = row
        return row

    def _put_together(self, answers: tuple[Answer, ...]) -> Treatment:
        steps: list[Step] = []
        is_deleted = False
        for _, step, deletes in sorted([step for answer in answers for step in answer.steps], key=itemgetter(0)):
            if isinstance(step, RuleFailed):
                raise step
            steps.append(step)
            if deletes:
                is_deleted = True
                break
        sums: list[tuple[Linear, ...] | None] = [None] * len(self._program.sums)
        if not is_deleted:
            for answer in answers:
                for place, chosen in answer.sums:
                    if isinstance(chosen, RuleFailed):
                        raise chosen
                    sums[place] = chosen
        key = (tuple(steps), tuple(sums), is_deleted)
        known = self._equal.get(key)
        if known is None:
            known = self._equal[key] = Treatment(
                phases=(*((),) * (len(self._program.phases) - 1), key[0]),
                sums=key[1],
                is_deleted=is_deleted,
                growth=_growth(steps),
            )
        return known


def _answer(question: Question, effects: tuple[_Effect, ...], sums: _Sums) -> Answer:
    steps: list[_Step] = []
    for (number, transform), effect in zip(question.transforms, effects, strict=True):
        if isinstance(effect, RuleFailed):
            # It counts only where no rule before it has taken the charge away. Others may share the statement.
            own = RuleFailed(str(effect))
            own.rule_token = transform.rule_token
            steps.append((number, own, False))
        elif effect is not None and effect.operation is not None:
            steps.append((number, (transform.rule_token, effect.operation), effect.deletes))
    return Answer(tuple(steps), sums)


def _growth(steps: Sequence[Step]) -> Decimal | None:
    growth = Decimal(1)
    for _, operation in steps:
        if operation.factor is None:
            return None
        growth *= max(abs(operation.factor), Decimal(1))
    return growth


def _summed(each: SumInsert, *, row: Row, day: date) -> tuple[Linear, ...] | RuleFailed | None:
    """Return what the insert adds up of the row, or why it cannot: that counts only if no rule took the charge away."""
    try:
        return sums_of(each, row=row, day=day)
    except RuleFailed as failed:
        return failed


def _questions(program: RuleProgram) -> list[Question]:
    """Sort the program's transforms and sums by the store's columns they look at."""
    found: dict[tuple[tuple[str, ...], bool], Question] = {}

    def question_of(texts: frozenset[str], is_of_day: bool, weight: int) -> Question:
        columns = tuple(sorted({column for name in texts for column in store_columns_of(name)} & program.columns))
        question = found.get((columns, is_of_day))
        if question is None:
            question = found[columns, is_of_day] = Question(columns=columns, costs_columns=(), is_of_day=is_of_day)
        costs = {name for name in texts if name in SOURCES or name.startswith(TAGS_PREFIX)}
        question.costs_columns = tuple(sorted(costs.union(question.costs_columns)))
        question.weight += weight
        return question

    for place, transform in enumerate(program.phases[-1]):
        compiled = transform.compiled
        question = question_of(compiled.looked_at, transform.dates is not None, compiled.analysis.weight)
        question.transforms.append((place, transform))
    for place, each in enumerate(program.sums):
        is_of_day = each.rule.start_date is not None or each.rule.end_date is not None
        question_of(each.looked_at, is_of_day, each.weight).sums.append((place, each))
    return list(found.values())
