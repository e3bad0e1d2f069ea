"""A person of the MSP enters a customer's account as Manager User, sees what the customer sees, and leaves again."""

from datetime import datetime

from billow.records.accounts.models import Permission, User
from billow.records.billing.models import ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.refused import Refused


def enter_account(*, actor: Actor, token: str, now: datetime) -> ManagedAccount:
    """Return the account that the actor may be in from now on; raise Refused where it is not his to see."""
    if actor.inside is not None:
        raise Refused("not_permitted", f"You are in {actor.inside.name} already; leave it first.")
    actor.must(Permission.SEE_MANAGEMENT)
    account = None if actor.user is None else entered_account(user=actor.user, token=token)
    if account is None:
        raise Refused("not_found", "Resource not found")
    _record(actor, account, "account.entered", now)
    return account


def leave_account(*, actor: Actor, now: datetime) -> ManagedAccount | None:
    """Write down that the actor leaves, and return the account he was in; None where he was in none."""
    if actor.inside is not None:
        _record(actor, actor.inside, "account.left", now)
    return actor.inside


def entered_account(*, user: User, token: str) -> ManagedAccount | None:
    """Return the account if a person of the MSP may be in it now; asked again with every page."""
    if user.managed_account_id is not None:
        return None
    accounts = ManagedAccount.objects.visible_to(user).live().select_related("billing_profile")
    return accounts.filter(token=token).first()


def _record(actor: Actor, account: ManagedAccount, action: str, now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="ManagedAccount",
        object_token=account.token,
        object_name=account.name,
        now=now,
    )
