"""Exclusion: charges of a charge type cost the customer nothing."""

from collections.abc import Iterable
from functools import lru_cache

from billow.billingrules.expression import Call, Column, Comparison, Dataset, Either, Function, Kind, Text
from billow.billingrules.facts import CHARGE_TYPE_COLUMNS, DISPLAY_NAMES
from billow.billingrules.rule import ExclusionRule
from billow.billingrules.statement import Delete
from billow.terms.issue import Issue

_READ = (*CHARGE_TYPE_COLUMNS, "ChargeClass", "cost_type")
"""Where a charge type may stand: the provider's own, FOCUS's, and what an earlier rule made of it."""

_RAW_NAMES = {display.lower(): raw.lower() for raw, display in DISPLAY_NAMES.items()}


def exclusion_statement(*, rule: ExclusionRule) -> Delete:
    """Return the statement; the charge type may be the raw or the displayed one, in any case."""
    return _statement(rule.charge_type.strip().lower())


@lru_cache(maxsize=1_024)
def _statement(wanted: str) -> Delete:
    names = {wanted, _RAW_NAMES.get(wanted, wanted)}
    return Delete(
        dataset=Dataset.COSTS,
        where=Either(
            conditions=tuple(
                Comparison(operator="=", left=_lower(column), right=Text(value=name))
                for column in _READ
                for name in sorted(names)
            )
        ),
    )


def check_exclusion(*, rule: ExclusionRule) -> Iterable[Issue]:
    """Yield what is wrong with the rule's own fields."""
    if not rule.charge_type.strip():
        yield Issue("blank_field", "Charge type is required for exclusion rules", column="charge_type", value="")


def _lower(name: str) -> Call:
    column = Column(dataset=Dataset.COSTS, name=name, kind=Kind.TEXT)
    return Call(function=Function.LOWER, arguments=(column,))
