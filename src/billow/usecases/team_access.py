"""What a team says about the managed accounts, account by account, and how to say it about many at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Lower

from billow.records.accounts.models import Permission, Team
from billow.records.billing.models import AccountAccess, ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.teams import ACCESS, everyone_team, set_access


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """One account: what the team itself says (can, cannot, inherit), and what Everyone says."""

    token: str
    name: str
    said: str
    everyone: str

    @property
    def sees(self) -> bool:
        """Tell whether somebody who is in this team alone sees the account."""
        return (self.everyone if self.said == "inherit" else self.said) != "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many members a team has, and about how many accounts it says that they can be seen, or cannot."""

    members: int
    can: int
    cannot: int


def page_of_access(*, actor: Actor, team: Team, text: str = "", wanted: PageWanted) -> Page[AccessRow]:
    """Return one page of all live accounts by name, those an owner hid from himself too."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    accounts = ManagedAccount.objects.visible_to(actor.management_account).live()
    if text:
        accounts = accounts.filter(name__icontains=text)
    page = page_of(accounts.order_by(Lower("name"), "pk"), wanted=wanted)
    everyone = everyone_team(actor=actor)
    rows = AccountAccess.objects.filter(team__in=[team, everyone], managed_account__in=[row.pk for row in page.items])
    said = {(row.team_id, row.managed_account_id): "can" if row.can_access else "cannot" for row in rows}
    return page.mapped(
        lambda account: AccessRow(
            token=account.token,
            name=account.name,
            said=said.get((team.pk, account.pk), "inherit"),
            everyone=said.get((everyone.pk, account.pk), "can"),
        )
    )


def set_accesses(*, actor: Actor, team: Team, wanted: Mapping[str, str], now: datetime) -> int:
    """Say about each account (by token) whether the team can see it; all or nothing. Return how many changed."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    findings = Findings()
    accounts = ManagedAccount.objects.visible_to(actor.management_account).live().filter(token__in=wanted)
    found = {account.token: account for account in accounts}
    for token, access in wanted.items():
        if token not in found:
            findings.error("unknown_account", "access", f"There is no account {token}; reload the page", token)
        if access not in ACCESS:
            findings.error("not_a_choice", "access", f"Access must be one of {', '.join(ACCESS)}", access)
    findings.refuse_if_any()
    with transaction.atomic():
        rows = AccountAccess.objects.filter(team=team, managed_account__in=found.values())
        said = {row.managed_account_id: row.can_access for row in rows}
        changed = [token for token, access in wanted.items() if said.get(found[token].pk) is not ACCESS[access]]
        for token in changed:
            set_access(actor=actor, team=team, account=found[token], access=wanted[token], now=now)
    return len(changed)


def sizes_of(*, actor: Actor, teams: tuple[Team, ...]) -> Mapping[str, Size]:
    """Return the size of each team by token, in two queries; Everyone's members are all active people."""
    actor.must(Permission.ADMINISTER)
    live = Q(account_access__managed_account__deleted_at=None)
    counted = Team.objects.filter(management_account=actor.management_account, pk__in=[team.pk for team in teams])
    rows = counted.annotate(
        people=Count("members", distinct=True),
        can=Count("account_access", distinct=True, filter=live & Q(account_access__can_access=True)),
        cannot=Count("account_access", distinct=True, filter=live & Q(account_access__can_access=False)),
    )
    people = actor.management_account.users.filter(is_service=False, managed_account=None, is_active=True).count()
    return {
        row.token: Size(members=people if row.is_everyone else row.people, can=row.can, cannot=row.cannot)
        for row in rows
    }


def people_outside(*, actor: Actor, team: Team) -> tuple[tuple[str, str], ...]:
    """Return address and name of the active people of the MSP who are not in the team yet."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(team)
    people = actor.management_account.users.filter(is_service=False, managed_account=None, is_active=True)
    outside = people.exclude(memberships__team=team).order_by("name", "email")
    return tuple((user.email, user.name) for user in outside)
