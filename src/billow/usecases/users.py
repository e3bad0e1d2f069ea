"""The people and services that act: who they are, and what role they have."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from billow.records.accounts.models import Permission, Role, Team, TeamMember, User
from billow.records.billing.models import ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused


def page_of_users(*, actor: Actor, wanted: PageWanted) -> Page[User]:
    """Return the people of the MSP, by their address; an owner's to see."""
    actor.must(Permission.ADMINISTER)
    return page_of(_people(actor).order_by("email"), wanted=wanted)


def list_users(*, actor: Actor) -> tuple[User, ...]:
    """Return everybody, services and customers too, by address."""
    actor.must(Permission.ADMINISTER)
    rows = User.objects.filter(management_account=actor.management_account).select_related("managed_account")
    return tuple(rows.order_by("email"))


def user_with(*, actor: Actor, token: str) -> User:
    """Return the person with this token; an owner's to see."""
    actor.must(Permission.ADMINISTER)
    user = _people(actor).filter(token=token).first()
    if user is None:
        raise Refused("not_found", "Resource not found")
    return user


def find_user(*, actor: Actor, text: str) -> User:
    """Return the user with this token or e-mail address, whoever it is."""
    users = User.objects.filter(management_account=actor.management_account)
    found = users.filter(token=text).first() or users.filter(email=text.strip().lower()).first()
    if found is None:
        raise Refused("not_found", f"There is no user {text!r}; `billow users list` lists them")
    return found


def add_user(
    *,
    actor: Actor,
    email: str,
    name: str = "",
    role: str = Role.VIEWER,
    password: str | None = None,
    account: ManagedAccount | None = None,
    now: datetime,
) -> User:
    """Add a person of the MSP, or of the managed account that is named; without a password only tokens work."""
    actor.must(Permission.ADMINISTER)
    if account is not None:
        actor.must_own(account)
    findings = Findings()
    address = findings.read_address(email, column="email") or ""
    fields = {
        "name": findings.read_text(name, column="name") or "",
        "role": findings.read_choice(role, column="role", choices=Role.values),
    }
    findings.refuse_if_any()
    return _create(actor, address, password, {**fields, "managed_account": account}, now)


def add_service(
    *,
    actor: Actor,
    name: str,
    role: str = Role.VIEWER,
    team: Team | None = None,
    account: ManagedAccount | None = None,
    now: datetime,
) -> User:
    """Add a service, which acts by tokens only: of a team, of everybody, or of a managed account."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(*(record for record in (team, account) if record is not None))
    findings = Findings()
    clean = findings.read_text(name, column="name", required=True) or ""
    choice = findings.read_choice(role, column="role", choices=Role.values)
    findings.refuse_if_any()
    # No mail reaches this address and nobody signs in with it; the column wants one that is unique.
    address = f"service-{secrets.token_hex(8)}@service.invalid"
    fields = {"name": clean, "role": choice, "is_service": True, "managed_account": account}
    with transaction.atomic():
        user = _create(actor, address, None, fields, now)
        if team is not None and not team.is_everyone:
            TeamMember.objects.create(team=team, user=user, role=choice)
    return user


def change_user(*, actor: Actor, user: User, fields: Mapping[str, object], now: datetime) -> User:
    """Change name, role or is_active; the last active owner stays one."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(user)
    findings = Findings()
    findings.read_known(fields, known=("name", "role", "is_active"))
    if "name" in fields:
        user.name = findings.read_text(fields["name"], column="name") or ""
    if "role" in fields:
        user.role = findings.read_choice(fields["role"], column="role", choices=Role.values)
    if "is_active" in fields:
        user.is_active = findings.read_flag(fields["is_active"], column="is_active")
    findings.refuse_if_any()
    with transaction.atomic():
        # Two owners who take the role from each other at once must not leave none.
        lock_management_account(management_account=actor.management_account)
        user.save(update_fields=["name", "role", "is_active"])
        if not _people(actor).filter(role=Role.OWNER, is_active=True).exists():
            raise Refused("last_owner", f"{user.email} is the last owner; make somebody else an owner first")
        _record(actor, user, "record_updated", {name: str(value) for name, value in fields.items()}, now)
    return user


def _people(actor: Actor) -> "QuerySet[User]":
    return User.objects.filter(management_account=actor.management_account, is_service=False, managed_account=None)


def _create(actor: Actor, email: str, password: str | None, fields: Mapping[str, object], now: datetime) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email=email, password=password, management_account=actor.management_account, **fields
            )
            account = user.managed_account
            changes: dict[str, object] = {"role": user.role, "account": "" if account is None else account.token}
            _record(actor, user, "record_created", changes, now)
    except IntegrityError as clash:
        raise Refused("user_exists", f"{email} has a user already; name another address") from clash
    return user


def _record(actor: Actor, user: User, action: str, changes: dict[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="User",
        object_token=user.token,
        object_name=user.email,
        changes=changes,
        now=now,
    )
