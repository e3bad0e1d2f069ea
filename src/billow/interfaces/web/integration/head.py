"""The head of an integration's page: its name and its tabs."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.providers import provider_name
from billow.records.accounts.models import Permission
from billow.records.costs.models import Integration
from billow.usecases.actor import Actor
from billow.usecases.upload_costs import CUSTOM_PROVIDER

PATH = "/settings/integrations"


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
    provider: str
    is_custom: bool
    tabs: tuple[Tab, ...]
    may_change: bool


def head_of(integration: Integration, *, tab: str, actor: Actor) -> Head:
    """Return the head of the integration's page with this tab chosen."""
    tabs = (
        ("bills", _("Bills"), ""),
        ("unallocated", _("Unallocated costs"), "/unallocated"),
        ("delegations", _("Delegations"), "/delegations"),
    )
    return Head(
        token=integration.token,
        name=integration.name,
        provider=provider_name(integration.provider),
        is_custom=integration.provider == CUSTOM_PROVIDER,
        tabs=tuple(
            Tab(label=label, url=f"{PATH}/{integration.token}{path}", is_chosen=name == tab)
            for name, label, path in tabs
        ),
        may_change=actor.may(Permission.WRITE_RULES),
    )
