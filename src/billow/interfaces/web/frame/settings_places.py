"""What partner settings there are, in which order, and who sees each."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billow.records.accounts.models import Permission

Words = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page of settings: how views call it, where it is, and what it is for."""

    key: str
    path: str
    name: Words
    purpose: Words
    needs: Permission = Permission.SEE_MANAGEMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Pages that belong together."""

    name: Words
    places: tuple[Place, ...]


GROUPS = (
    Group(
        name=_("Invoicing"),
        places=(
            Place(
                key="profiles",
                path="/settings/billing-profiles",
                name=_("Billing profiles"),
                purpose=_("Who invoices come from: address, bank account, logo, taxes and fees."),
            ),
            Place(
                key="rules",
                path="/settings/billing-rules",
                name=_("Billing rules"),
                purpose=_("What is added to a customer's costs, taken off, or left out."),
            ),
            Place(
                key="rates",
                path="/settings/exchange-rates",
                name=_("Exchange rates"),
                purpose=_("Your own rates for customers who pay in another currency."),
            ),
            Place(
                key="numbering",
                path="/settings/numbering",
                name=_("Numbering"),
                purpose=_("How invoices and credit notes are numbered, without a gap."),
            ),
            Place(
                key="mail",
                path="/settings/mail",
                name=_("Mail"),
                purpose=_("How invoices leave, and a mail to try it with."),
                needs=Permission.ADMINISTER,
            ),
        ),
    ),
    Group(
        name=_("Costs and months"),
        places=(
            Place(
                key="integrations",
                path="/settings/integrations",
                name=_("Integrations"),
                purpose=_("Where bills come from, and what arrived."),
            ),
            Place(
                key="calendar",
                path="/settings/calendar",
                name=_("Company and calendar"),
                purpose=_("Your name, currency and time zone, and when months open."),
            ),
        ),
    ),
    Group(
        name=_("Access and programs"),
        places=(
            Place(
                key="users",
                path="/settings/users",
                name=_("Users"),
                purpose=_("Your people, services and customers' people, and what each may do."),
                needs=Permission.ADMINISTER,
            ),
            Place(
                key="teams",
                path="/settings/teams",
                name=_("Teams"),
                purpose=_("Who sees which customers."),
                needs=Permission.ADMINISTER,
            ),
            Place(
                key="tokens",
                path="/settings/tokens",
                name=_("Access tokens"),
                purpose=_("Secrets with which programs act for you through the API."),
            ),
            Place(
                key="webhooks",
                path="/settings/webhooks",
                name=_("Webhooks"),
                purpose=_("Your own systems are told of invoices and mails."),
                needs=Permission.ADMINISTER,
            ),
        ),
    ),
    Group(
        name=_("Proof"),
        places=(
            Place(
                key="audit_log",
                path="/settings/audit-log",
                name=_("Audit log"),
                purpose=_("Who did what, when, and by which way."),
                needs=Permission.ADMINISTER,
            ),
        ),
    ),
)


def groups_for(may: Callable[[Permission], bool]) -> tuple[Group, ...]:
    """Return the groups with the pages that somebody may see; empty groups are left out."""
    shown = (
        Group(name=group.name, places=tuple(place for place in group.places if may(place.needs))) for group in GROUPS
    )
    return tuple(group for group in shown if group.places)
