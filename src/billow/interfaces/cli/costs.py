"""`billow costs`: bills in, and what they come to."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.documents import import_document
from billow.interfaces.cli.door import FAILED, BillowGroup, Door, Month, error_line, issue_document
from billow.interfaces.cli.tables import print_table

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod
    from billow.usecases.import_costs import ImportSummary
    from billow.usecases.report_costs import CostReport

FORMATS = ("auto", "focus", "cur", "cur2", "azure", "gcp", "custom")


@click.group(cls=BillowGroup)
def costs() -> None:
    """Import bills and report costs."""


@costs.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--integration", required=True, help="The cost source the bill is of.")
@click.option("--format", "bill_format", type=click.Choice(FORMATS), default="auto", show_default=True)
@click.option("--dry-run", is_flag=True, help="Read and check everything, change nothing.")
@click.pass_obj
def import_(door: Door, paths: tuple[Path, ...], integration: str, bill_format: str, dry_run: bool) -> None:
    """Import files or folders as one delivery: all of it, or nothing and every problem named.

    A newer delivery takes the place of the older for the same billing period; the same bytes again change nothing.

    \b
    Example:
      billow costs import bills/2026-03/ --integration "AWS payer"
    """
    from billow.usecases.find import find_integration
    from billow.usecases.import_costs import import_costs
    from billow.usecases.refused import Refused

    found = find_integration(actor=door.actor, text=integration)
    try:
        with door.progress("Importing") as show:
            report = import_costs(
                actor=door.actor,
                integration=found,
                paths=paths,
                format=bill_format,
                dry_run=dry_run,
                now=door.now,
                on_progress=show,
            )
    except Refused as refused:
        if refused.code != "bad_bill":
            raise
        _refuse(door, refused)
    documents = [_summary_document(summary) for summary in report.imports]
    issues = [issue_document(issue) for issue in report.issues]
    for issue in report.issues:
        door.say(f"warning[{issue.code}]: {f'{issue.path}: ' if issue.path else ''}{issue.message}")
    for summary in report.imports:
        if summary.rows_rounded:
            door.say(
                f"{summary.billing_period}: {summary.rows_rounded} of {summary.rows} rows are finer than 18 decimals "
                f"and were rounded; together that changes the cost by {summary.rounding_difference:f}"
            )
    door.answer({"imports": documents, "issues": issues}, lambda: _print_imports(documents))


@costs.command("list")
@click.option("--period", type=Month(), help="Only this month.")
@click.pass_obj
def list_(door: Door, period: "BillingPeriod | None") -> None:
    """List the live imports with their totals.

    \b
    Example:
      billow costs list --period 2026-03
    """
    from billow.usecases.costs import list_imports

    documents = [
        {**import_document(each), "superseded": None, "unchanged": False}
        for each in list_imports(actor=door.actor, period=period)
    ]
    door.answer({"imports": documents, "issues": []}, lambda: _print_imports(documents))


@costs.command()
@click.option("--period", type=Month(), required=True, help="The month, YYYY-MM.")
@click.option("--account", help="Only this managed account.")
@click.option(
    "--group-by",
    default="account,provider,service",
    show_default=True,
    help="Of account, provider, service, category, sub_category, charge_type, region, billing_account_id, account_id.",
)
@click.pass_obj
def report(door: Door, period: "BillingPeriod", account: str | None, group_by: str) -> None:
    """Show what the provider charged, what customers are shown, and what nobody owns.

    \b
    Example:
      billow costs report --period 2026-03 --group-by account
    """
    from billow.usecases.find import find_account
    from billow.usecases.report_costs import report_costs

    found = None if account is None else find_account(actor=door.actor, text=account)
    names = [name.strip() for name in group_by.split(",") if name.strip()]
    told = report_costs(actor=door.actor, period=period, account=found, group_by=names)
    door.warn(told.issues)
    door.answer(_report_document(told), lambda: _print_report(told))


def _refuse(door: Door, refused: Any) -> None:
    """Print every problem of a refused delivery, and end."""
    for issue in refused.issues:
        if issue.is_error:
            click.echo(error_line(code=issue.code, message=issue.message, file=issue.path), err=True)
    door.say(refused.message)
    document = {"imports": [], "issues": [issue_document(issue) for issue in refused.issues]}
    door.answer(document, lambda: None)
    raise SystemExit(FAILED)


def _summary_document(summary: "ImportSummary") -> dict[str, Any]:
    return {
        "token": summary.token,
        "integration": summary.integration,
        "billing_period": summary.billing_period,
        "format": summary.format,
        "files": summary.files,
        "rows": summary.rows,
        "rows_rounded": summary.rows_rounded,
        "rounding_difference": summary.rounding_difference,
        "costs": [
            {
                "currency": totals.currency,
                "billed_cost": totals.billed_cost,
                "effective_cost": totals.effective_cost,
                "list_cost": totals.list_cost,
                "contracted_cost": totals.contracted_cost,
            }
            for totals in summary.costs
        ],
        "superseded": summary.superseded,
        "unchanged": summary.unchanged,
    }


def _print_imports(documents: list[dict[str, Any]]) -> None:
    print_table(
        headers=("Month", "Integration", "Rows", "Currency", "Billed cost", "Effective cost", "", "Token"),
        rows=[
            (
                each["billing_period"],
                each["integration"],
                f"{each['rows']:,}",
                totals["currency"],
                totals["billed_cost"],
                totals["effective_cost"],
                _note(each),
                each["token"],
            )
            for each in documents
            for totals in each["costs"]
        ],
        right=(2, 4, 5),
    )


def _note(document: dict[str, Any]) -> str:
    if document["unchanged"]:
        return "unchanged"
    return f"instead of {document['superseded']}" if document["superseded"] else ""


def _report_document(told: "CostReport") -> dict[str, Any]:
    return {
        "billing_period": str(told.period),
        "group_by": told.group_by,
        "rows": [
            {
                **row.group,
                "currency": row.currency,
                "provider_cost": row.provider_cost,
                "customer_cost": row.customer_cost,
                "margin": row.customer_cost - row.provider_cost,
            }
            for row in told.rows
        ],
        "totals": [
            {
                "currency": total.currency,
                "provider_cost": total.provider_cost,
                "customer_cost": total.customer_cost,
                "margin": total.customer_cost - total.provider_cost,
                "unallocated": total.unallocated,
            }
            for total in told.totals
        ],
        "unallocated": [
            {
                "integration": cost.integration_token,
                "provider": cost.provider,
                "billing_account_id": cost.billing_account_id,
                "account_id": cost.sub_account_id,
                "account_name": cost.sub_account_name,
                "currency": cost.currency,
                "cost": cost.cost,
                "charges": cost.charges,
            }
            for cost in told.unallocated
        ],
    }


def _print_report(told: "CostReport") -> None:
    first = len(told.group_by)
    numbers = (first + 1, first + 2, first + 3)
    print_table(
        headers=(*told.group_by, "currency", "provider cost", "customer cost", "margin"),
        rows=[
            (
                *row.group.values(),
                row.currency,
                row.provider_cost,
                row.customer_cost,
                row.customer_cost - row.provider_cost,
            )
            for row in told.rows
        ],
        right=numbers,
    )
    print_table(
        title="Totals",
        headers=("currency", "provider cost", "customer cost", "margin", "unallocated"),
        rows=[
            (
                total.currency,
                total.provider_cost,
                total.customer_cost,
                total.customer_cost - total.provider_cost,
                total.unallocated,
            )
            for total in told.totals
        ],
        right=(1, 2, 3, 4),
    )
    if told.unallocated:
        print_table(
            title="Unallocated",
            headers=("provider", "billing account", "sub account", "name", "currency", "cost", "charges"),
            rows=[
                (
                    cost.provider,
                    cost.billing_account_id,
                    cost.sub_account_id,
                    cost.sub_account_name,
                    cost.currency,
                    cost.cost,
                    cost.charges,
                )
                for cost in told.unallocated
            ],
            right=(5, 6),
        )
