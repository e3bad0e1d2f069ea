"""`billow rules preview`, `export`, `plan` and `apply`: what a rule would change, and rules kept as text."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import FAILED, PARTLY_DONE, Door, Month, error_line, issue_document
from billow.interfaces.cli.given import read_text
from billow.interfaces.cli.rules import rules
from billow.interfaces.cli.tables import cell_text, print_fields, print_table

if TYPE_CHECKING:
    from billow.terms.period import BillingPeriod
    from billow.usecases.compare_agreements import ChangedLine, Comparison, CustomerEffect
    from billow.usecases.plan_rules import FieldChange, RuleChange, RulesPlan

__all__ = ["rules"]

_AMOUNTS = ("provider_cost", "before", "after", "difference", "margin_before", "margin_after")
_LINE_HEADERS = "customer", "service", "type", "sub account", "region", "currency", "before", "after", "difference"
_SQL = "sql_query"
_PERIOD_HELP = "The month to compare (default: the newest that is over and has costs)."
_FOLDER = click.Path(file_okay=False, path_type=Path)


@rules.command()
@click.argument("rule", metavar="FILE|TOKEN")
@click.option("--period", type=Month(), help=_PERIOD_HELP)
@click.option(
    "--account", "accounts", multiple=True, help="Only for this account, assigned or not; repeat for several."
)
@click.pass_obj
def preview(door: Door, rule: str, period: "BillingPeriod | None", accounts: tuple[str, ...]) -> None:
    """Show what a rule changes in a month, customer by customer. Nothing is written.

    A saved rule is compared with its absence; a file (ending in .toml) without a token is a new rule, with a token a
    change of that rule. A file ending in .sql is a new rule in SQL. A new rule for some accounts needs --account.

    \b
    Examples:
      billow rules preview "Markup 10 %" --period 2024-09
      billow rules preview rules/support.toml --period 2024-09 --account Ada
      billow rules preview markup.sql --account Ada
    """
    from billow.usecases.find import find_account, find_rule
    from billow.usecases.preview_rules import newest_month_with_costs, preview_rule, preview_rule_file

    month = period or newest_month_with_costs(actor=door.actor, now=door.now)
    concerned = [find_account(actor=door.actor, text=account) for account in accounts]
    if rule.endswith(".toml"):
        seen = preview_rule_file(actor=door.actor, path=Path(rule), period=month, accounts=concerned)
    elif rule.endswith(".sql"):
        fields = {"title": Path(rule).stem, "type": "custom", "sql_query": read_text(rule)}
        seen = preview_rule(actor=door.actor, period=month, fields=fields, accounts=concerned)
    else:
        found = find_rule(actor=door.actor, text=rule)
        seen = preview_rule(actor=door.actor, period=month, rule=found, accounts=concerned)
    door.warn(seen.warnings)
    door.answer(
        {
            "rule": {
                "token": seen.rule.token if seen.rule.pk else None,
                "title": seen.rule.title,
                "type": seen.rule.type,
            },
            **_comparison_document(seen.comparison),
            "warnings": [issue_document(issue) for issue in seen.warnings],
        },
        lambda: _print_comparison(f"{seen.rule} in {month}", seen.comparison),
    )
    _leave_with_problems(seen.comparison)


@rules.command()
@click.argument("folder", type=_FOLDER)
@click.pass_obj
def export(door: Door, folder: Path) -> None:
    """Write every rule as a TOML file, and who has which; again later, only what differs is written.

    \b
    Example:
      billow rules export rules/
    """
    from billow.usecases.rules_as_code import export_rules

    done = export_rules(actor=door.actor, folder=folder)
    door.answer(
        {"folder": folder, "files": done.files, "written": done.written},
        lambda: click.echo(f"{len(done.files)} files in {folder}, {len(done.written)} of them written"),
    )


@rules.command()
@click.argument("folder", type=_FOLDER)
@click.option("--period", type=Month(), help=_PERIOD_HELP)
@click.pass_obj
def plan(door: Door, folder: Path, period: "BillingPeriod | None") -> None:
    """Show what applying a folder would change, field by field and in money. Nothing is written.

    \b
    Example:
      billow rules plan rules/ --period 2024-09
    """
    from billow.usecases.rules_as_code import plan_rules

    planned = plan_rules(actor=door.actor, folder=folder, now=door.now, period=period)
    door.warn(planned.warnings)
    door.answer(_plan_document(planned), lambda: _print_plan(planned))


@rules.command()
@click.argument("folder", type=_FOLDER)
@click.option("--period", type=Month(), help=_PERIOD_HELP)
@click.pass_obj
def apply(door: Door, folder: Path, period: "BillingPeriod | None") -> None:
    """Make Billow's rules those of a folder, all or nothing; a rule without a file is deleted. Shows the plan first.

    \b
    Example:
      billow rules apply rules/ --yes
    """
    from billow.usecases.rules_as_code import apply_rules, plan_rules

    planned = plan_rules(actor=door.actor, folder=folder, now=door.now, period=period)
    door.warn(planned.warnings)
    if not door.as_json:
        _print_plan(planned)
    if not planned.is_empty:
        removed = ", ".join(change.title for change in planned.removed)
        door.confirm(f"Apply this plan{f', and delete {removed}' if removed else ''}?")
    apply_rules(actor=door.actor, folder=folder, fingerprint=planned.fingerprint, now=door.now)
    door.answer(
        {"applied": not planned.is_empty, **_plan_document(planned)},
        lambda: None if planned.is_empty else click.echo("Applied."),
    )


def _leave_with_problems(comparison: "Comparison") -> None:
    problems = [each.problem for each in comparison.customers if each.problem is not None]
    for problem in problems:
        click.echo(error_line(code=problem.code, message=problem.message), err=True)
    if problems:
        raise SystemExit(FAILED if len(problems) == len(comparison.customers) else PARTLY_DONE)


def _comparison_document(comparison: "Comparison") -> dict[str, Any]:
    return {
        "billing_period": str(comparison.period),
        "customers": [
            {
                "account": each.account_name,
                "account_token": each.account_token,
                **_effect_document(each),
                "problem": None if each.problem is None else issue_document(each.problem),
            }
            for each in comparison.customers
        ],
        "totals": [_effect_document(each) for each in comparison.totals],
        "most_changed": [_line_document(line) for line in comparison.most_changed],
    }


def _effect_document(effect: "CustomerEffect") -> dict[str, Any]:
    amounts = {name: getattr(effect, name) for name in _AMOUNTS}
    return {"currency": effect.currency, **amounts, "lines_touched": effect.lines_touched}


def _line_document(line: "ChangedLine") -> dict[str, Any]:
    return {
        "account": line.account_name,
        "provider": line.provider,
        "service": line.service,
        "account_id": line.sub_account_id or None,
        "region": line.region or None,
        "charge_type": line.charge_category,
        "description": line.description or None,
        "currency": line.currency,
        "before": line.before,
        "after": line.after,
        "difference": line.difference,
    }


def _plan_document(planned: "RulesPlan") -> dict[str, Any]:
    def changes(found: "Sequence[RuleChange]") -> list[dict[str, Any]]:
        return [
            {
                "token": change.token,
                "title": change.title,
                "file": change.file or None,
                "fields": [{"name": each.name, "old": each.old, "new": each.new} for each in change.fields],
            }
            for change in found
        ]

    def titles(tokens: Sequence[str]) -> list[str]:
        return [planned.titles[token] for token in tokens]

    return {
        "added": [{**each, "token": None} for each in changes(planned.added)],
        "changed": changes(planned.changed),
        "removed": changes(planned.removed),
        "assignments": [
            {
                "account": change.account_name,
                "account_token": change.account_token,
                "before": titles(change.before),
                "after": titles(change.after),
            }
            for change in planned.assignments
        ],
        "effect": None if planned.effect is None else _comparison_document(planned.effect),
        "warnings": [issue_document(issue) for issue in planned.warnings],
    }


def _print_plan(planned: "RulesPlan") -> None:
    if planned.is_empty:
        click.echo("Nothing to change: Billow and the folder say the same.")
        return
    for sign, changes in (("+", planned.added), ("~", planned.changed), ("-", planned.removed)):
        for change in changes:
            click.echo(f"{sign} {change.title}{f'  ({change.file})' if change.file else ''}")
            told = [(f"    {each.name}", _told(each.old, each.new, added=sign == "+")) for each in _plain(change)]
            print_fields(fields=told)
            for each in change.fields:
                if each.name == _SQL:
                    _print_text_change(each)
    for moved in planned.assignments:
        before, after = (", ".join(planned.titles[token] for token in tokens) for tokens in (moved.before, moved.after))
        click.echo(f"~ {moved.account_name}: {before or 'no rules'} -> {after or 'no rules'}")
    if planned.effect is None:
        click.echo("No month with costs was found; the effect in money is not known.")
    else:
        _print_comparison(f"Effect in {planned.effect.period}", planned.effect)


def _plain(change: "RuleChange") -> list["FieldChange"]:
    return [each for each in change.fields if each.name != _SQL]


def _print_text_change(change: "FieldChange") -> None:
    """Print a text of several lines with what goes and what comes."""
    click.echo(f"    {change.name}")
    old, new = ((text or "").splitlines() for text in (change.old, change.new))
    if not old:
        lines = [f"+ {line}" for line in new]
    else:
        lines = [line for line in difflib.ndiff(old, new) if not line.startswith("?")]
    if [*old] == [*new]:
        lines.append("~ only the ends of its lines differ")
    for line in lines:
        click.echo(f"      {cell_text(line)}".rstrip())


def _told(old: str | None, new: str | None, *, added: bool) -> str:
    return new or "" if added else f"{old or 'empty'} -> {new or 'empty'}"


def _print_comparison(title: str, comparison: "Comparison") -> None:
    amounts = tuple(name.replace("_", " ") for name in _AMOUNTS)
    print_table(
        title=title,
        headers=("customer", "currency", *amounts, "lines"),
        rows=[
            (customer, each.currency, *(getattr(each, name) for name in _AMOUNTS), each.lines_touched)
            for customer, each in (
                *((_named(each), each) for each in comparison.customers),
                *(("all", each) for each in comparison.totals),
            )
        ],
        right=tuple(range(2, 9)),
    )
    if comparison.most_changed:
        print_table(
            title="Most changed lines",
            headers=_LINE_HEADERS,
            rows=[
                (
                    line.account_name,
                    line.description or line.service,
                    line.charge_category,
                    line.sub_account_id,
                    line.region,
                    line.currency,
                    line.before,
                    line.after,
                    line.difference,
                )
                for line in comparison.most_changed
            ],
            right=(6, 7, 8),
        )


def _named(effect: "CustomerEffect") -> str:
    return effect.account_name if effect.problem is None else f"{effect.account_name} ({effect.problem.code})"
