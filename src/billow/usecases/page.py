"""One page of a long list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

ItemT_co = TypeVar("ItemT_co", covariant=True)
RowT = TypeVar("RowT", bound=Model)
OtherT = TypeVar("OtherT")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWanted:
    """Which page, from 1, of how many items each."""

    number: int = 1
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[ItemT_co]):
    """The items of one page, and how many there are on all."""

    items: Sequence[ItemT_co]
    total: int
    wanted: PageWanted

    @property
    def last(self) -> int:
        """The number of the last page; an empty list has one empty page."""
        return max(1, -(-self.total // self.wanted.limit))

    def mapped(self, each: Callable[[ItemT_co], OtherT]) -> "Page[OtherT]":
        """Return the same page with each item turned into something else."""
        return Page(items=tuple(each(item) for item in self.items), total=self.total, wanted=self.wanted)


def page_of(rows: "QuerySet[RowT]", *, wanted: PageWanted) -> Page[RowT]:
    """Return one page of rows that have an order: two queries, however long the list."""
    start = (wanted.number - 1) * wanted.limit
    return Page(items=tuple(rows[start : start + wanted.limit]), total=rows.count(), wanted=wanted)


def page_of_all(items: Sequence[OtherT], *, wanted: PageWanted) -> Page[OtherT]:
    """Return one page of items that are at hand already; only for lists that are short by nature."""
    start = (wanted.number - 1) * wanted.limit
    return Page(items=tuple(items[start : start + wanted.limit]), total=len(items), wanted=wanted)
