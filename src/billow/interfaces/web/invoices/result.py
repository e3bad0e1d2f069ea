"""What became of each item of an act."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billow.interfaces.web.invoices.acts import Act
from billow.records.billing.models import Invoice
from billow.usecases.actor import Actor
from billow.usecases.refused import BulkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """One item: its name, its customer where known, and what happened."""

    label: str
    customer: str
    url: str
    is_done: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the dialog says afterwards; ``is_simple`` when one line at the page's edge says it all."""

    title: str
    lines: tuple[ResultLine, ...]
    done: int
    refused: int

    @property
    def is_simple(self) -> bool:
        """Tell whether there is nothing to read but success of one item."""
        return self.refused == 0 and self.done == 1


def result_of(*, actor: Actor, act: Act, bulk: BulkResult) -> Result:
    """Return the result with refused items first."""
    tokens = [item.token for item in bulk.items]
    invoices = Invoice.objects.visible_to(actor).filter(token__in=tokens)
    customers = dict(invoices.values_list("token", "managed_account__name"))
    lines = [
        ResultLine(
            label=item.label or item.token,
            customer=customers.get(item.token, ""),
            url=f"/invoices/{item.token}" if item.token in customers else "",
            is_done=item.done,
            message=item.message,
        )
        for item in bulk.items
    ]
    done = sum(item.done for item in bulk.items)
    return Result(
        title=_title(act, [line for line in lines if line.is_done], refused=len(lines) - done),
        lines=tuple(sorted(lines, key=lambda line: line.is_done)),
        done=done,
        refused=len(lines) - done,
    )


def _title(act: Act, done: list[ResultLine], *, refused: int) -> str:
    if not done and not refused:
        return _("There was nothing to do")
    if not done:
        return _("Nothing was done")
    many = ngettext("%(number)s invoice", "%(number)s invoices", len(done)) % {"number": len(done)}
    sentence = act.done.format(what=done[0].label if len(done) == 1 else many)
    if not refused:
        return sentence
    return _("%(sentence)s; %(number)s refused") % {"sentence": sentence, "number": refused}
