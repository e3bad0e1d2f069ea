"""Who asks: every use case starts with an actor and sees only the actor's management account."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Model

from billow.records.accounts.models import ManagementAccount, Permission, User
from billow.records.accounts.permissions import CUSTOMER_ROLES, REFUSALS
from billow.records.billing.models import ManagedAccount
from billow.records.billing.scope import hidden_accounts
from billow.usecases.refused import Refused


class Source(StrEnum):
    """The door that a wish came through."""

    CLI = "cli"
    CONSOLE = "console"
    API = "api"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person at a door, or the installation's operator (no user: the command line, background work).

    ``inside`` is the customer's account that a person of the MSP has entered as Manager User: meanwhile he sees what
    the customer sees, and may do there what his role would allow the customer.
    """

    management_account: ManagementAccount
    user: User | None
    source: Source
    inside: ManagedAccount | None = None

    @property
    def is_operator(self) -> bool:
        """Tell whether the actor is whoever runs the installation, not one of its users."""
        return self.user is None

    @property
    def is_customer(self) -> bool:
        """Tell whether the actor is one of a managed account's own people, or is in one as Manager User."""
        return self.account_id is not None

    @property
    def account(self) -> ManagedAccount | None:
        """Return the managed account that the actor sees and nothing beside; None for people of the MSP."""
        if self.inside is not None or self.user is None:
            return self.inside
        return self.user.managed_account

    @property
    def account_id(self) -> int | None:
        """Return the key of that account."""
        if self.inside is not None:
            return self.inside.pk
        return None if self.user is None else self.user.managed_account_id

    @property
    def is_program(self) -> bool:
        """Tell whether a program asks, which compares what it reads with what it wrote to the last sign."""
        return self.source == Source.API

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor has the permission."""
        if self.inside is not None:
            return self.user is not None and self.user.role in CUSTOMER_ROLES.get(permission, frozenset())
        return self.user is None or self.user.may(permission)

    def must(self, permission: Permission) -> None:
        """Raise Refused unless the actor has the permission."""
        if not self.may(permission):
            raise Refused("not_permitted", REFUSALS[permission])

    def must_own(self, *records: Model) -> None:
        """Raise Refused, as if there were none, unless the records are the actor's management account's to see.

        Doors look records up in their own scope; this holds even where one forgot to.
        """
        for record in records:
            if getattr(record, "management_account_id", None) != self.management_account.pk:
                raise Refused("not_found", "Resource not found")
        if self.user is not None:
            self._must_see(self.user, records)

    def _must_see(self, user: User, records: tuple[Model, ...]) -> None:
        keys = {
            record.pk if isinstance(record, ManagedAccount) else getattr(record, "managed_account_id", None)
            for record in records
        } - {None}
        others = bool(keys - {self.account_id}) and self.is_customer
        if others or (keys and hidden_accounts(user).filter(managed_account__in=keys).exists()):
            raise Refused("not_found", "Resource not found")

    def must_write_invoices(self) -> None:
        """Raise Refused unless the actor may generate, approve, send and cancel invoices."""
        self.must(Permission.WRITE_INVOICES)

    def must_write_rules(self) -> None:
        """Raise Refused unless the actor may change billing rules, managed accounts and integrations."""
        self.must(Permission.WRITE_RULES)
