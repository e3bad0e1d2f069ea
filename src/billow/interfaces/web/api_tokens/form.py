"""The fields of a new token."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.interfaces.web.shown.fields import Choice, Complaints, Field, choices_of, with_value
from billow.interfaces.web.shown.roles import role_choices
from billow.records.accounts.models import Permission, Team, User
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings

NEW_SERVICE = "new"
COLUMNS = ("description", "holder", "scope", "expires_at", "service", "role", "team")
_DAYS = (30, 90, 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenForm:
    """The fields; those of a new service are there for an owner only."""

    fields: tuple[Field, ...]
    service: tuple[Field, ...]
    complaints: Complaints


def typed_values(data: QueryDict, *, actor: Actor) -> dict[str, str]:
    """Return what was typed, and what a form begins with where nothing was."""
    own = actor.user.token if actor.user is not None else ""
    begins = {"holder": own, "scope": "read", "expires": "90", "role": "viewer"}
    names = ("description", "holder", "scope", "expires", "service", "role", "team")
    return {name: data.get(name, begins.get(name, "")).strip() for name in names}


def days_of(text: str) -> int | None:
    """Return after how many days the token ends; None for never. Raise Refused for anything else."""
    if text == "never":
        return None
    if text not in {str(days) for days in _DAYS}:
        findings = Findings()
        findings.error("not_a_choice", "expires_at", _("Choose when the token expires"), text)
        findings.refuse_if_any()
    return int(text)


def token_form(
    *, actor: Actor, values: dict[str, str], holders: Sequence[User], teams: Iterable[Team], complaints: Complaints
) -> TokenForm:
    """Return the form with what was typed and what is wrong with it."""
    is_owner = actor.may(Permission.ADMINISTER)
    return TokenForm(
        fields=_fields(values, _holder_choices(holders, is_owner=is_owner), complaints),
        service=_service(values, teams, complaints) if is_owner else (),
        complaints=complaints,
    )


def _fields(values: dict[str, str], holders: tuple[Choice, ...], complaints: Complaints) -> tuple[Field, ...]:
    expiry = [(str(days), _("After %(days)s days") % {"days": days}) for days in _DAYS]
    return (
        Field(
            name="description",
            label=_("Name"),
            value=values["description"],
            problem=complaints.about("description"),
            is_optional=True,
            hint=_("What it is for, such as Terraform or the data warehouse."),
        ),
        Field(
            name="holder",
            label=_("Acts as"),
            kind="select",
            choices=with_value(holders, values["holder"]),
            value=values["holder"],
            problem=complaints.about("holder"),
            hint=_("It sees what this person sees, and may do what this role may, as far as the scope goes."),
        ),
        Field(
            name="scope",
            label=_("Scope"),
            kind="select",
            style="half",
            choices=choices_of([("read", _("Read only")), ("read,write", _("Read and write"))]),
            value=values["scope"],
            problem=complaints.about("scope"),
        ),
        Field(
            name="expires",
            label=_("Expires"),
            kind="select",
            style="half",
            choices=choices_of([*expiry, ("never", _("Never, until it is revoked"))]),
            value=values["expires"],
            problem=complaints.about("expires_at"),
        ),
    )


def _service(values: dict[str, str], teams: Iterable[Team], complaints: Complaints) -> tuple[Field, ...]:
    return (
        Field(
            name="service",
            label=_("Name of the service"),
            value=values["service"],
            problem=complaints.about("service"),
            is_optional=True,
        ),
        Field(
            name="role",
            label=_("Role"),
            kind="select",
            style="half",
            choices=role_choices(),
            value=values["role"],
            problem=complaints.about("role"),
        ),
        Field(
            name="team",
            label=_("Team"),
            kind="select",
            style="half",
            choices=choices_of(
                [("", _("Everyone")), *((team.token, team.name) for team in teams if not team.is_everyone)]
            ),
            value=values["team"],
            problem=complaints.about("team"),
        ),
    )


def _holder_choices(holders: Sequence[User], *, is_owner: bool) -> tuple[Choice, ...]:
    found = [
        (user.token, _("Me, %(name)s") % {"name": str(user)} if at == 0 else _label(user))
        for at, user in enumerate(holders)
    ]
    return choices_of([*found, (NEW_SERVICE, _("A new service, named below"))] if is_owner else found)


def _label(user: User) -> str:
    if user.is_service:
        return _("Service %(name)s") % {"name": user.name}
    place = f" ({user.managed_account.name})" if user.managed_account is not None else ""
    return f"{user.name}, {user.email}{place}" if user.name else f"{user.email}{place}"
