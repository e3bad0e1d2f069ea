"""What the frame around every page shows."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from billow import __version__
from billow.interfaces.web.frame.actor import actor_of
from billow.interfaces.web.frame.settings_places import Group, groups_for
from billow.interfaces.web.frame.theme import theme_of
from billow.interfaces.web.shown.roles import role_name
from billow.records.accounts.models import Permission, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Plain values for page.html; empty names when nobody is signed in."""

    theme: str
    version: str
    path: str
    company: str = ""
    person: str = ""
    role: str = ""
    initials: str = ""
    may_write: bool = False
    may_see_management: bool = False
    settings: tuple[Group, ...] = ()
    is_customer: bool = False
    entered: str = ""


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Return the frame of a request's page."""
    user = getattr(request, "user", None)
    theme, path = theme_of(request), request.get_full_path()
    if not isinstance(user, User):
        return {"frame": Frame(theme=theme, version=__version__, path=path)}
    person, actor = str(user), actor_of(request)
    account = actor.account
    return {
        "frame": Frame(
            theme=theme,
            version=__version__,
            path=path,
            company=user.management_account.name if account is None else account.name,
            person=person,
            role=role_name(user.role) if actor.inside is None else _("Manager User"),
            initials="".join(word[0] for word in person.replace("@", " ").split()[:2]).upper(),
            may_write=actor.may(Permission.WRITE_INVOICES),
            may_see_management=actor.may(Permission.SEE_MANAGEMENT),
            settings=groups_for(actor.may),
            is_customer=account is not None,
            entered="" if actor.inside is None else actor.inside.name,
        )
    }
