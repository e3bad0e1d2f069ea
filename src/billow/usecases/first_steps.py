"""The way from an empty installation to the first approved invoice, and how far it has been walked."""

from dataclasses import dataclass
from enum import StrEnum

from billow.invoicing.lifecycle import InvoiceStatus
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile, BillingRule, Delegation, Invoice, ManagedAccount
from billow.records.costs.models import CostImport, Integration
from billow.usecases.actor import Actor


class FirstStep(StrEnum):
    """What has to be done once, in this order."""

    PROFILE = "profile"
    BILLS = "bills"
    CUSTOMERS = "customers"
    DELEGATION = "delegation"
    RULES = "rules"
    """The only one that can be left out: without rules customers pay what the provider charges."""
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What is done, and the one to do next. ``integration`` is the token of a source to go on with, or empty."""

    done: frozenset[FirstStep]
    next: FirstStep
    integration: str


def first_steps(*, actor: Actor) -> FirstSteps | None:
    """Return the steps, or None once an invoice was approved; a constant number of queries."""
    actor.must(Permission.SEE_MANAGEMENT)
    mine = {"management_account": actor.management_account}
    invoices = Invoice.objects.filter(**mine)
    if invoices.filter(status=InvoiceStatus.APPROVED).exists():
        return None
    imports = CostImport.objects.filter(integration__management_account=actor.management_account)
    begun = invoices.exists()
    found = {
        FirstStep.PROFILE: BillingProfile.objects.filter(**mine).exists(),
        FirstStep.BILLS: imports.exists(),
        FirstStep.CUSTOMERS: ManagedAccount.objects.filter(**mine).live().exists(),
        FirstStep.DELEGATION: Delegation.objects.filter(**mine, managed_account__deleted_at__isnull=True).exists(),
        FirstStep.RULES: begun or BillingRule.objects.filter(**mine).exists(),
    }
    done = frozenset(step for step, is_done in found.items() if is_done)
    fed = imports.order_by("-created_at").values_list("integration__token", flat=True).first()
    any_source = Integration.objects.filter(**mine).order_by("pk").values_list("token", flat=True).first()
    return FirstSteps(
        done=done,
        next=next((step for step in FirstStep if step not in done), FirstStep.INVOICE),
        integration=fed or any_source or "",
    )
