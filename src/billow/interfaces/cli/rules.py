"""`billow rules`: what customers see of the cost."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from billow.interfaces.cli.documents import rule_document
from billow.interfaces.cli.door import FAILED, PARTLY_DONE, BillowGroup, Door, Failed, error_line
from billow.interfaces.cli.given import must_have, read_text
from billow.interfaces.cli.tables import cell_text, print_fields, print_table
from billow.terms.text import trimmed

if TYPE_CHECKING:
    from billow.records.billing.models import BillingRule, ManagedAccount

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_TYPES = ("exclusion", "adjustment", "charge", "credit", "custom")
_MOST_SQL = 60
_KIND_HELP = "Adjustment: per_service, public_price, remove_commitment_discounts or retier."
_TIER_HELP = "Support fee: UP_TO:PERCENT, and PERCENT alone for the rest; repeat in order."


def _rule_options(command: CommandT) -> CommandT:
    decorate: list[Callable[[CommandT], CommandT]] = [
        click.option("--charge-type", help="Exclusion: the charge type to leave out, such as Tax."),
        click.option("--percentage", help="Adjustment: percent of the cost to show; 110 is a markup of 10."),
        click.option("--service", help="Adjustment: only this service. Charge and credit: service of the line."),
        click.option("--category", help="Adjustment: only this category. Charge and credit: category of the line."),
        click.option("--sub-category", help="Charge and credit: sub-category of the line."),
        click.option("--amount", help="Charge and credit: a positive amount in the account's currency."),
        click.option("--start", "start_date", help="First day, YYYY-MM-DD."),
        click.option("--end", "end_date", help="Last day, YYYY-MM-DD."),
        click.option("--recurrence", help="Charge and credit: one_time or monthly."),
        click.option("--sql", "sql_query", help="Custom: one SQL statement (docs/rules.md)."),
        click.option(
            "--sql-file",
            type=click.Path(allow_dash=True),
            help="Custom: a file with the statement; - for standard input.",
        ),
        click.option("--adjustment-type", help=_KIND_HELP),
        click.option(
            "--include-free-tier/--no-include-free-tier",
            default=None,
            help="Re-tier: give the customer the free usage that an account of its own would have.",
        ),
        click.option("--charge-calculation", help="Charge: fixed or support_fee."),
        click.option("--support-plan", help="Support fee: as this plan; `billow rules fees` lists them."),
        click.option("--fee-tier", "fee_tiers", multiple=True, metavar="UP_TO:PERCENT", help=_TIER_HELP),
        click.option("--fee-minimum", help="Support fee: the least fee of a month."),
        click.option(
            "--fee-per-account/--no-fee-per-account",
            default=None,
            help="Support fee: each provider account pays its own.",
        ),
        click.option("--fee-provider", help="Support fee: whose spend counts, such as aws (default), or all."),
        click.option("--apply-to-all/--no-apply-to-all", default=None, help="For all accounts, also future ones."),
    ]
    for each in reversed(decorate):
        command = each(command)
    return command


@click.group(cls=BillowGroup)
def rules() -> None:
    """Billing rules: what customers see of the cost."""


@rules.command()
@click.argument("title")
@click.option("--type", "type", type=click.Choice(_TYPES, case_sensitive=False), required=True)
@_rule_options
@click.pass_obj
def add(door: Door, /, title: str, **options: Any) -> None:
    """Add a billing rule. It does nothing until it is assigned, unless it applies to all.

    \b
    Examples:
      billow rules add "Markup 10 %" --type adjustment --percentage 110 --apply-to-all
      billow rules add "No tax" --type exclusion --charge-type Tax
      billow rules add Support --type charge --service Support --category Support --sub-category Monthly \\
        --amount 99.50 --start 2026-01-01 --recurrence monthly
      billow rules add "AWS support" --type charge --service Support --category Support --sub-category Monthly \\
        --support-plan business
      billow rules add "List prices" --type adjustment --adjustment-type public_price
      billow rules add "Azure markup" --type custom \\
        --sql "UPDATE costs SET costs.amount = costs.amount * 1.08 WHERE costs.provider = 'azure'"
      billow rules add "No tax on credits" --type custom --sql-file rule.sql
    """
    from billow.usecases.rules import add_rule

    saved = add_rule(actor=door.actor, fields={**_given(options), "title": title}, now=door.now)
    door.warn(saved.warnings)
    _show(door, saved.rule)


@rules.command("set")
@click.argument("rule")
@click.option("--title", help="A new title.")
@_rule_options
@click.pass_obj
def change(door: Door, /, rule: str, **options: Any) -> None:
    """Change a billing rule; drafts it concerns become stale, issued invoices never change. "" empties a field.

    SQL that makes the rule run in another execution group puts it at the end of that group.

    \b
    Examples:
      billow rules set "Markup 10 %" --percentage 112.5
      billow rules set "Azure markup" --sql-file rule.sql
    """
    from billow.usecases.find import find_rule
    from billow.usecases.rules import change_rule

    fields = _given(options)
    must_have(fields)
    saved = change_rule(actor=door.actor, rule=find_rule(actor=door.actor, text=rule), fields=fields, now=door.now)
    door.warn(saved.warnings)
    _show(door, saved.rule)


@rules.command("list")
@click.pass_obj
def list_(door: Door) -> None:
    """List the billing rules.

    \b
    Example:
      billow rules list
    """
    from billow.usecases.rules import list_rules

    found = list_rules(actor=door.actor)
    documents = [rule_document(rule) for rule in found]
    door.answer(
        {"rules": documents},
        lambda: print_table(
            headers=("Rule", "Group", "Type", "Value", "From", "To", "All", "Accounts", "Token"),
            rows=[
                (
                    str(rule),
                    document["execution_group"],
                    rule.type,
                    _value(rule),
                    rule.start_date,
                    rule.end_date,
                    rule.apply_to_all,
                    len(rule.assignments.all()),
                    rule.token,
                )
                for rule, document in zip(found, documents, strict=True)
            ],
            right=(1, 7),
        ),
    )


@rules.command()
@click.argument("rule")
@click.pass_obj
def show(door: Door, rule: str) -> None:
    """Show a billing rule.

    \b
    Example:
      billow rules show "Markup 10 %"
    """
    from billow.usecases.find import find_rule

    _show(door, find_rule(actor=door.actor, text=rule))


@rules.command()
@click.argument("rules", nargs=-1)
@click.option("--account", "accounts", multiple=True, required=True, help="A managed account; repeat for several.")
@click.option("--exactly", is_flag=True, help="These rules and no others, in this order (none: take all away).")
@click.pass_obj
def assign(door: Door, rules: tuple[str, ...], accounts: tuple[str, ...], exactly: bool) -> None:
    """Assign rules to accounts, each at the end of its execution group; with --exactly in the order given.

    \b
    Examples:
      billow rules assign "Markup 10 %" --account Ada --account "Bob's Bikes"
      billow rules assign Support "No tax" "Markup 10 %" --account Ada --exactly
    """
    from billow.usecases.find import find_rule
    from billow.usecases.rule_assignments import in_order, rules_of

    found = [find_rule(actor=door.actor, text=rule) for rule in rules]
    if not exactly:
        must_have(found)

    def order(account: "ManagedAccount") -> list["BillingRule"]:
        return found if exactly else list(in_order(rules=[*rules_of(account=account), *found]))

    _assign(door, accounts, order)


@rules.command()
@click.argument("rules", nargs=-1, required=True)
@click.option("--account", "accounts", multiple=True, required=True, help="A managed account; repeat for several.")
@click.pass_obj
def unassign(door: Door, rules: tuple[str, ...], accounts: tuple[str, ...]) -> None:
    """Take rules away from accounts.

    \b
    Example:
      billow rules unassign "Markup 10 %" --account Ada
    """
    from billow.usecases.find import find_rule
    from billow.usecases.rule_assignments import rules_of

    gone = {find_rule(actor=door.actor, text=rule).pk for rule in rules}
    _assign(door, accounts, lambda account: [rule for rule in rules_of(account=account) if rule.pk not in gone])


@rules.command()
@click.argument("rule")
@click.pass_obj
def delete(door: Door, rule: str) -> None:
    """Delete a billing rule and take it from every account.

    \b
    Example:
      billow rules delete "No tax" --yes
    """
    from billow.usecases.find import find_rule
    from billow.usecases.rules import delete_rule

    found = find_rule(actor=door.actor, text=rule)
    document = {"token": found.token, "title": found.title}
    door.confirm(f"Delete the rule {found} and take it from {found.assignments.count()} accounts?")
    accounts = delete_rule(actor=door.actor, rule=found, now=door.now)
    door.answer(
        {"deleted": document, "accounts": accounts}, lambda: click.echo(f"Deleted; taken from {accounts} accounts.")
    )


def _given(options: dict[str, Any]) -> dict[str, object]:
    fields = {name: value for name, value in options.items() if value is not None and value != ()}
    path = fields.pop("sql_file", None)
    if path is not None:
        if "sql_query" in fields:
            raise Failed("sql_twice", "Give either --sql or --sql-file")
        fields["sql_query"] = read_text(path)
    if "fee_tiers" in fields:
        fields["fee_tiers"] = [tier for tier in fields["fee_tiers"] if tier]
    return fields


def _value(rule: "BillingRule") -> object:
    """Return what tells the rule from others of its type, in a few words."""
    if rule.sql_query:
        words = " ".join(rule.sql_query.split())
        return words if len(words) <= _MOST_SQL else f"{words[:_MOST_SQL]}…"
    if rule.fee_tiers:
        return f"support fee, at least {cell_text(rule.fee_minimum or 0)}"
    if rule.percentage is not None:
        return rule.percentage
    return rule.charge_type or rule.amount or rule.adjustment_type.replace("_", " ")


def _assign(door: Door, accounts: tuple[str, ...], order: "Callable[[ManagedAccount], list[BillingRule]]") -> None:
    from billow.usecases.find import find_account
    from billow.usecases.refused import Refused
    from billow.usecases.rule_assignments import assign_rules

    found = [find_account(actor=door.actor, text=account) for account in accounts]
    documents: list[dict[str, Any]] = []
    refused = 0
    for account in found:
        try:
            assigned = assign_rules(actor=door.actor, account=account, rules=order(account), now=door.now)
        except Refused as no:
            refused += 1
            for reason in [issue.message for issue in no.issues] or [no.message]:
                click.echo(error_line(code=no.code, message=f"{account}: {reason}"), err=True)
            documents.append({"account": account.token, "name": account.name, "code": no.code, "message": no.message})
            continue
        documents.append(
            {
                "account": account.token,
                "name": account.name,
                "rules": [{"token": rule.token, "title": rule.title, "type": rule.type} for rule in assigned],
            }
        )
    door.answer(
        {"assigned": documents},
        lambda: print_table(
            headers=("Account", "Rules in order"),
            rows=[
                (trimmed(each["name"]), [trimmed(rule["title"]) for rule in each["rules"]])
                for each in documents
                if "rules" in each
            ],
        ),
    )
    if refused:
        raise SystemExit(FAILED if refused == len(found) else PARTLY_DONE)


def _show(door: Door, rule: "BillingRule") -> None:
    document = rule_document(rule)
    names = [assignment.managed_account.name for assignment in rule.assignments.select_related("managed_account")]
    door.answer(document, lambda: _print_rule(document, names))


def _print_rule(document: dict[str, Any], names: list[str]) -> None:
    shown = {**document, "accounts": names}
    sql = shown.pop("sql_query")
    if shown["fee_tiers"] is not None:
        shown["fee_tiers"] = [_tier_text(tier) for tier in shown["fee_tiers"]]
    print_fields(fields=shown.items())
    if sql:
        click.echo("sql_query")
        for line in sql.splitlines():
            click.echo(f"    {cell_text(line)}".rstrip())


def _tier_text(tier: dict[str, str]) -> str:
    return f"up to {tier['up_to']} {tier['percentage']} %" if "up_to" in tier else f"the rest {tier['percentage']} %"
