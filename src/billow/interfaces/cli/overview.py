"""`billow overview`: how far the close of a month is, and what to do next."""

from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import BillowCommand, Door, Month
from billow.interfaces.cli.tables import amount_text, print_fields, print_table
from billow.terms.text import trimmed

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod
    from billow.usecases.close_overview import CloseOverview

_NEXT = {
    "set_up": "Set up: profile, bills, customers, delegations",
    "import": "Import the bill of {name}",
    "wait": "Wait until the month opens",
    "allocate": "Delegate {number} places of {name} that nobody owns",
    "generate": "Generate {number} invoices",
    "watch": "Wait for {number} invoices that are being generated",
    "mend": "Mend {number} failures",
    "review": "Look over {number} drafts",
    "approve": "Approve {number} drafts",
    "deliver": "Send {number} invoices again that did not arrive",
    "nothing": "Nothing to invoice",
    "closed": "Nothing: the month is closed",
}


@click.command(cls=BillowCommand)
@click.option("--period", type=Month(), help="The month, YYYY-MM; the newest that is over if left out.")
@click.pass_obj
def overview(door: Door, period: "BillingPeriod | None") -> None:
    """Show which bills arrived, what nobody owns, how far the invoices are, and what to do next.

    \b
    Example:
      billow overview --period 2026-03
    """
    from billow.usecases.close_overview import close_overview

    told = close_overview(actor=door.actor, now=door.now, period=period)
    document = _document(told)
    door.answer(document, lambda: _print(document))


def _document(told: "CloseOverview") -> dict[str, Any]:
    names = {source.token: source.name for source in told.sources}
    nobodys: dict[str, dict[str, Any]] = {}
    for place in told.unallocated:
        sums = nobodys.setdefault(place.integration_token, {})
        for currency, cost in place.costs.items():
            sums[currency] = sums.get(currency, 0) + cost
    return {
        "billing_period": str(told.period),
        "next": {
            "step": told.next.step.value,
            "number": told.next.number,
            "integration": told.next.token or None,
            "words": _NEXT[told.next.step].format(number=told.next.number, name=names.get(told.next.token, "")),
        },
        "bills": [
            {
                "integration": source.token,
                "name": source.name,
                "arrival": source.arrival.value,
                "because": source.lateness.value or None,
                "arrived_at": source.arrived_at,
                "billed": dict(source.costs),
                "unallocated": nobodys.get(source.token, {}),
            }
            for source in told.sources
        ],
        "invoices": {
            name: getattr(told.counts, name)
            for name in ("ready", "generating", "awaiting", "stale", "failed", "approved", "sent", "undelivered")
        },
        "totals": [
            {
                "currency": each.currency,
                "provider_cost": each.provider_cost,
                "subtotal": each.subtotal,
                "margin": each.margin,
                "total": each.total,
            }
            for each in told.sums
        ],
        "failures": [
            *({"name": row.number, "message": row.failure_message} for row in told.failed),
            *({"name": each.invoice.number, "message": f"not delivered: {each.answer}"} for each in told.undelivered),
            *({"name": row.account_name, "message": row.reason} for row in told.blocked),
            *({"name": name, "message": "no recipients"} for _, name in told.without_recipients),
        ],
    }


def _print(document: dict[str, Any]) -> None:
    print_fields(fields=[("Month", document["billing_period"]), ("Next step", document["next"]["words"])])
    print_table(
        title="Bills",
        headers=("Integration", "Arrival", "Arrived", "Billed", "Of nobody"),
        rows=[
            (
                trimmed(each["name"]),
                each["arrival"],
                each["arrived_at"],
                _sums(each["billed"]),
                _sums(each["unallocated"]),
            )
            for name, each in ((trimmed(each["name"]), each) for each in document["bills"])
        ],
        right=(3, 4),
    )
    print_table(title="Invoices", headers=tuple(document["invoices"]), rows=[tuple(document["invoices"].values())])
    if document["totals"]:
        print_table(
            title="Totals",
            headers=("Currency", "Provider cost", "Billed", "Margin", "Total"),
            rows=[tuple(each.values()) for each in document["totals"]],
            right=(1, 2, 3, 4),
        )
    if document["failures"]:
        print_table(
            title="To mend", headers=("What", "Why"), rows=[tuple(each.values()) for each in document["failures"]]
        )


def _sums(costs: dict[str, Any]) -> str:
    return ", ".join(f"{amount_text(cost)} {currency}" for currency, cost in costs.items())
