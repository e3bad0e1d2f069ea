"""The fields of a user."""

from collections.abc import Iterable, Mapping

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.interfaces.web.shown.fields import Complaints, Field, choices_of
from billow.interfaces.web.shown.roles import role_choices
from billow.records.accounts.models import Team

COLUMNS = ("email", "name", "role", "team")
SHOWN = "shown"
"""The wish for a first password that is shown instead of a mail."""


def typed_values(data: QueryDict) -> dict[str, str]:
    """Return what was typed, and what a form begins with where nothing was."""
    begins = {"role": "viewer", "way": "mail"}
    return {name: data.get(name, begins.get(name, "")).strip() for name in (*COLUMNS, "way")}


def new_fields(values: Mapping[str, str], teams: Iterable[Team], complaints: Complaints) -> tuple[Field, ...]:
    """Return the fields of somebody new."""
    choices = [("", _("None but Everyone")), *((team.token, team.name) for team in teams if not team.is_everyone)]
    return (
        Field(
            name="email",
            label=_("E-mail address"),
            kind="email",
            style="half",
            value=values["email"],
            problem=complaints.about("email"),
        ),
        _name(values, complaints, style="half"),
        _role(values, complaints),
        Field(
            name="team",
            label=_("Team"),
            kind="select",
            value=values["team"],
            problem=complaints.about("team"),
            choices=choices_of(choices),
            hint=_("Teams say which customers their members see. More teams can be added later."),
        ),
        Field(
            name="way",
            label=_("How they get in"),
            kind="select",
            value=values["way"],
            choices=choices_of(
                [
                    ("mail", _("Mail them a link to choose a password")),
                    (SHOWN, _("Show me a first password, to hand on")),
                ]
            ),
        ),
    )


def one_fields(values: Mapping[str, str], complaints: Complaints) -> tuple[Field, ...]:
    """Return what can be changed of somebody."""
    return (_name(values, complaints, style=""), _role(values, complaints))


def _name(values: Mapping[str, str], complaints: Complaints, *, style: str) -> Field:
    return Field(
        name="name",
        label=_("Name"),
        style=style,
        value=values["name"],
        problem=complaints.about("name"),
        is_optional=True,
    )


def _role(values: Mapping[str, str], complaints: Complaints) -> Field:
    return Field(
        name="role",
        label=_("Role"),
        kind="select",
        value=values["role"],
        problem=complaints.about("role"),
        choices=role_choices(),
    )
