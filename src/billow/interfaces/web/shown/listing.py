"""A page of a long list: which one is wished for, and how to turn it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from billow.usecases.page import Page, PageWanted

ROWS_PER_PAGE = 50
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Where in the list the page is, and the addresses of its neighbours; empty where there is none."""

    first: int
    last: int
    total: int
    previous_url: str
    next_url: str


def page_wanted(data: Mapping[str, str]) -> PageWanted:
    """Read the page's number from an address; whatever makes no sense is the first."""
    text = data.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return PageWanted(number=min(max(number, 1), _MOST_PAGES), limit=ROWS_PER_PAGE)


def turning(page: Page[Any], *, path: str, fields: Mapping[str, str]) -> Turning:
    """Return how to turn the pages of a list whose filters are the fields."""
    kept = {name: value for name, value in fields.items() if value}

    def url(number: int) -> str:
        query = urlencode(kept | ({"page": str(number)} if number > 1 else {}))
        return f"{path}?{query}" if query else path

    at = page.wanted.number
    first = (at - 1) * page.wanted.limit + 1 if page.items else 0
    return Turning(
        first=first,
        last=first + len(page.items) - 1 if page.items else 0,
        total=page.total,
        previous_url=url(min(at - 1, page.last)) if at > 1 else "",
        next_url=url(at + 1) if at < page.last else "",
    )
