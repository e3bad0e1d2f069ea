"""`billow invoices`: what can be invoiced, what is, and making drafts."""

from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.documents import invoice_document
from billow.interfaces.cli.door import FAILED, PARTLY_DONE, BillowGroup, Door, Month, error_line
from billow.interfaces.cli.tables import print_table

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod
    from billow.usecases.refused import BulkResult

STATUSES = ("generating", "awaiting_approval", "failed", "approved", "cancelled")


@click.group(cls=BillowGroup)
def invoices() -> None:
    """Generate, approve, send and explain invoices."""


@invoices.command()
@click.option("--period", type=Month(), help="The month; without it, every open one.")
@click.pass_obj
def ready(door: Door, period: "BillingPeriod | None") -> None:
    """List what can be invoiced, and why the rest cannot.

    \b
    Example:
      billow invoices ready --period 2026-03
    """
    from billow.usecases.ready_to_invoice import ready_list

    found = ready_list(actor=door.actor, now=door.now, period=period)
    document = {
        "ready": [
            {
                "account": row.account_name,
                "account_token": row.account_token,
                "billing_period": str(row.period),
                "currency": row.currency,
                "provider_cost": row.provider_cost,
                "warnings": [{"code": issue.code, "message": issue.message} for issue in row.warnings],
            }
            for row in found.ready
        ],
        "blocked": [
            {
                "account": row.account_name,
                "account_token": row.account_token,
                "billing_period": str(row.period),
                "code": row.code,
                "reason": row.reason,
            }
            for row in found.blocked
        ],
    }

    def text() -> None:
        print_table(
            headers=("Account", "Month", "Provider cost", "", "Look at"),
            rows=[
                (row.account_name, row.period, row.provider_cost, row.currency, [w.message for w in row.warnings])
                for row in found.ready
            ],
            right=(2,),
        )
        if found.blocked:
            rows = [(row.account_name, row.period, row.reason) for row in found.blocked]
            print_table(title="Not ready", headers=("Account", "Month", "Reason"), rows=rows)

    door.answer(document, text)


@invoices.command("list")
@click.option("--period", type=Month(), help="Only this month.")
@click.option("--account", help="Only this managed account.")
@click.option("--status", type=click.Choice(STATUSES), help="Only this status.")
@click.pass_obj
def list_(door: Door, period: "BillingPeriod | None", account: str | None, status: str | None) -> None:
    """List invoices with cost, total and margin.

    \b
    Example:
      billow invoices list --period 2026-03 --status awaiting_approval
    """
    from billow.usecases.find import find_account
    from billow.usecases.read_invoices import list_invoices

    found = None if account is None else find_account(actor=door.actor, text=account)
    rows = list_invoices(actor=door.actor, now=door.now, period=period, account=found, status=status)
    documents = [invoice_document(row) for row in rows]

    def text() -> None:
        print_invoices(documents)
        failed = [each for each in documents if each["failure"]]
        if failed:
            reasons = [(each["number"], each["account"], each["failure"]["message"]) for each in failed]
            print_table(title="Failed", headers=("Number", "Account", "Reason"), rows=reasons)

    door.answer({"invoices": documents}, text)


@invoices.command()
@click.option("--period", type=Month(), help="The month; the newest that is over if left out.")
@click.option("--account", "accounts", multiple=True, help="A managed account; repeat for several.")
@click.option("--all", "everybody", is_flag=True, help="Every account that is ready.")
@click.option("--no-wait", is_flag=True, help="Only ask for it; a worker does it.")
@click.pass_obj
def generate(
    door: Door, period: "BillingPeriod | None", accounts: tuple[str, ...], everybody: bool, no_wait: bool
) -> None:
    """Make drafts, each with its number, and wait for them.

    \b
    Examples:
      billow invoices generate --all --period 2026-03
      billow invoices generate --account Ada --account "Bob's Bikes"
    """
    if everybody == bool(accounts):
        raise click.UsageError("Name accounts with --account, or all of them with --all.")
    from billow.usecases.closed_months import newest_ended_month
    from billow.usecases.find import find_account
    from billow.usecases.generate_invoices import request_generation

    month = period or newest_ended_month(management_account=door.actor.management_account, now=door.now)
    tokens = None if everybody else [find_account(actor=door.actor, text=name).token for name in accounts]
    result = request_generation(actor=door.actor, account_tokens=tokens, period=month, now=door.now)
    if not result.items:
        door.say(f"No account is ready for {month}; `billow invoices ready --period {month}` says why.")
    if not no_wait:
        generate_now_with_bar(door, done_tokens(result))
    _tell_generated(door, result)


def print_invoices(documents: list[dict[str, Any]]) -> None:
    """Print the table of invoices."""
    print_table(
        headers=("Number", "Account", "Month", "Provider cost", "Subtotal", "Total", "", "Margin", "Status", "Mail"),
        rows=[
            (
                each["number"],
                each["account"],
                each["billing_period"],
                each["provider_cost"],
                each["subtotal"],
                each["total"],
                each["currency"],
                each["margin"],
                f"{each['status']}{' (stale)' if each['is_stale'] else ''}",
                each["delivery_status"],
            )
            for each in documents
        ],
        right=(3, 4, 5, 7),
    )


def done_tokens(result: "BulkResult") -> list[str]:
    """Return the tokens of what was done."""
    return [item.token for item in result.items if item.done]


def generate_now_with_bar(door: Door, tokens: list[str]) -> None:
    """Generate in this process and wait."""
    from billow.usecases.work_now import generate_now

    with door.progress("Generating") as show:
        generate_now(
            actor=door.actor,
            invoice_tokens=tokens,
            clock=lambda: door.now,
            on_progress=lambda done, total: show("", done, total),
        )


def rows_of(door: Door, tokens: list[str]) -> list[dict[str, Any]]:
    """Return the invoices as documents, in the order of the list."""
    from billow.usecases.read_invoices import list_invoices

    wanted = set(tokens)
    rows = list_invoices(actor=door.actor, now=door.now) if wanted else ()
    return [invoice_document(row) for row in rows if row.token in wanted]


def _tell_generated(door: Door, result: "BulkResult") -> None:
    documents = rows_of(door, done_tokens(result))
    failed = [
        {"account": item.label, "account_token": item.token, "code": item.code, "message": item.message}
        for item in result.items
        if not item.done
    ]
    failed += [
        {
            "account": each["account"],
            "account_token": each["account_token"],
            "number": each["number"],
            "code": each["failure"]["code"],
            "message": each["failure"]["message"],
        }
        for each in documents
        if each["status"] == "failed"
    ]
    for each in failed:
        click.echo(error_line(code=each["code"], message=f"{each['account']}: {each['message']}"), err=True)
    good = [each for each in documents if each["status"] != "failed"]
    door.answer({"invoices": documents, "failed": failed}, lambda: print_invoices(documents))
    if failed:
        raise SystemExit(PARTLY_DONE if good else FAILED)
