"""The short way to a treatment, for rules that change nothing but costs: most lists are such.

Where no rule writes a text, what a rule does depends on the few columns that it looks at and on nothing that other
rules did. So rules that look at the same columns are asked together, once for each combination of values, and the
answers are put together in the order of the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from billow.billingrules.facts import SOURCES, TAGS_PREFIX, Row, costs_value, store_columns_of
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert
from billow.billingrules.linear import Linear
from billow.billingrules.program import RuleProgram, Transform
from billow.billingrules.step import Operation, Step, Treatment, holds_on
from billow.billingrules.walk import Walker, effect_of, sums_of

_UNCHANGED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AnsweredStep:
    """What the rule at a place of the program does, or that it fails."""

    place: int
    rule_token: str
    operation: Operation | None
    failed: RuleFailed | None
    deletes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What some rules do to charges with certain values, sums by place in the program; equal ones are one object."""

    steps: tuple[AnsweredStep, ...]
    sums: tuple[tuple[int, tuple[Linear, ...] | RuleFailed | None], ...]


class Facts(Protocol):
    """Rows of facts, a column at a time."""

    def values(self, columns: Sequence[str], *, with_day: bool) -> Sequence[Any]:
        """Return one value a row that stands for all the columns (and the day) together."""

    def row(self, place: int, *, columns: Sequence[str]) -> dict[str, Any]:
        """Return the named facts of one row."""

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
        self._treatments: dict[tuple[Answer, ...], Treatment] = {}
        self._equal: dict[Treatment, Treatment] = {}

    @staticmethod
    def serves(program: RuleProgram) -> bool:
        """Tell whether the program's rules change nothing but costs, by sums."""
        needs = program.needs
        return not (needs.on_aws or needs.writes_texts or needs.charge_by_charge or program.retiers)

    def treatments_of(self, rows: Sequence[int], *, walker: Walker) -> list[Treatment]:
        """Return what the rules do to the charges of each row; raise RuleFailed."""
        answers = [self._answers(question, rows, walker) for question in self._questions]
        known = self._treatments
        found = []
        for key in zip(*answers, strict=True) if answers else (() for _ in rows):
            treatment = known.get(key)
            if treatment is None:
                made = self._put_together(key)
                treatment = known[key] = self._equal.setdefault(made, made)
            found.append(treatment)
        return found

    def _answers(self, question: Question, rows: Sequence[int], walker: Walker) -> list[Answer]:
        values = self._facts.values(question.columns, with_day=question.is_of_day)
        known = question.known
        answers = []
        for place in rows:
            value = values[place]
            answer = known.get(value)
            if answer is None:
                walker.count(question.weight)
                answer = known[value] = self._asked(question, place, value)
            answers.append(answer)
        return answers

    def _asked(self, question: Question, place: int, value: Any) -> Answer:
        day = self._facts.days[place]
        row: Row = {}
        steps = []
        for number, transform in question.transforms:
            if transform.dates is not None and not holds_on(
                day, start_date=transform.dates[0], end_date=transform.dates[1]
            ):
                continue
            # Other programs share the statement, and ask it with the same values.
            known = transform.compiled.by_value[question.is_of_day]
            if value in known:
                effect = known[value]
            else:
                row = row or self._row(question, place)
                try:
                    effect = known[value] = effect_of(transform, row=row)
                except RuleFailed as failed:
                    # It counts only where no rule before it has taken the charge away.
                    steps.append(AnsweredStep(number, transform.rule_token, None, failed))
                    continue
            if effect is not None and effect.operation is not None:
                steps.append(AnsweredStep(number, transform.rule_token, effect.operation, None, effect.deletes))
        sums = tuple(
            (number, _summed(each, row=row or self._row(question, place), day=day)) for number, each in question.sums
        )
        key = (tuple(steps), sums)
        known_answer = question.answers.get(key)
        if known_answer is None:
            known_answer = question.answers[key] = Answer(tuple(steps), sums)
        return known_answer

    def _row(self, question: Question, place: int) -> Row:
        row = self._facts.row(place, columns=question.columns)
        for name in question.costs_columns:
            row[name] = costs_value(name, row=row, changed=_UNCHANGED)
        return row

    def _put_together(self, answers: tuple[Answer, ...]) -> Treatment:
        steps: list[Step] = []
        is_deleted = False
        for step in sorted((step for answer in answers for step in answer.steps), key=lambda step: step.place):
            if step.failed is not None:
                raise step.failed
            if step.operation is not None:
                steps.append((step.rule_token, step.operation))
            if step.deletes:
                is_deleted = True
                break
        sums: list[tuple[Linear, ...] | None] = [None] * len(self._program.sums)
        if not is_deleted:
            for answer in answers:
                for place, chosen in answer.sums:
                    if isinstance(chosen, RuleFailed):
                        raise chosen
                    sums[place] = chosen
        return Treatment(
            phases=(*((),) * (len(self._program.phases) - 1), tuple(steps)),
            sums=tuple(sums),
            is_deleted=is_deleted,
            only_factors=all(operation.factor is not None for _, operation in steps),
        )


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
