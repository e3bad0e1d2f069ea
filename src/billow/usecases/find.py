"""Find the record a person names: by token, or by its name where only one has it."""

import re
from typing import TypeVar

from django.db.models import Model, QuerySet

from billow.records.billing.models import BillingProfile, BillingRule, Invoice, ManagedAccount
from billow.records.costs.models import Integration
from billow.usecases.actor import Actor
from billow.usecases.refused import Refused

RowT = TypeVar("RowT", bound=Model)


def find_account(*, actor: Actor, text: str) -> ManagedAccount:
    """Return the live managed account with this token or name."""
    accounts = ManagedAccount.objects.visible_to(actor).live().select_related("billing_profile")
    return _find(accounts, text, by="name", kind="managed account", list_with="billow accounts list")


def find_profile(*, actor: Actor, text: str) -> BillingProfile:
    """Return the billing profile with this token or nickname."""
    profiles = BillingProfile.objects.visible_to(actor)
    return _find(profiles, text, by="nickname", kind="billing profile", list_with="billow profiles list")


def find_rule(*, actor: Actor, text: str) -> BillingRule:
    """Return the billing rule with this token or title."""
    rules = BillingRule.objects.visible_to(actor)
    return _find(rules, text, by="title", kind="billing rule", list_with="billow rules list")


def find_integration(*, actor: Actor, text: str) -> Integration:
    """Return the integration with this token or name."""
    integrations = Integration.objects.filter(management_account=actor.management_account)
    return _find(integrations, text, by="name", kind="integration", list_with="billow integrations list")


def find_invoice(*, actor: Actor, text: str) -> Invoice:
    """Return the invoice with this token or number."""
    invoices = Invoice.objects.visible_to(actor).select_related("managed_account")
    return _find(invoices, text, by="number", kind="invoice", list_with="billow invoices list")


def spaced(text: str) -> str:
    """Return the pattern of the name with any spaces around it, which programs may have written."""
    return rf"^\s*{re.escape(text.strip())}\s*$"


def _find(rows: "QuerySet[RowT]", text: str, *, by: str, kind: str, list_with: str) -> RowT:
    wanted = text.strip()
    for condition in ({"token": wanted}, {by: wanted}, {f"{by}__iexact": wanted}, {f"{by}__iregex": spaced(wanted)}):
        found = list(rows.filter(**condition).order_by("pk")[:6]) if wanted else []
        if len(found) == 1:
            return found[0]
        if found:
            tokens = ", ".join(row.token for row in found)  # type: ignore[attr-defined]
            raise Refused("ambiguous", f"Several are the {kind} {wanted!r}; name one by its token: {tokens}")
    raise Refused("not_found", f"There is no {kind} {wanted!r}; `{list_with}` lists them")
