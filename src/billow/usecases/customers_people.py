"""The people of a customer, who see its portal: list them, and invite one by mail."""

from datetime import datetime

from django.db import transaction

from billow.records.accounts.models import Permission, Role, User
from billow.records.billing.models import ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.mailed_links import invite_user
from billow.usecases.users import add_user

MOST_SHOWN = 200


def people_of(*, actor: Actor, account: ManagedAccount) -> tuple[User, ...]:
    """Return the account's own people by their address; an owner's to see."""
    actor.must(Permission.ADMINISTER)
    actor.must_own(account)
    people = User.objects.filter(managed_account=account, is_service=False)
    return tuple(people.order_by("email")[:MOST_SHOWN])


def invite_customer(
    *, actor: Actor, account: ManagedAccount, email: str, name: str = "", role: str = Role.VIEWER, now: datetime
) -> User:
    """Add a person of the account, and queue the mail with which a password is set; both or neither."""
    with transaction.atomic():
        user = add_user(actor=actor, email=email, name=name, role=role, account=account, now=now)
        invite_user(actor=actor, user=user, now=now)
    return user
