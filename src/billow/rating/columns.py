"""Arrow columns as Python values, quickly: a closed month is some ten thousand groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_SHORT = 4
"""Bytes of the shorter of the two whole numbers that answers have."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few distinct values: the values, and for each row the number of its own among them."""

    values: list[Any]
    codes: pa.Array

    def listed(self) -> list[Any]:
        """Return each row's value; equal values are one object."""
        values = self.values
        return [values[code] for code in _numbers(self.codes)]


def coded(table: pa.Table, *, name: str) -> Coded:
    """Return a column of few distinct values (texts, days)."""
    encoded = table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
    return Coded(encoded.dictionary.to_pylist(), encoded.indices)


def together(columns: Sequence[Coded]) -> list[int]:
    """Return one number a row that stands for its values in all of the columns, of which there must be one."""
    first, *others = columns
    codes = first.codes
    for other in others:
        pairs = pc.add(pc.multiply(codes.cast(pa.int64()), len(other.values)), other.codes.cast(pa.int64()))
        codes = pairs.dictionary_encode().indices
    return _numbers(codes)


def texts(table: pa.Table, *, name: str) -> list[Any]:
    """Return a column of few distinct values (texts, days); equal values are one object."""
    return coded(table, name=name).listed()


def counts(table: pa.Table, *, name: str) -> list[int]:
    """Return a column of whole numbers without nulls."""
    return _numbers(table.column(name).combine_chunks())


def numbered_runs(columns: Sequence[Coded]) -> list[int]:
    """Number the runs of rows that have the same values in all of the columns: each row's run, from 0."""
    rows = len(columns[0].codes)
    if not rows:
        return []
    begins = pa.nulls(rows - 1, pa.bool_()).fill_null(False)
    for column in columns:
        begins = pc.or_(begins, pc.not_equal(column.codes[1:], column.codes[:-1]))
    return [0, *_numbers(pc.cumulative_sum(begins.cast(pa.int64())))]


def _numbers(array: pa.Array) -> list[int]:
    """Read signed whole numbers from their memory, many times as quick as one by one."""
    if not len(array):
        return []
    width = array.type.bit_width // 8
    held = memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width]
    return held.cast("i").tolist() if width == _SHORT else held.cast("q").tolist()


def sums_of_money(table: pa.Table, *, name: str) -> list[Decimal]:
    """Return a decimal column without nulls; by way of text, which is exact and many times as quick."""
    return list(map(Decimal, table.column(name).cast(pa.string()).to_pylist()))


def decimals(table: pa.Table, *, name: str) -> list[Decimal | None]:
    """Return a decimal column."""
    column = table.column(name).cast(pa.string())
    return [None if text is None else Decimal(text) for text in column.to_pylist()]
