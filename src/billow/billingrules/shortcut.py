"""The short way to a treatment, for rules that change nothing but costs: most lists are such.

Where no rule writes a text, what a rule does depends on the few columns that it looks at and on nothing that other rules
did. So rules that look at the same columns are asked together, once for each combination of values, and the
answers are put together in the order of the rules.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from billow.billingrules.facts import SOURCES, TAGS_PREFIX, costs_value, store_columns_of
from billow.billingrules.failed import RuleFailed
from billow.billingrules.inserts import SumInsert
from billow.billingrules.linear import Linear
from billow.billingrules.program import RuleProgram, Transform
from billow.billingrules.step import Operation, Step, Treatment, holds_on
from billow.billingrules.walk import Walker, effect_of, sums_of

_UNCHANGED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What some rules do to charges with certain values: steps and sums by place in the program; equal ones are one."""

    steps: tuple[tuple[int, str, Operation | None, RuleFailed | None, bool], ...]
    sums: tuple[tuple[int, tuple[Linear, ...] | None], ...]


@dataclass(slots=True)
class Question:
    """Rules that look at the same columns, and what they answered."""

    read: Callable[[tuple[Any, ...]], Any]
    columns: tuple[str, ...]
    costs_columns: tuple[str, ...]
    is_of_day: bool
    transforms: list[tuple[int, Transform]] = field(default_factory=list)
    sums: list[tuple[int, SumInsert]] = field(default_factory=list)
    weight: int = 1
    known: dict[Any, Answer] = field(default_factory=dict)
    answers: dict[Any, Answer] = field(default_factory=dict)


class Shortcut:
    """Finds treatments for one program; ``columns`` are the names of the facts that it is asked with."""

    def __init__(self, *, program: RuleProgram, columns: Sequence[str]) -> None:
        self._program = program
        self._questions = _questions(program, columns)
        self._treatments: dict[tuple[Answer, ...], Treatment] = {}
        self._equal: dict[Treatment, Treatment] = {}

    @staticmethod
    def serves(program: RuleProgram) -> bool:
        """Tell whether the program's rules change nothing but costs, by sums."""
        needs = program.needs
        return not (needs.on_aws or needs.writes_texts or needs.charge_by_charge or program.retiers)

    def treatment_of(self, facts: tuple[Any, ...], *, day: date, walker: Walker) -> Treatment:
        """Return what the rules do to charges with the facts on the day; raise RuleFailed."""
        answers = []
        for question in self._questions:
            values = question.read(facts)
            if question.is_of_day:
                values = (values, day)
            answer = question.known.get(values)
            if answer is None:
                walker.count(question.weight)
                answer = question.known[values] = self._asked(question, facts, day)
            answers.append(answer)
        key = tuple(answers)
        treatment = self._treatments.get(key)
        if treatment is None:
            treatment = self._put_together(key)
            treatment = self._treatments[key] = self._equal.setdefault(treatment, treatment)
        return treatment

    def _asked(self, question: Question, facts: tuple[Any, ...], day: date) -> Answer:
        values = question.read(facts)
        if len(question.columns) == 1:
            values = (values,)
        row: dict[str, Any] = dict(zip(question.columns, values, strict=True)) if question.columns else {}
        for name in question.costs_columns:
            row[name] = costs_value(name, row=row, changed=_UNCHANGED)
        steps = []
        for place, transform in question.transforms:
            if transform.dates is not None and not holds_on(
                day, start_date=transform.dates[0], end_date=transform.dates[1]
            ):
                continue
            try:
                effect = effect_of(transform, row)
            except RuleFailed as failed:
                steps.append((place, transform.rule_token, None, failed, False))
                continue
            if effect is not None and effect.operation is not None:
                steps.append((place, transform.rule_token, effect.operation, None, effect.deletes))
        sums = tuple((place, sums_of(each, row=row, day=day)) for place, each in question.sums)
        key = (tuple(steps), sums)
        known = question.answers.get(key)
        if known is None:
            known = question.answers[key] = Answer(tuple(steps), sums)
        return known

    def _put_together(self, answers: tuple[Answer, ...]) -> Treatment:
        steps: list[Step] = []
        is_deleted = False
        for _, rule_token, operation, failed, deletes in sorted(
            (step for answer in answers for step in answer.steps), key=itemgetter(0)
        ):
            if failed is not None:
                raise failed
            assert operation is not None
            steps.append((rule_token, operation))
            if deletes:
                is_deleted = True
                break
        sums: list[tuple[Linear, ...] | None] = [None] * len(self._program.sums)
        if not is_deleted:
            for answer in answers:
                for place, linear in answer.sums:
                    sums[place] = linear
        return Treatment(
            phases=(*((),) * (len(self._program.phases) - 1), tuple(steps)), sums=tuple(sums), is_deleted=is_deleted
        )


def _questions(program: RuleProgram, columns: Sequence[str]) -> list[Question]:
    """Sort the program's transforms and sums by the columns they look at."""
    place_of = {name: place for place, name in enumerate(columns)}
    found: dict[tuple[frozenset[str], bool], Question] = {}

    def question_of(texts: frozenset[str], is_of_day: bool, weight: int) -> Question:
        question = found.get((texts, is_of_day))
        if question is None:
            store = sorted({column for name in texts for column in store_columns_of(name)} & place_of.keys())
            places = [place_of[name] for name in store]
            question = found[texts, is_of_day] = Question(
                read=itemgetter(*places) if places else _nothing,
                columns=tuple(store),
                costs_columns=tuple(sorted(name for name in texts if name in SOURCES or name.startswith(TAGS_PREFIX))),
                is_of_day=is_of_day,
            )
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


def _nothing(_facts: tuple[Any, ...]) -> None:
    return None
