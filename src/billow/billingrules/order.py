"""In which order rules run: four groups per managed account, the given order inside each."""

from collections.abc import Sequence
from enum import IntEnum

from billow.billingrules.expression import Dataset
from billow.billingrules.rule import (
    AdjustmentRule,
    BillingRule,
    ChargeRule,
    CreditRule,
    CustomRule,
    ExclusionRule,
    SupportFeeRule,
)
from billow.billingrules.statement import Delete, InsertValues, Statement, Update
from billow.billingrules.statements import UnableToReadRule, custom_statement
from billow.terms.issue import Issue


class ExecutionGroup(IntEnum):
    """The groups in the order they run."""

    AWS_TRANSFORMS = 1
    COST_INSERTS = 2
    COST_TRANSFORMS = 3
    POST_TRANSFORM_INSERTS = 4


def execution_group(*, rule: BillingRule) -> ExecutionGroup:
    """Return the group the rule runs in; raise UnableToReadRule if it is SQL that is not understood."""
    match rule:
        case CustomRule():
            return group_of_statement(custom_statement(rule=rule))
        case ChargeRule() | CreditRule():
            return ExecutionGroup.COST_INSERTS
        case ExclusionRule() | AdjustmentRule():
            return ExecutionGroup.COST_TRANSFORMS
        case SupportFeeRule():
            return ExecutionGroup.POST_TRANSFORM_INSERTS
    return ExecutionGroup.AWS_TRANSFORMS


def group_of_statement(statement: Statement) -> ExecutionGroup:
    """Return the group of a custom rule by what it does, and on which dataset."""
    match statement:
        case Update(dataset=Dataset.AWS) | Delete(dataset=Dataset.AWS):
            return ExecutionGroup.AWS_TRANSFORMS
        case InsertValues():
            return ExecutionGroup.COST_INSERTS
        case Update() | Delete():
            return ExecutionGroup.COST_TRANSFORMS
    return ExecutionGroup.POST_TRANSFORM_INSERTS


def check_order(*, rules: Sequence[BillingRule]) -> tuple[Issue, ...]:
    """Return an error for each rule that stands behind a rule of a later group."""
    issues = []
    latest: BillingRule | None = None
    groups = [execution_group(rule=rule) for rule in rules]
    highest = ExecutionGroup.AWS_TRANSFORMS
    for position, (rule, group) in enumerate(zip(rules, groups, strict=True)):
        if latest is not None and group < highest:
            issues.append(
                Issue(
                    "rules_out_of_order",
                    f"Billing rules are not in execution group order: {rule.title!r} (group "
                    f"{group.value}) must stand before {latest.title!r} (group {highest.value}).",
                    path=f"rules[{position}]",
                    value=rule.token,
                )
            )
        else:
            latest, highest = rule, group
    return tuple(issues)


def in_execution_order(*, rules: Sequence[BillingRule]) -> tuple[BillingRule, ...]:
    """Return the rules sorted by group, the given order kept inside each, repeated tokens left out."""
    unique: dict[str, BillingRule] = {}
    for rule in rules:
        unique.setdefault(rule.token, rule)
    return tuple(sorted(unique.values(), key=lambda rule: execution_group(rule=rule)))


def with_rule_placed(*, rules: Sequence[BillingRule], rule: BillingRule) -> tuple[BillingRule, ...]:
    """Return the rules with one more at the end of its group, as an apply-to-all rule is added."""
    if any(rule.token == present.token for present in rules):
        return tuple(rules)
    return in_execution_order(rules=(*rules, rule))


def with_rule_changed(*, rules: Sequence[BillingRule], rule: BillingRule) -> tuple[BillingRule, ...]:
    """Return the rules with one as it is now: at its place, or at the end of its group if it moved to another."""
    old = next((present for present in rules if present.token == rule.token), None)
    if old is None:
        return tuple(rules)
    if group_or_none(rule=old) is execution_group(rule=rule):
        return tuple(rule if present.token == rule.token else present for present in rules)
    return with_rule_placed(rules=[present for present in rules if present.token != rule.token], rule=rule)


def group_or_none(*, rule: BillingRule) -> ExecutionGroup | None:
    """Return the group the rule runs in, or None if it is SQL that is not understood."""
    try:
        return execution_group(rule=rule)
    except UnableToReadRule:
        return None
