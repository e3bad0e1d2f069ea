"""What a person should look at before a rule is used, found in a month rated without and with it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from billow.billingrules.failed import RuleFailed
from billow.billingrules.order import ExecutionGroup, group_or_none
from billow.billingrules.program import program_of
from billow.billingrules.rule import AdjustmentRule, BillingRule, CustomRule, ExclusionRule
from billow.rating.rated_costs import RatedCosts, RatedLine
from billow.terms.issue import Issue, Severity
from billow.terms.period import BillingPeriod

_LEAST_PERCENTAGE, _MOST_PERCENTAGE = Decimal(50), Decimal(200)


def lint_rule(
    *,
    rule: BillingRule,
    period: BillingPeriod,
    before: Mapping[str, RatedCosts],
    after: Mapping[str, RatedCosts],
    titles: Mapping[str, str],
    has_aws_reports: bool = False,
) -> tuple[Issue, ...]:
    """Return warnings; ``before`` and ``after`` are the customers the rule runs for, by token, ``titles`` of rules.

    ``has_aws_reports`` tells that some of the month's costs came in AWS's own reports.
    """
    return (
        *_unusual_factor(rule),
        *_no_customer(rule, after),
        *_in_the_month(rule, period, before, after, has_aws_reports),
        *_fees_changed(rule, after, titles),
    )


def _unusual_factor(rule: BillingRule) -> Iterable[Issue]:
    if isinstance(rule, AdjustmentRule) and not _LEAST_PERCENTAGE <= rule.percentage <= _MOST_PERCENTAGE:
        yield _warning(
            "unusual_factor",
            f"{rule.title} shows {rule.percentage:f} % of the cost; {_written(rule.percentage)}. Is that meant?",
            column="percentage",
        )


def _written(percentage: Decimal) -> str:
    """Say how to write what the percentage was probably meant to do: 9.5 to take 9.5 % off or to add it."""
    if not 0 < percentage < _LEAST_PERCENTAGE:
        return "95 takes 5 % off, 105 adds 5 %"
    return f"{100 - percentage:f} takes {percentage:f} % off, {100 + percentage:f} adds {percentage:f} %"


def _no_customer(rule: BillingRule, after: Mapping[str, RatedCosts]) -> Iterable[Issue]:
    if not after:
        yield _warning(
            "assigned_to_nobody",
            f"{rule.title} is assigned to no managed account, so it does nothing yet; "
            "name accounts to see what it would change for them.",
        )


def _in_the_month(
    rule: BillingRule,
    period: BillingPeriod,
    before: Mapping[str, RatedCosts],
    after: Mapping[str, RatedCosts],
    has_aws_reports: bool,
) -> Iterable[Issue]:
    try:
        program = program_of(rules=[rule], period=period)
    except RuleFailed as failed:
        yield _warning("rule_failed", f"{rule.title} cannot be carried out: {failed}.")
        return
    if not program.changes_charges and not program.inserts and not program.sums:
        yield _warning("dates_exclude_month", f"By its dates {rule.title} does nothing in {period}.")
    elif _succeeded(after) and not any(_changed_by(rule, line) for line in _lines(after)):
        has_costs = any(line.inserted_by is None for line in _lines(before))
        yield _matches_nothing(rule, period, has_costs=has_costs, has_aws_reports=has_aws_reports)
    emptied = [token for token, costs in after.items() if _removes_everything(rule, before[token], costs)]
    if emptied:
        yield _warning(
            "removes_everything", f"{rule.title} leaves nothing of the month's cost of {len(emptied)} managed accounts."
        )


def _succeeded(after: Mapping[str, RatedCosts]) -> bool:
    """Tell whether everybody's month could be rated: a rule that failed for one customer did match something."""
    return bool(after) and all(costs.failure is None for costs in after.values())


def _matches_nothing(rule: BillingRule, period: BillingPeriod, *, has_costs: bool, has_aws_reports: bool) -> Issue:
    if not has_costs:
        return _warning("no_costs", f"{rule.title} has no costs of {period} to change; name another month.")
    if group_or_none(rule=rule) is ExecutionGroup.AWS_TRANSFORMS and not has_aws_reports:
        why = "it looks at columns of AWS's own reports, which FOCUS bills do not have."
        return _warning("matches_nothing", f"{rule.title} changes no line of {period}; {why}")
    names_something = isinstance(rule, ExclusionRule | AdjustmentRule | CustomRule)
    question = "; is each name in it spelt right?" if names_something else "."
    return _warning("matches_nothing", f"{rule.title} changes no line of {period}{question}")


def _removes_everything(rule: BillingRule, before: RatedCosts, after: RatedCosts) -> bool:
    """Tell whether something was left before, nothing is left after, and the rule had a part in it."""
    provider_lines = [line for line in after.lines if line.inserted_by is None]
    return after.failure is None and (
        any(line.rated_cost for line in before.lines if line.inserted_by is None)
        and not any(line.rated_cost for line in provider_lines)
        and any(_changed_by(rule, line) for line in provider_lines)
    )


def _fees_changed(rule: BillingRule, after: Mapping[str, RatedCosts], titles: Mapping[str, str]) -> Iterable[Issue]:
    """Warn of each fixed amount that a rule behind it changes, if the rule is the one or the other."""
    found = {
        (line.inserted_by, delta.rule_token): line
        for line in _lines(after)
        for delta in line.deltas
        if line.inserted_by
        and delta.amount
        and delta.rule_token != line.inserted_by
        and rule.token in {line.inserted_by, delta.rule_token}
    }
    for (fee, later), line in found.items():
        yield _warning(
            "fixed_amount_adjusted",
            f"The fixed amount of {titles.get(fee or '', line.description or '')} is changed by "
            f"{titles.get(later, later)}; limit that rule to a service or category if it should not be.",
        )


def _changed_by(rule: BillingRule, line: RatedLine) -> bool:
    return any(delta.rule_token == rule.token for delta in line.deltas)


def _lines(costs: Mapping[str, RatedCosts]) -> Iterable[RatedLine]:
    for each in costs.values():
        yield from each.lines


def _warning(code: str, message: str, *, column: str | None = None) -> Issue:
    return Issue(code, message, severity=Severity.WARNING, column=column)
