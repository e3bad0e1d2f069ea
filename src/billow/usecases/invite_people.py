"""Add a person of the MSP who can sign in: with a link by mail, or with a first password that is shown once."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billow.records.accounts.models import Permission, Role, Team, User
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings
from billow.usecases.mailed_links import invite_user
from billow.usecases.teams import add_member
from billow.usecases.users import add_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The new person, and the first password, which nobody can read again; none where a link is mailed."""

    user: User
    password: str


def invite_person(
    *,
    actor: Actor,
    email: str,
    name: str = "",
    role: str = Role.VIEWER,
    team: str = "",
    by_mail: bool,
    now: datetime,
) -> Invited:
    """Add a person, in the team with this token if one is named, and queue the mail if wished; all or nothing."""
    actor.must(Permission.ADMINISTER)
    findings = Findings()
    found = Team.objects.filter(management_account=actor.management_account, token=team).first() if team else None
    if team and found is None:
        findings.error("unknown_team", "team", "Choose a team of the list", team)
    findings.refuse_if_any()
    password = None if by_mail else secrets.token_urlsafe(12)
    with transaction.atomic():
        user = add_user(actor=actor, email=email, name=name, role=role, password=password, now=now)
        if found is not None and not found.is_everyone:
            add_member(actor=actor, team=found, email=user.email, role=user.role, now=now)
        if by_mail:
            invite_user(actor=actor, user=user, now=now)
    return Invited(user=user, password=password or "")
