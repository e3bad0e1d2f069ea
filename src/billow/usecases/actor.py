"""Who asks: every use case starts with an actor and sees only the actor's management account."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Model

from billow.records.accounts.models import ManagementAccount, User
from billow.usecases.refused import Refused


class Source(StrEnum):
    """The door that a wish came through."""

    CLI = "cli"
    CONSOLE = "console"
    API = "api"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person at a door, or the installation's operator (no user: the command line, background work)."""

    management_account: ManagementAccount
    user: User | None
    source: Source

    @property
    def is_operator(self) -> bool:
        """Tell whether the actor is whoever runs the installation, not one of its users."""
        return self.user is None

    def must_own(self, *records: Model) -> None:
        """Raise Refused, as if there were none, unless the records belong to the actor's management account.

        Doors look records up in their own scope; this holds even where one forgot to.
        """
        for record in records:
            if getattr(record, "management_account_id", None) != self.management_account.pk:
                raise Refused("not_found", "Resource not found")

    def must_write_invoices(self) -> None:
        """Raise Refused unless the actor may generate, approve, send and cancel invoices."""
        if self.user is not None and not self.user.may_write_invoices:
            raise Refused("not_permitted", "Only an owner may write invoices and invoicing settings.")

    def must_write_rules(self) -> None:
        """Raise Refused unless the actor may change billing rules, managed accounts and integrations."""
        if self.user is not None and not self.user.may_write_rules:
            raise Refused("not_permitted", "Only an owner or an integration owner may change this.")
