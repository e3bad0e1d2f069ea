"""What deleting a managed account does, said before it is done."""

from dataclasses import dataclass

from billow.records.billing.models import Invoice, ManagedAccount
from billow.records.billing.models.invoices import InvoiceStatus
from billow.usecases.accounts import account_with
from billow.usecases.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnd:
    """What would be cancelled, what ends, and what stays. ``generating`` names the invoice that is in the way."""

    account: ManagedAccount
    drafts: tuple[str, ...]
    approved: int
    delegations: int
    rules: int
    generating: str


def account_end(*, actor: Actor, token: str) -> AccountEnd:
    """Return what deleting the account with this token would do; raise Refused where the actor may not."""
    actor.must_write_rules()
    account = account_with(actor=actor, token=token)
    invoices = Invoice.objects.visible_to(actor).filter(managed_account=account).order_by("series", "sequence")
    numbers: dict[str, list[str]] = {}
    for number, status in invoices.values_list("number", "status"):
        numbers.setdefault(status, []).append(number)
    return AccountEnd(
        account=account,
        drafts=(*numbers.get(InvoiceStatus.AWAITING_APPROVAL, ()), *numbers.get(InvoiceStatus.FAILED, ())),
        approved=len(numbers.get(InvoiceStatus.APPROVED, ())),
        delegations=len(account.delegations.all()),
        rules=len(account.rule_assignments.all()),
        generating=next(iter(numbers.get(InvoiceStatus.GENERATING, ())), ""),
    )
