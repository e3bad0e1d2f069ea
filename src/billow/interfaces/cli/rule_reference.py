"""`billow rules schema` and `fees`: what people may write in rules."""

from typing import TYPE_CHECKING, Any

import click

from billow.interfaces.cli.door import Door
from billow.interfaces.cli.rule_files import rules
from billow.interfaces.cli.tables import cell_text, print_table

if TYPE_CHECKING:
    from billow.usecases.rule_reference import ColumnShown, SupportPlan


@rules.command()
@click.argument("dataset", required=False, type=click.Choice(("costs", "aws")))
@click.pass_obj
def schema(door: Door, dataset: str | None) -> None:
    """List the columns that SQL rules may look at and set.

    \b
    Example:
      billow rules schema costs
    """
    from billow.usecases.rule_reference import columns_of_rules

    found = [column for column in columns_of_rules() if dataset in {None, column.dataset}]
    door.answer(
        {"columns": [_column_document(column) for column in found]},
        lambda: print_table(
            headers=("Column", "Kind", "In UPDATE", "In INSERT"),
            rows=[
                (
                    column.name,
                    "number" if column.is_number else "text",
                    "" if column.can_be_set else "cannot be set",
                    "needed" if column.is_needed_in_insert else "",
                )
                for column in found
            ],
        ),
    )


@rules.command()
@click.pass_obj
def fees(door: Door) -> None:
    """List the support plans that a support fee can take its tiers and minimum from.

    \b
    Example:
      billow rules fees
    """
    from billow.usecases.rule_reference import support_plans

    found = support_plans()
    door.answer(
        {"support_plans": [_plan_document(plan) for plan in found]},
        lambda: print_table(
            headers=("Plan", "", "Tiers", "Minimum", "Each account", "Source", "As of"),
            rows=[
                (
                    plan.name,
                    plan.title,
                    [_tier_text(tier) for tier in _plan_document(plan)["fee_tiers"]],
                    plan.minimum,
                    plan.per_account,
                    plan.source,
                    plan.effective_date,
                )
                for plan in found
            ],
            right=(3,),
        ),
    )


def _column_document(column: "ColumnShown") -> dict[str, Any]:
    return {
        "dataset": column.dataset,
        "column": column.name,
        "kind": "number" if column.is_number else "text",
        "can_be_set": column.can_be_set,
        "needed_in_insert": column.is_needed_in_insert,
    }


def _plan_document(plan: "SupportPlan") -> dict[str, Any]:
    return {
        "support_plan": plan.name,
        "title": plan.title,
        "fee_provider": plan.provider,
        "fee_tiers": [{"up_to": tier.up_to, "percentage": tier.percentage} for tier in plan.tiers],
        "fee_minimum": plan.minimum,
        "fee_per_account": plan.per_account,
        "source": plan.source,
        "effective_date": plan.effective_date,
    }


def _tier_text(tier: dict[str, Any]) -> str:
    up_to = "the rest" if tier["up_to"] is None else f"up to {cell_text(tier['up_to'])}"
    return f"{up_to} {cell_text(tier['percentage'])} %"
