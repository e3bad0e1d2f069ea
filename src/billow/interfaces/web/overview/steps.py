"""What to do next, in words and as one button."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billow.interfaces.web.overview.button import Button
from billow.interfaces.web.overview.set_up import INTEGRATIONS, may_do, set_up_buttons
from billow.usecases.arrivals import Arrival
from billow.usecases.close_overview import CloseOverview, NextStep, Step

_TONES = {
    Step.IMPORT: "attention",
    Step.WAIT: "quiet",
    Step.ALLOCATE: "attention",
    Step.WATCH: "busy",
    Step.MEND: "bad",
    Step.REVIEW: "attention",
    Step.DELIVER: "bad",
    Step.CLOSED: "good",
    Step.NOTHING: "quiet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The next step: what it is, why, its button, and another that could be pressed already."""

    title: str
    reason: str
    tone: str
    button: Button | None
    also: Button | None


def next_of(overview: CloseOverview, *, may_invoice: bool, may_feed: bool, month: str) -> Next:
    """Return the next step for a person who may, or may not, invoice and bring in bills."""
    step, also = overview.next, overview.also
    return Next(
        title=_titles(overview, step, month)[step.step],
        reason=_reasons(overview)[step.step],
        tone=_TONES.get(step.step, "todo"),
        button=_button(overview, step, may_invoice=may_invoice, may_feed=may_feed),
        also=_button(overview, also, may_invoice=True, may_feed=may_feed) if also and may_invoice else None,
    )


def _titles(overview: CloseOverview, step: NextStep, month: str) -> Mapping[Step, str]:
    number = step.number
    name = next((source.name for source in overview.sources if source.token == step.token), "")
    values = {"number": number, "month": month, "name": name}
    final = _("Import the final bill of %(name)s")
    titles = {
        Step.SET_UP: _("Set up the first invoice"),
        Step.IMPORT: final if _is_late(overview, step) else _("Import the bill of %(name)s"),
        Step.WAIT: _("%(month)s is not open yet"),
        Step.ALLOCATE: ngettext(
            "Say whose costs %(number)d account at a provider are",
            "Say whose costs %(number)d accounts at providers are",
            number,
        ),
        Step.GENERATE: ngettext("Generate %(number)d invoice", "Generate %(number)d invoices", number),
        Step.WATCH: ngettext(
            "%(number)d invoice is being generated", "%(number)d invoices are being generated", number
        ),
        Step.MEND: ngettext("Mend %(number)d failure", "Mend %(number)d failures", number),
        Step.REVIEW: ngettext("Look over %(number)d draft", "Look over %(number)d drafts", number),
        Step.APPROVE: ngettext("Approve and send %(number)d draft", "Approve and send %(number)d drafts", number),
        Step.DELIVER: ngettext("%(number)d invoice did not arrive", "%(number)d invoices did not arrive", number),
        Step.CLOSED: _("%(month)s is closed"),
        Step.NOTHING: _("Nothing to invoice for %(month)s"),
    }
    return {each: text % values for each, text in titles.items()}


def _reasons(overview: CloseOverview) -> Mapping[Step, str]:
    counts = overview.counts
    approved = ngettext("%(number)d invoice is approved.", "All %(number)d invoices are approved.", counts.approved)
    return {
        Step.SET_UP: _("The steps below lead there, one after the other."),
        Step.IMPORT: _("Until it has come, its customers' invoices would lack costs."),
        Step.WAIT: next((row.reason for row in overview.blocked if row.code == "month_not_closed"), ""),
        Step.ALLOCATE: _("Nobody is charged for them until they are delegated."),
        Step.GENERATE: _("Nothing is sent: drafts are looked over and approved first."),
        Step.WATCH: _("This page changes by itself when they are done."),
        Step.MEND: _("Each stands below with its reason and what helps."),
        Step.REVIEW: _review_reason(counts.stale, counts.warned),
        Step.APPROVE: _("No draft has a warning, and all are up to date."),
        Step.DELIVER: _("Correct the addresses, then send again. The invoices themselves stay."),
        Step.CLOSED: approved % {"number": counts.approved},
        Step.NOTHING: _("No customer has to be invoiced for this month."),
    }


def _is_late(overview: CloseOverview, step: NextStep) -> bool:
    """Tell whether something of the bill is there already."""
    return any(source.token == step.token and source.arrival is Arrival.NOT_FINAL for source in overview.sources)


def _review_reason(stale: int, warned: int) -> str:
    parts = []
    if stale:
        text = ngettext("%(n)d no longer matches the data", "%(n)d no longer match the data", stale)
        parts.append(text % {"n": stale})
    if warned:
        parts.append(ngettext("%(n)d has a warning", "%(n)d have warnings", warned) % {"n": warned})
    return _("Of these, %(parts)s.") % {"parts": _(" and ").join(parts)}


def _button(overview: CloseOverview, step: NextStep, *, may_invoice: bool, may_feed: bool) -> Button | None:
    """Return what does the step; for whoever may not, what shows it."""
    if step.step is Step.SET_UP:
        steps = overview.first_steps
        if steps is None or not may_do(steps.next, may_invoice=may_invoice, may_feed=may_feed):
            return None
        return set_up_buttons(steps, period=overview.period)[steps.next][0]
    if may_invoice and step.step is Step.GENERATE:
        label = ngettext("Generate %(number)d invoice", "Generate %(number)d invoices", step.number)
        return Button(label=label % {"number": step.number}, act="generate", status="ready")
    if may_invoice and step.step is Step.APPROVE:
        label = ngettext("Approve %(number)d draft", "Approve %(number)d drafts", step.number)
        return Button(label=label % {"number": step.number}, act="approve", status="awaiting_approval")
    review = ngettext("Review %(number)d draft", "Review %(number)d drafts", step.number) % {"number": step.number}
    invoices, source = f"/invoices?period={overview.period}", f"{INTEGRATIONS}/{step.token}"
    links = {
        Step.IMPORT: (_("Import the bill") if may_feed else _("Show the integration"), source),
        Step.ALLOCATE: (
            _("Allocate costs") if may_feed else _("Show the costs"),
            f"{source}/unallocated?period={overview.period}",
        ),
        Step.GENERATE: (_("Show them"), f"{invoices}&status=ready"),
        Step.REVIEW: (review, f"{invoices}&status=awaiting_approval"),
        Step.APPROVE: (review, f"{invoices}&status=awaiting_approval"),
        Step.WATCH: (_("Watch them"), f"{invoices}&status=generating"),
        Step.MEND: (_("Show what helps"), "#to-mend"),
        Step.DELIVER: (_("Fix deliveries"), "#to-mend"),
        Step.CLOSED: (_("Show the invoices"), invoices),
    }
    if step.step not in links:
        return None
    label, url = links[step.step]
    return Button(label=label, url=url)
