"""What the address of a cost report asks, in the words of the API, and addresses that ask something else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.usecases.report_words import CUSTOM_INTERVAL, DATE_INTERVALS, GROUPINGS, TAG, days_of

COUNTED = ("include_credits", "include_refunds", "include_discounts", "include_tax", "amortize")
"""Settings that the page offers, each a box to tick."""

USUAL_INTERVAL = "last_6_months"
_MOST_CHARACTERS = 2_000
_MOST_PICKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One group that the costs are narrowed to."""

    field: str
    value: str

    @property
    def text(self) -> str:
        """How the address writes it."""
        return f"{self.field}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The address, read: empty texts where it says nothing."""

    path: str
    account: str = ""
    invoice: str = ""
    interval: str = ""
    start_date: str = ""
    end_date: str = ""
    date_bin: str = ""
    groupings: str = ""
    filter: str = ""
    picks: tuple[Pick, ...] = ()
    settings: Mapping[str, str] | None = None
    is_compared: bool = False
    wants_tag: bool = False
    """Whether a tag is to be asked for whose key is not written yet."""

    def fields(self, *, today: date) -> dict[str, object]:
        """Return the question's fields; what the address leaves open comes from the report."""
        fields: dict[str, object] = {}
        start, end = self.start_date, self.end_date
        if self.interval and self.interval != CUSTOM_INTERVAL:
            first, last = days_of(self.interval, today=today)
            start, end = first.isoformat(), last.isoformat()
        for name, value in (("start_date", start), ("end_date", end), ("date_bin", self.date_bin)):
            if value:
                fields[name] = value
        if self.groupings:
            fields["groupings"] = self.groupings
        if self.filter:
            fields["filter"] = self.filter
        if self.settings:
            fields["settings"] = dict(self.settings)
        return fields

    def url(self, *, path: str = "") -> str:
        """Return the address that asks this."""
        pairs = [
            ("account", self.account),
            ("invoice", self.invoice),
            ("interval", self.interval),
            ("start_date", self.start_date),
            ("end_date", self.end_date),
            ("date_bin", self.date_bin),
            ("groupings", self.groupings),
            ("filter", self.filter),
            *(("is", pick.text) for pick in self.picks),
            *((f"settings[{name}]", value) for name, value in (self.settings or {}).items()),
            ("compare", "1" if self.is_compared else ""),
        ]
        text = urlencode([(name, value) for name, value in pairs if value])
        return f"{path or self.path}?{text}" if text else path or self.path

    def with_pick(self, picks: Iterable[Pick], *, groupings: str) -> "Asked":
        """Return the question narrowed to a group and told apart by something else."""
        kept = tuple(dict.fromkeys([*self.picks, *picks]))
        return replace(self, picks=kept, groupings=groupings, invoice="")

    def without(self, pick: Pick) -> "Asked":
        """Return the question without one of its picks."""
        return replace(self, picks=tuple(each for each in self.picks if each != pick))


def read_address(query: QueryDict, *, path: str, is_own_report: bool) -> Asked:
    """Return what the address asks; ``is_own_report`` is one that was saved, whose days and steps count."""

    def text(name: str) -> str:
        return query.get(name, "").strip()[:_MOST_CHARACTERS]

    interval = text("interval") if text("interval") in DATE_INTERVALS else ""
    settings = {name: values[-1] for name in COUNTED if (values := query.getlist(f"settings[{name}]"))}
    groupings = ",".join(each for each in query.getlist("groupings") if each.strip())
    if text("tag") and groupings == "tag":
        groupings = TAG + text("tag").replace('"', "").replace(",", "")
    wants_tag = groupings == "tag"
    groupings = "" if wants_tag else groupings
    asked = Asked(
        path=path,
        account=text("account"),
        invoice=text("invoice"),
        interval=interval,
        start_date=text("start_date"),
        end_date=text("end_date"),
        date_bin=text("date_bin"),
        groupings=groupings[:_MOST_CHARACTERS],
        filter=text("filter"),
        picks=tuple(_picks([*query.getlist("is"), *_added(query)])),
        settings=settings or None,
        is_compared=text("compare") == "1",
        wants_tag=wants_tag,
    )
    if is_own_report or asked.interval or asked.start_date or asked.end_date:
        return asked
    return replace(asked, interval=USUAL_INTERVAL, date_bin=asked.date_bin or "month")


def _added(query: QueryDict) -> Iterable[str]:
    """Return what the small form for one more filter says."""
    if (field := query.get("where", "")) and (value := query.get("value", "").strip()):
        yield f"{field}={value[:_MOST_CHARACTERS]}"


def _picks(texts: Iterable[str]) -> Iterable[Pick]:
    seen = 0
    for text in dict.fromkeys(texts):
        field, sign, value = text.partition("=")
        if sign and value and (field in GROUPINGS or field.startswith(TAG)) and seen < _MOST_PICKS:
            seen += 1
            yield Pick(field=field, value=value)


def labels() -> Mapping[str, str]:
    """Return what groups are called."""
    return {
        "provider": _("Provider"),
        "service": _("Service"),
        "billing_account_id": _("Billing account"),
        "account_id": _("Account"),
        "account_name": _("Account name"),
        "region": _("Region"),
        "resource_id": _("Resource"),
        "cost_category": _("Category"),
        "cost_subcategory": _("Subcategory"),
        "charge_type": _("Charge type"),
        "usage_unit": _("Unit"),
        "tagged": _("Tagged"),
    }


def label_of(name: str) -> str:
    """Return what a group is called; a tag by its key."""
    return name.removeprefix(TAG) if name.startswith(TAG) else labels().get(name, name)
