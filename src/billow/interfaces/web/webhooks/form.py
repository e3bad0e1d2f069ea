"""The fields of a webhook."""

from dataclasses import dataclass
from typing import TypedDict

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.interfaces.web.shown.fields import NOTHING_WRONG, Complaint, Complaints, Field, choices_of, complaints_of
from billow.interfaces.web.webhooks.shown import event_name
from billow.records.webhooks.models import WebhookEndpoint
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused
from billow.usecases.webhooks import EVENT_TYPES

COLUMNS = ("url", "description", "event_types")


class Fields(TypedDict):
    """What the use cases take."""

    url: str
    description: str
    event_types: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One box to tick."""

    type: str
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookForm:
    """The fields, and the events to choose from."""

    fields: tuple[Field, ...]
    events: tuple[Event, ...]
    events_problem: str
    complaints: Complaints


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What stands in the form."""

    url: str
    description: str
    which: str
    events: frozenset[str]


def typed_values(data: QueryDict) -> Values:
    """Return what was typed, and what a form begins with where nothing was."""
    return Values(
        url=data.get("url", "").strip(),
        description=data.get("description", "").strip(),
        which=data.get("which", "all"),
        events=frozenset(data.getlist("event")),
    )


def values_of(endpoint: WebhookEndpoint) -> Values:
    """Return what is stored."""
    return Values(
        url=endpoint.url,
        description=endpoint.description,
        which="some" if endpoint.event_types else "all",
        events=frozenset(endpoint.event_types),
    )


def typed_fields(data: QueryDict) -> Fields:
    """Return the fields for the use case; raise Refused where only ticked events are wished for and none is ticked."""
    events = data.getlist("event") if data.get("which") == "some" else []
    if data.get("which") == "some" and not events:
        findings = Findings()
        findings.error("blank", "event_types", _("Tick at least one event, or choose all events"))
        findings.refuse_if_any()
    return Fields(url=data.get("url", ""), description=data.get("description", ""), event_types=events)


def complaints_about(refused: Refused | None) -> Complaints:
    """Return what is wrong, beside the field that the refusal names at its beginning."""
    if refused is None:
        return NOTHING_WRONG
    column, _colon, message = refused.message.partition(": ")
    if refused.issues or column not in COLUMNS:
        return complaints_of(refused, columns=COLUMNS)
    return Complaints(by_column={column: message}, all=(Complaint(message=message, key=f"field-{column}"),))


def webhook_form(values: Values, complaints: Complaints) -> WebhookForm:
    """Return the form with these values and what is wrong with them."""
    return WebhookForm(
        fields=_fields(values, complaints),
        events=tuple(Event(type=each, name=event_name(each), is_chosen=each in values.events) for each in EVENT_TYPES),
        events_problem=complaints.about("event_types"),
        complaints=complaints,
    )


def _fields(values: Values, complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(
            name="url",
            label=_("URL"),
            kind="url",
            value=values.url,
            problem=complaints.about("url"),
            hint=_("It gets a POST with JSON for each event. Addresses inside your own network have to be allowed."),
        ),
        Field(
            name="description",
            label=_("Name"),
            value=values.description,
            problem=complaints.about("description"),
            is_optional=True,
        ),
        Field(
            name="which",
            label=_("Events"),
            kind="select",
            value=values.which,
            choices=choices_of(
                [("all", _("All, those of later versions too")), ("some", _("Only those ticked below"))]
            ),
        ),
    )
