"""The way to the first invoice: what is done, what is next, and the pages that do it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billow.interfaces.web.overview.button import Button
from billow.terms.period import BillingPeriod
from billow.usecases.first_steps import FirstStep, FirstSteps

INTEGRATIONS = "/settings/integrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpStep:
    """One line of the way; ``state`` is done, next or todo."""

    number: int
    title: str
    reason: str
    state: str
    buttons: tuple[Button, ...]


def set_up_steps(
    steps: FirstSteps, *, period: BillingPeriod, may_invoice: bool, may_feed: bool
) -> tuple[SetUpStep, ...]:
    """Return the way to the first invoice, with the buttons of what the person may do."""
    texts, buttons = _texts(), set_up_buttons(steps, period=period)
    shown = []
    for number, step in enumerate(FirstStep, start=1):
        state = "done" if step in steps.done else "next" if step is steps.next else "todo"
        # Rules can be left out, so the invoice can be made beside them.
        is_open = state == "next" or (step is FirstStep.INVOICE and steps.next is FirstStep.RULES)
        title, reason = texts[step]
        shown.append(
            SetUpStep(
                number=number,
                title=title,
                reason=reason,
                state=state,
                buttons=buttons[step] if is_open and may_do(step, may_invoice=may_invoice, may_feed=may_feed) else (),
            )
        )
    return tuple(shown)


def may_do(step: FirstStep, *, may_invoice: bool, may_feed: bool) -> bool:
    """Tell whether somebody who may invoice, or bring in bills, may do the step."""
    return may_invoice if step in {FirstStep.PROFILE, FirstStep.INVOICE} else may_feed


def set_up_buttons(steps: FirstSteps, *, period: BillingPeriod) -> Mapping[FirstStep, tuple[Button, ...]]:
    """Return what does each step, the usual first."""
    source = f"{INTEGRATIONS}/{steps.integration}" if steps.integration else ""
    bills = (_("Upload a bill"), source) if source else (_("Add an integration"), f"{INTEGRATIONS}/new")
    return {
        FirstStep.PROFILE: (Button(label=_("Create a billing profile"), url="/settings/billing-profiles/new"),),
        FirstStep.BILLS: (Button(label=bills[0], url=bills[1]),),
        FirstStep.CUSTOMERS: (
            Button(label=_("Import a CSV file"), url="/accounts/import"),
            Button(label=_("Add one customer"), url="/accounts/new"),
        ),
        FirstStep.DELEGATION: (
            Button(label=_("Delegate costs"), url=f"{source}/unallocated" if source else INTEGRATIONS),
        ),
        FirstStep.RULES: (Button(label=_("Add a billing rule"), url="/settings/billing-rules/new"),),
        FirstStep.INVOICE: (Button(label=_("Go to the invoices"), url=f"/invoices?period={period}"),),
    }


def _texts() -> Mapping[FirstStep, tuple[str, str]]:
    return {
        FirstStep.PROFILE: (
            _("Your billing profile"),
            _("Your company, bank account, taxes and logo, as every invoice prints them."),
        ),
        FirstStep.BILLS: (
            _("A source of bills"),
            _("Connect a provider or costs of your own, and upload the bill of a closed month."),
        ),
        FirstStep.CUSTOMERS: (_("Your customers"), _("One by one, or all at once from a CSV file.")),
        FirstStep.DELEGATION: (
            _("Whose costs are whose"),
            _("Give each customer the accounts at the provider that are theirs."),
        ),
        FirstStep.RULES: (
            _("Billing rules"),
            _("Discounts, margins, fees. Without them customers pay what the provider charges, so they can wait."),
        ),
        FirstStep.INVOICE: (
            _("The first invoice"),
            _("Generate it, look it over, approve it; the PDF goes out by e-mail."),
        ),
    }
