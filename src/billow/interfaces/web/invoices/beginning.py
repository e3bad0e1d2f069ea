"""What an empty screen says: how to come to the first invoice."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import BillingProfile, Delegation, Invoice, ManagedAccount
from billow.records.costs.models import CostImport


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginningStep:
    """One step, whether it is done, and how to do it."""

    title: str
    reason: str
    command: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The steps to the first invoice."""

    steps: tuple[BeginningStep, ...]
    next_step: int

    @property
    def is_complete(self) -> bool:
        """Tell whether every step is done, so that only this month has nothing to invoice."""
        return all(step.is_done for step in self.steps)


def beginning(*, management_account: ManagementAccount) -> Beginning | None:
    """Return the steps with what is done already, or None once there are invoices."""
    mine = {"management_account": management_account}
    if Invoice.objects.filter(**mine).exists():
        return None
    steps = (
        BeginningStep(
            title=_("Create a billing profile"),
            reason=_("Your company, bank account and taxes, as printed on every invoice."),
            command='billow profiles add "Main" --company-name "Your company"',
            is_done=BillingProfile.objects.filter(**mine).exists(),
        ),
        BeginningStep(
            title=_("Bring in a provider's bill"),
            reason=_("FOCUS files of a closed month, as CSV or Parquet."),
            command='billow integrations add "AWS" --provider aws  &&  billow costs import bills/ --integration "AWS"',
            is_done=CostImport.objects.filter(integration__management_account=management_account).exists(),
        ),
        BeginningStep(
            title=_("Add your customers"),
            reason=_("Name, currency, billing address and who receives the invoice; one by one or from a CSV file."),
            command="billow accounts import customers.csv",
            is_done=ManagedAccount.objects.filter(**mine).live().exists(),
        ),
        BeginningStep(
            title=_("Say whose costs are whose"),
            reason=_("Give each customer the provider accounts that are theirs."),
            command='billow integrations delegate "AWS" --account "Customer" --sub-account 123456789012',
            is_done=Delegation.objects.filter(**mine).exists(),
        ),
    )
    waiting = [number for number, step in enumerate(steps, start=1) if not step.is_done]
    return Beginning(steps=steps, next_step=waiting[0] if waiting else 0)
