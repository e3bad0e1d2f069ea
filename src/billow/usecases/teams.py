"""Teams: who is in them, and which managed accounts each may see."""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from billow.records.accounts.models import Permission, Role, Team, TeamMember, User
from billow.records.billing.models import AccountAccess, ManagedAccount
from billow.terms.text import trimmed
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.find import spaced
from billow.usecases.named_workspaces import read_named
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

TEAM_FIELDS = ("name", "description", "user_emails", "user_tokens", "workspace_tokens")
ACCESS = {"can": True, "cannot": False, "inherit": None}
EVERYONE = "Everyone"


def page_of_teams(*, actor: Actor, wanted: PageWanted, text: str = "") -> Page[Team]:
    """Return the teams, Everyone first and then by name; with ``text``, those whose name contains it."""
    actor.must(Permission.SEE_MANAGEMENT)
    everyone_team(actor=actor)
    rows = _visible(actor)
    if text:
        rows = rows.filter(name__icontains=text)
    return page_of(rows.order_by("-is_everyone", "name", "pk"), wanted=wanted)


def all_teams(*, actor: Actor) -> tuple[Team, ...]:
    """Return every team, Everyone first and then by name."""
    actor.must(Permission.SEE_MANAGEMENT)
    everyone_team(actor=actor)
    return tuple(_visible(actor).order_by("-is_everyone", "name", "pk"))


def team_with(*, actor: Actor, token: str) -> Team:
    """Return the team with this token."""
    actor.must(Permission.SEE_MANAGEMENT)
    team = _visible(actor).filter(token=token).first()
    if team is None:
        raise Refused("not_found", "Resource not found")
    return team


def find_team(*, actor: Actor, text: str) -> Team:
    """Return the team with this token or name."""
    everyone_team(actor=actor)
    teams = Team.objects.filter(management_account=actor.management_account)
    found = teams.filter(Q(token=text) | Q(name__iregex=spaced(text))).first()
    if found is None:
        raise Refused("not_found", f"There is no team {text!r}; `billow teams list` lists them")
    return found


def everyone_team(*, actor: Actor) -> Team:
    """Return the team that holds every user, creating it when it is first asked for."""
    team, _ = Team.objects.get_or_create(
        management_account=actor.management_account, is_everyone=True, defaults={"name": EVERYONE}
    )
    return team


def add_team(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> Team:
    """Add a team from TEAM_FIELDS; only the name is needed."""
    actor.must(Permission.ADMINISTER)
    return _save(actor, Team(management_account=actor.management_account), {"name": None, **fields}, now)


def change_team(*, actor: Actor, team: Team, fields: Mapping[str, object], now: datetime) -> Team:
    """Change the given fields; a list of users replaces the members. Everyone keeps its name and its members."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    _refuse_everyone(team)
    return _save(actor, team, fields, now)


def delete_team(*, actor: Actor, team: Team, now: datetime) -> None:
    """Delete a team and what it says about accounts."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    _refuse_everyone(team)
    with transaction.atomic():
        _record(actor, team, "record_destroyed", {}, now)
        team.delete()


def members_of(*, team: Team) -> tuple[TeamMember, ...]:
    """Return the members by address; those of Everyone with their own roles."""
    if team.is_everyone:
        people = _people(team).order_by("email")
        return tuple(TeamMember(team=team, user=user, role=user.role) for user in people)
    return tuple(sorted(team.members.all(), key=lambda member: member.user.email))


def add_member(*, actor: Actor, team: Team, email: str, role: str = Role.EDITOR, now: datetime) -> TeamMember:
    """Put a user into a team; who is in it already gets the role."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    _refuse_everyone(team)
    findings = Findings()
    address = findings.read_address(email, column="user_email")
    choice = findings.read_choice(role, column="role", choices=Role.values)
    findings.refuse_if_any()
    user = _people(team).filter(email=(address or "").lower()).first()
    if user is None:
        raise Refused("unknown_user", f"There is no user {address}; create it first")
    with transaction.atomic():
        member, _ = TeamMember.objects.update_or_create(team=team, user=user, defaults={"role": choice})
        _record(actor, team, "member_added", {"user": user.email, "role": choice}, now)
    return member


def remove_member(*, actor: Actor, team: Team, user_token: str, now: datetime) -> None:
    """Take a user out of a team."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    _refuse_everyone(team)
    member = team.members.select_related("user").filter(user__token=user_token).first()
    if member is None:
        raise Refused("not_found", "Resource not found")
    with transaction.atomic():
        _record(actor, team, "member_removed", {"user": member.user.email}, now)
        member.delete()


def set_access(*, actor: Actor, team: Team, account: ManagedAccount, access: str, now: datetime) -> None:
    """Say for a team: it ``can`` see the account, it ``cannot``, or it does what Everyone does (``inherit``).

    The account is looked up by the caller in the whole management account, so that an owner can give back to himself
    what he took away.
    """
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    if account.management_account_id != actor.management_account.pk:
        raise Refused("not_found", "Resource not found")
    if access not in ACCESS:
        raise Refused("not_a_choice", f"Access must be one of {', '.join(ACCESS)}")
    wanted = ACCESS[access]
    with transaction.atomic():
        if wanted is None:
            AccountAccess.objects.filter(team=team, managed_account=account).delete()
        else:
            AccountAccess.objects.update_or_create(team=team, managed_account=account, defaults={"can_access": wanted})
        _record(actor, team, "access_changed", {"account": account.token, "access": access}, now)


def access_of(*, team: Team) -> dict[str, str]:
    """Return what the team says, by account token; accounts it says nothing about are missing."""
    rows = team.account_access.select_related("managed_account").order_by("managed_account__name")
    return {row.managed_account.token: "can" if row.can_access else "cannot" for row in rows}


def _visible(actor: Actor) -> "QuerySet[Team]":
    rows = Team.objects.filter(management_account=actor.management_account)
    return rows.prefetch_related("members__user")


def _people(team: Team) -> "QuerySet[User]":
    return User.objects.filter(
        management_account=team.management_account_id, is_service=False, managed_account=None, is_active=True
    )


def _refuse_everyone(team: Team) -> None:
    if team.is_everyone:
        raise Refused("everyone", "The team Everyone holds every user and stays as it is")


def _save(actor: Actor, team: Team, fields: Mapping[str, object], now: datetime) -> Team:
    findings = Findings(keeps_spaces=actor.is_program)
    findings.read_known(fields, known=TEAM_FIELDS)
    if "name" in fields:
        team.name = findings.read_text(fields["name"], column="name", required=True) or ""
    if "description" in fields:
        team.description = findings.read_text(fields["description"], column="description", most=2000)
    if fields.get("workspace_tokens") is not None:
        team.workspace_tokens = read_named(findings, fields["workspace_tokens"], actor=actor, now=now)
    users = _read_users(findings, team, fields)
    findings.refuse_if_any()
    others = Team.objects.filter(management_account=actor.management_account).exclude(pk=team.pk)
    if others.filter(name__iregex=spaced(team.name)).exists():
        raise Refused("already_exists", f"There is already a team {trimmed(team.name)!r}")
    action = "record_created" if team.pk is None else "record_updated"
    try:
        with transaction.atomic():
            team.save()
            if users is not None:
                team.members.exclude(user__in=users).delete()
                present = set(team.members.values_list("user", flat=True))
                TeamMember.objects.bulk_create(
                    TeamMember(team=team, user=user) for user in users if user.pk not in present
                )
            _record(actor, team, action, {name: str(value) for name, value in fields.items()}, now)
    except IntegrityError as clash:
        raise Refused("already_exists", f"There is already a team {str(team)!r}") from clash
    return _visible(actor).get(pk=team.pk)


def _read_users(findings: Findings, team: Team, fields: Mapping[str, object]) -> list[User] | None:
    """Return the users that the lists name, or None where no list was given."""
    users: dict[int, User] = {}
    given = [name for name in ("user_emails", "user_tokens") if fields.get(name) is not None]
    for name in given:
        values = fields[name]
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            findings.error("not_a_list", name, f"{name} must be a list of texts")
            continue
        column = "email" if name == "user_emails" else "token"
        found = {getattr(user, column): user for user in _people(team).filter(**{f"{column}__in": values})}
        for value in values:
            user = found.get(value.lower() if column == "email" else value)
            if user is None:
                findings.error("unknown_user", name, f"There is no user {value!r}", value)
            else:
                users[user.pk] = user
    return list(users.values()) if given else None


def _record(actor: Actor, team: Team, action: str, changes: dict[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="Team",
        object_token=team.token,
        object_name=team.name,
        changes=changes,
        now=now,
    )
