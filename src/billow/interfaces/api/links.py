"""Pages of lists, and the absolute addresses that lead from one to the next."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from billow.usecases.page import Page, PageWanted

MOST_PER_PAGE = 1000
_LAST_PAGE = 1_000_000_000


class PageQuery(Schema):
    """Which page of a list; more items than the most are cut to it."""

    page: int = Field(1, ge=1, le=_LAST_PAGE, description="The page, from 1.")
    limit: int = Field(MOST_PER_PAGE, ge=1, description="Items on a page, at most 1000; more is understood as 1000.")

    def wanted(self, *, most: int = MOST_PER_PAGE) -> PageWanted:
        """Return the page that is wanted."""
        return PageWanted(number=self.page, limit=min(self.limit, most))


class Links(Schema):
    """The addresses of this page and its neighbours."""

    self: str | None = None
    first: str | None = None
    next: str | None = None
    last: str | None = None
    prev: str | None = None


def links_of(request: HttpRequest, *, page: Page[object]) -> dict[str, str | None]:
    """Return the links of a page."""
    number, last = page.wanted.number, page.last
    return {
        "self": _address(request, page, number),
        "first": _address(request, page, 1),
        "next": _address(request, page, number + 1) if number < last else None,
        "last": _address(request, page, last),
        "prev": _address(request, page, min(number - 1, last)) if number > 1 else None,
    }


def absolute(request: HttpRequest, *, path: str) -> str:
    """Return an address that the client can reach: as it reached us, with the scheme operators say we have."""
    base = urlsplit(settings.BASE_URL)
    if request.get_host() == base.netloc:
        return f"{settings.BASE_URL}{path}"
    return f"{request.scheme}://{request.get_host()}{path}"


def _address(request: HttpRequest, page: Page[object], number: int) -> str:
    query = [(key, value) for key, values in request.GET.lists() for value in values if key not in {"page", "limit"}]
    query += [("page", str(number)), ("limit", str(page.wanted.limit))]
    return absolute(request, path=f"{request.path}?{urlencode(query)}")
