"""The head of a managed account's page: its name and its tabs."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billow.records.accounts.models import Permission
from billow.records.billing.models import ManagedAccount
from billow.usecases.actor import Actor

_TABS = (
    ("general", gettext_noop("General"), ""),
    ("integrations", gettext_noop("Integrations"), "/integrations"),
    ("rules", gettext_noop("Billing rules"), "/rules"),
    ("invoices", gettext_noop("Invoices"), "/invoices"),
    ("people", gettext_noop("People"), "/people"),
)
_OWNERS_ONLY = frozenset({"people"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One tab."""

    label: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What every tab shows above its content."""

    token: str
    name: str
    contact_email: str
    currency: str
    tab: str
    tabs: tuple[Tab, ...]
    may_change: bool


def head_of(account: ManagedAccount, *, tab: str, actor: Actor) -> Head:
    """Return the head of the account's page with this tab chosen."""
    return Head(
        token=account.token,
        name=account.name,
        contact_email=account.contact_email,
        currency=account.currency,
        tab=next(_(label) for name, label, _path in _TABS if name == tab),
        tabs=(
            *(
                Tab(label=_(label), url=f"/accounts/{account.token}{path}", is_chosen=name == tab)
                for name, label, path in _TABS
                if name not in _OWNERS_ONLY or actor.may(Permission.ADMINISTER)
            ),
            Tab(label=_("Costs"), url=f"/costs?account={account.token}", is_chosen=False),
        ),
        may_change=actor.may(Permission.WRITE_RULES),
    )
