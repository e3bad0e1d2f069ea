"""Read API tokens page by page, and make one for a person or for a service that is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from billow.records.accounts.models import ApiToken, Permission, Role, Team, User
from billow.usecases.actor import Actor
from billow.usecases.api_tokens import NewToken, create_token
from billow.usecases.field_checks import Findings
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.users import add_service


@dataclass(frozen=True, slots=True, kw_only=True)
class NewService:
    """A service that is made together with its first token; without a team it sees what everybody sees."""

    name: str
    role: str = Role.VIEWER
    team: str = ""


def page_of_tokens(*, actor: Actor, wanted: PageWanted, ended: bool = False, now: datetime) -> Page[ApiToken]:
    """Return the tokens that work, or those that were revoked or have expired: an owner's all, anybody else's own."""
    return page_of(_of(actor, ended=ended, now=now).order_by("-pk"), wanted=wanted)


def count_tokens(*, actor: Actor, ended: bool, now: datetime) -> int:
    """Return how many tokens work, or how many have ended."""
    return _of(actor, ended=ended, now=now).count()


def token_with(*, actor: Actor, token: str) -> ApiToken:
    """Return the token with this identifier."""
    row = _visible(actor).filter(token=token).first()
    if row is None:
        raise Refused("not_found", "Resource not found")
    return row


def token_holders(*, actor: Actor) -> tuple[User, ...]:
    """Return for whom the actor may make tokens, himself first."""
    assert actor.user is not None
    actor.must(Permission.SEE_MANAGEMENT)
    if not actor.may(Permission.ADMINISTER):
        return (actor.user,)
    everybody = User.objects.filter(management_account=actor.management_account, is_active=True)
    others = everybody.exclude(pk=actor.user.pk).select_related("managed_account")
    return (actor.user, *others.order_by("is_service", "managed_account__name", "name", "email"))


def create_token_for(
    *,
    actor: Actor,
    holder: str | NewService,
    scopes: Sequence[str],
    description: str,
    expires_at: datetime | None,
    now: datetime,
) -> NewToken:
    """Create a token for the user with this token, or for a new service, all or nothing."""
    actor.must(Permission.SEE_MANAGEMENT)
    with transaction.atomic():
        user = _new_service(actor, holder, now) if isinstance(holder, NewService) else _holder(actor, holder)
        return create_token(
            actor=actor, user=user, scopes=scopes, description=description, expires_at=expires_at, now=now
        )


def _new_service(actor: Actor, service: NewService, now: datetime) -> User:
    actor.must(Permission.ADMINISTER)
    findings = Findings()
    findings.read_text(service.name, column="service", required=True)
    findings.read_choice(service.role, column="role", choices=Role.values)
    teams = Team.objects.filter(management_account=actor.management_account, token=service.team)
    team = teams.first() if service.team else None
    if service.team and team is None:
        findings.error("unknown_team", "team", "Choose a team of the list", service.team)
    findings.refuse_if_any()
    return add_service(actor=actor, name=service.name, role=service.role, team=team, now=now)


def _holder(actor: Actor, token: str) -> User:
    found = next((user for user in token_holders(actor=actor) if user.token == token), None)
    if found is None:
        findings = Findings()
        findings.error("unknown_user", "holder", "Choose who acts with the token", token)
        findings.refuse_if_any()
        raise AssertionError
    return found


def _of(actor: Actor, *, ended: bool, now: datetime) -> "QuerySet[ApiToken]":
    over = Q(revoked_at__isnull=False) | Q(expires_at__lte=now) | Q(user__is_active=False)
    rows = _visible(actor)
    # Not exclude(): that has the database negate the whole, which empty columns make neither true nor false.
    working = Q(revoked_at__isnull=True, user__is_active=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return rows.filter(over if ended else working)


def _visible(actor: Actor) -> "QuerySet[ApiToken]":
    actor.must(Permission.SEE_MANAGEMENT)
    rows = ApiToken.objects.filter(user__management_account=actor.management_account)
    rows = rows if actor.may(Permission.ADMINISTER) else rows.filter(user=actor.user)
    return rows.select_related("user__managed_account")
