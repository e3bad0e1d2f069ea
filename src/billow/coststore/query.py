"""A question to the cost store, as a value: which charges, grouped by what, summed.

The planner of a rated month describes what it needs here; ``compile.py`` writes it in an engine's
language. An engine does only what every engine does exactly: filter, group, sum decimals, and look for texts in texts.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billow.terms.period import BillingPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeScope:
    """A set of charges by where they were billed; None means any.

    ``sub_account_id`` is only read beside a ``billing_account_id``.
    """

    integration_token: str
    billing_account_id: str | None = None
    sub_account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCuts:
    """Days on which something changes for the charges of some scopes.

    A charge of these scopes is grouped apart before and from each of the ``days`` (ascending, inside
    the period, never its first day). Where scopes overlap, the first DayCuts of the query counts.
    A charge of another month belongs to the period's first or last day, whichever is nearer.
    """

    scopes: tuple[ChargeScope, ...]
    days: tuple[date, ...]


class Look(StrEnum):
    """What a test asks of a text."""

    IS = "is"
    BEGINS = "begins"
    ENDS = "ends"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest:
    """A question to a text, a missing one read as empty: is it, or has it, one of ``texts``, all in the same case.

    ``fold`` is ``lower`` or ``upper`` where the text is changed to that case first.
    """

    look: Look
    texts: tuple[str, ...]
    fold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTests:
    """Which of a detail's tests count for the charges of some scopes, by number; where scopes overlap, all do."""

    scopes: tuple[ChargeScope, ...]
    numbers: tuple[int, ...]


class DetailForm(StrEnum):
    """In which form a detail splits groups; each is what stands behind the column's name in the answer."""

    VALUE = ""
    DAY = ":day"
    PRESENT = ":present"
    ZERO = ":zero"
    TESTS = ":tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A column that splits the groups of some scopes only; everybody else's groups stay coarse.

    In the answer it is a text called ``name``: the value (times as ``2026-03-31T00:00:00Z``, numbers in digits), the
    day of a time (``2026-03-31``), or ``y`` where there is a value, or where a number is missing or zero.

    With the form TESTS (at most one of a query) it is the numbers of the ``tests`` that hold, as ``,0,3,``; or ``=``
    and the text itself where an engine may see upper and lower case otherwise than we do.
    """

    column: str
    scopes: tuple[ChargeScope, ...]
    form: DetailForm = DetailForm.VALUE
    tests: tuple[TextTest, ...] = ()
    tested: tuple[AskedTests, ...] = ()

    @property
    def name(self) -> str:
        """The answer's column."""
        return f"{self.column}{self.form.value}"

    @staticmethod
    def split(name: str) -> tuple[str, DetailForm]:
        """Return column and form of a detail's name."""
        for form in (DetailForm.DAY, DetailForm.PRESENT, DetailForm.ZERO, DetailForm.TESTS):
            if name.endswith(form.value):
                return name.removesuffix(form.value), form
        return name, DetailForm.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class CostQuery:
    """Sum one cost column of a billing period by text columns.

    The answer is sorted by ``group_by`` and then by all else that tells groups apart (nulls first), and has
    the columns:

    * ``integration_token``, each of ``group_by``, and each detail under its name;
    * ``first_day`` (DATE): the first day of the group's segment between cuts, else the period's first;
    * ``cost`` (DECIMAL(38,18), nulls count as zero), ``charges`` (number of rows), and
      ``charges_without_cost`` (rows whose cost is null);
    * each of ``names``: the last of the group's values in text order;
    * for each of ``labels``, ``label_of(column)``: the group's value, null if there are several;
    * for each of ``amounts``, a decimal column, ``sum_of(column)`` (DECIMAL(38,18), nulls count as zero);
    * with ``usage``: ``usage_amount`` and ``usage_unit``, null if ``usage_mixed`` (several units).

    ``only`` limits the charges to the scopes; None means all.
    """

    period: BillingPeriod
    cost_column: str
    group_by: tuple[str, ...]
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    cuts: tuple[DayCuts, ...] = ()
    details: tuple[Detail, ...] = ()
    amounts: tuple[str, ...] = ()
    usage: bool = False
    only: tuple[ChargeScope, ...] | None = None


def label_of(column: str) -> str:
    """Return the answer's column that has a label; a detail may show the same column under its own name."""
    return f"label of {column}"


def sum_of(column: str) -> str:
    """Return the answer's column that has the sum of an amount."""
    return f"sum of {column}"
