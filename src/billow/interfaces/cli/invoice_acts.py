"""`billow invoices regenerate`, `approve`, `send` and `cancel`: the acts from draft to mail."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from billow.interfaces.cli.door import FAILED, PARTLY_DONE, Door, Month, error_line
from billow.interfaces.cli.invoices import done_tokens, generate_now_with_bar, invoices, print_invoices, rows_of

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod
    from billow.usecases.refused import BulkResult, ItemResult

__all__ = ["invoices"]
"""The group with these commands in it."""


@invoices.command()
@click.argument("numbers", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every draft and failed invoice.")
@click.option("--period", type=Month(), help="With --all: only of this month.")
@click.option("--no-wait", is_flag=True, help="Only ask for it; a worker does it.")
@click.pass_obj
def regenerate(
    door: Door, numbers: tuple[str, ...], everything: bool, period: "BillingPeriod | None", no_wait: bool
) -> None:
    """Make drafts anew from today's costs, rules and addresses; numbers stay.

    \b
    Example:
      billow invoices regenerate INV-2026-00012
    """
    from billow.usecases.generate_invoices import request_regeneration

    tokens, unknown = _meant(door, numbers, everything, period, ("awaiting_approval", "failed"))
    result = request_regeneration(actor=door.actor, invoice_tokens=tokens, now=door.now)
    if not no_wait:
        generate_now_with_bar(door, done_tokens(result))
    _tell_items(door, result, unknown)


@invoices.command()
@click.argument("numbers", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every draft.")
@click.option("--period", type=Month(), help="With --all: only of this month.")
@click.option("--no-send", is_flag=True, help="Approve without mailing.")
@click.option("--no-wait", is_flag=True, help="Leave the mailing to a worker.")
@click.option("--accept-stale", is_flag=True, help="Also drafts whose inputs changed since they were made.")
@click.pass_obj
def approve(
    door: Door,
    *,
    numbers: tuple[str, ...],
    everything: bool,
    period: "BillingPeriod | None",
    no_send: bool,
    no_wait: bool,
    accept_stale: bool,
) -> None:
    """Approve drafts for good, and mail them. An approved invoice never changes again.

    \b
    Example:
      billow invoices approve --all --period 2026-03 --yes
    """
    from billow.usecases.approve_invoices import approve as approve_invoices

    tokens, unknown = _meant(door, numbers, everything, period, ("awaiting_approval",))
    if tokens:
        door.confirm(f"Approve{'' if no_send else ' and mail'} {_count(tokens)} for good?")
    result = _one_by_one(
        door,
        "Approving",
        tokens,
        lambda token: approve_invoices(
            actor=door.actor, invoice_tokens=[token], now=door.now, send=not no_send, accept_stale=accept_stale
        ),
    )
    if not no_send and not no_wait:
        _deliver_now(door, done_tokens(result))
    _tell_items(door, result, unknown)


@invoices.command()
@click.argument("numbers", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every approved invoice.")
@click.option("--period", type=Month(), help="With --all: only of this month.")
@click.option("--no-wait", is_flag=True, help="Leave the mailing to a worker.")
@click.pass_obj
def send(door: Door, numbers: tuple[str, ...], everything: bool, period: "BillingPeriod | None", no_wait: bool) -> None:
    """Mail approved invoices again, to the addresses their accounts have today.

    \b
    Example:
      billow invoices send INV-2026-00012 --yes
    """
    from billow.usecases.send_invoices import send as send_invoices

    tokens, unknown = _meant(door, numbers, everything, period, ("approved",))
    if tokens:
        door.confirm(f"Mail {_count(tokens)} to the customers again?")
    result = send_invoices(actor=door.actor, invoice_tokens=tokens, now=door.now)
    if not no_wait:
        _deliver_now(door, done_tokens(result))
    _tell_items(door, result, unknown)


@invoices.command()
@click.argument("numbers", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every draft and failed invoice.")
@click.option("--period", type=Month(), help="With --all: only of this month.")
@click.option("--reason", required=True, help="Why; it is kept with the number.")
@click.pass_obj
def cancel(door: Door, numbers: tuple[str, ...], everything: bool, period: "BillingPeriod | None", reason: str) -> None:
    """Cancel drafts that will not be issued; they keep their numbers.

    \b
    Example:
      billow invoices cancel INV-2026-00012 --reason "Customer left in February" --yes
    """
    from billow.usecases.cancel_invoices import cancel as cancel_invoices

    tokens, unknown = _meant(door, numbers, everything, period, ("awaiting_approval", "failed"))
    if tokens:
        door.confirm(f"Cancel {_count(tokens)} for good?")
    result = cancel_invoices(actor=door.actor, invoice_tokens=tokens, reason=reason, now=door.now)
    _tell_items(door, result, unknown)


def _meant(
    door: Door,
    numbers: tuple[str, ...],
    everything: bool,
    period: "BillingPeriod | None",
    statuses: tuple[str, ...],
) -> "tuple[list[str], list[ItemResult]]":
    """Return the tokens that are meant, and what could not be found."""
    if everything == bool(numbers):
        raise click.UsageError("Name invoices by number, or all of them with --all.")
    if period is not None and not everything:
        raise click.UsageError("--period goes with --all.")
    from billow.usecases.find import find_invoice
    from billow.usecases.read_invoices import list_invoices
    from billow.usecases.refused import ItemResult, Refused

    if everything:
        rows = list_invoices(actor=door.actor, now=door.now, period=period)
        return [row.token for row in rows if row.status in statuses], []
    tokens: dict[str, None] = {}
    unknown = []
    for number in numbers:
        try:
            tokens[find_invoice(actor=door.actor, text=number).token] = None
        except Refused as no:
            unknown.append(ItemResult(token=number, label=number, done=False, code=no.code, message=no.message))
    return list(tokens), unknown


def _count(tokens: list[str]) -> str:
    return "1 invoice" if len(tokens) == 1 else f"{len(tokens):,} invoices"


def _one_by_one(door: Door, description: str, tokens: list[str], act: "Callable[[str], BulkResult]") -> "BulkResult":
    """Do a slow act invoice by invoice, so that the bar moves and an interruption loses nothing that is done."""
    from billow.usecases.refused import BulkResult

    items: list[ItemResult] = []
    with door.progress(description) as show:
        for place, token in enumerate(tokens):
            show("", place, len(tokens))
            items.extend(act(token).items)
    return BulkResult(items=tuple(items))


def _deliver_now(door: Door, tokens: list[str]) -> None:
    from billow.usecases.refused import Refused
    from billow.usecases.work_now import deliver_now

    try:
        with door.progress("Mailing") as show:
            deliver_now(
                actor=door.actor,
                invoice_tokens=tokens,
                clock=lambda: door.now,
                on_progress=lambda done, total: show("", done, total),
            )
    except Refused as no:
        # The approval stands; the mails wait in the outbox until the settings are right.
        door.say(f"warning[{no.code}]: {no.message}; the mails wait")


def _tell_items(door: Door, result: "BulkResult", unknown: "list[ItemResult]") -> None:
    """Print what became of each invoice, and leave with the code for done, refused or partly done."""
    rows = {each["token"]: each for each in rows_of(door, [item.token for item in result.items])}
    items = [
        {
            "token": item.token,
            "number": rows.get(item.token, {}).get("number", item.label),
            "done": item.done and rows.get(item.token, {}).get("status") != "failed",
            "code": item.code or None,
            "message": item.message or None,
        }
        for item in (*result.items, *unknown)
    ]
    for each in items:
        failure = rows.get(each["token"], {}).get("failure")
        if not each["done"] and failure and not each["code"]:
            each.update(failure)
        if not each["done"]:
            message = str(each["message"])
            named = message if message.startswith(str(each["number"])) else f"{each['number']}: {message}"
            click.echo(error_line(code=str(each["code"]), message=named), err=True)
    documents = list(rows.values())
    door.answer({"items": items, "invoices": documents}, lambda: print_invoices(documents))
    refused = [each for each in items if not each["done"]]
    if refused:
        raise SystemExit(FAILED if len(refused) == len(items) else PARTLY_DONE)
