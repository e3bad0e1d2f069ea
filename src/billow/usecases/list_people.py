"""Read who there is: the MSP's people, its services, and its customers' people, and what one of them may not see."""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import Q, QuerySet

from billow.records.accounts.models import Permission, TeamMember, User
from billow.records.billing.models import ManagedAccount
from billow.records.billing.scope import hidden_accounts
from billow.usecases.actor import Actor
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused


class Kind(StrEnum):
    """What sort of user somebody is."""

    PEOPLE = "people"
    SERVICES = "services"
    CUSTOMERS = "customers"


_OF_KIND = {
    Kind.PEOPLE: Q(is_service=False, managed_account=None),
    Kind.SERVICES: Q(is_service=True),
    Kind.CUSTOMERS: Q(is_service=False, managed_account__isnull=False),
}


def page_of_everybody(*, actor: Actor, kind: Kind, text: str = "", wanted: PageWanted) -> Page[User]:
    """Return one page of users of a kind, who may act first, then by name; with ``text``, those who have it in name
    or address. Their teams are read with them.
    """
    rows = _everybody(actor).filter(_OF_KIND[kind])
    if text:
        rows = rows.filter(
            Q(name__icontains=text) | Q(email__icontains=text) | Q(managed_account__name__icontains=text)
        )
    rows = rows.prefetch_related("memberships__team")
    return page_of(rows.order_by("-is_active", "managed_account__name", "name", "email"), wanted=wanted)


def count_everybody(*, actor: Actor) -> Mapping[Kind, int]:
    """Return how many there are of each kind."""
    return {kind: _everybody(actor).filter(condition).count() for kind, condition in _OF_KIND.items()}


def somebody_with(*, actor: Actor, token: str) -> User:
    """Return the user with this token, of whatever kind."""
    user = _everybody(actor).filter(token=token).first()
    if user is None:
        raise Refused("not_found", "Resource not found")
    return user


def kind_of(user: User) -> Kind:
    """Return what sort of user it is."""
    if user.is_service:
        return Kind.SERVICES
    return Kind.PEOPLE if user.managed_account_id is None else Kind.CUSTOMERS


def memberships_of(*, actor: Actor, user: User) -> tuple[TeamMember, ...]:
    """Return the teams somebody is in, by name; Everyone is not among them."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    rows = TeamMember.objects.filter(user=user, team__management_account=actor.management_account)
    return tuple(rows.select_related("team").order_by("team__name"))


def hidden_from(*, actor: Actor, user: User, most: int) -> tuple[tuple[str, ...], int]:
    """Return the names of at most so many live accounts that somebody of the MSP may not see, and of how many."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    rows = ManagedAccount.objects.visible_to(actor.management_account).live().filter(pk__in=hidden_accounts(user))
    return tuple(rows.order_by("name").values_list("name", flat=True)[:most]), rows.count()


def _everybody(actor: Actor) -> "QuerySet[User]":
    actor.must(Permission.ADMINISTER)
    return User.objects.filter(management_account=actor.management_account).select_related("managed_account")
