"""The order in which billing rules run for a managed account."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from billow.billingrules.order import check_order, in_execution_order, with_rule_changed, with_rule_placed
from billow.billingrules.statements import UnableToReadRule
from billow.records.billing.models import BillingRule, BillingRuleAssignment, ManagedAccount
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.audit import record, record_each
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.refused import Refused

MOST_RULES = 100


def rules_of(*, account: ManagedAccount) -> tuple[BillingRule, ...]:
    """Return the account's rules in execution order."""
    assignments = account.rule_assignments.select_related("billing_rule").order_by("position")
    return tuple(assignment.billing_rule for assignment in assignments)


def assign_rules(
    *, actor: Actor, account: ManagedAccount, rules: Sequence[BillingRule], now: datetime
) -> tuple[BillingRule, ...]:
    """Make these the account's rules, in this order; refuse an order that mixes execution groups.

    A rule named twice counts at its first place.
    """
    actor.must_write_rules()
    actor.must_own(account, *rules)
    unique = tuple({rule.token: rule for rule in rules}.values())
    with understood():
        issues = check_order(rules=[rule.as_rule() for rule in unique])
    if issues:
        raise Refused("rules_out_of_order", "; ".join(issue.message for issue in issues), issues)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        ManagedAccount.objects.select_for_update().get(pk=account.pk)
        before = rules_of(account=account)
        if [rule.pk for rule in before] == [rule.pk for rule in unique]:
            return unique
        write_assignments(account=account, rules=unique)
        mark_stale(management_account=actor.management_account, accounts=[account])
        _record(actor, account, before, unique, now)
    return unique


def assign_to_new(
    *, actor: Actor, accounts: Sequence[ManagedAccount], rules: Sequence[BillingRule], now: datetime
) -> None:
    """Give the same rules, in order, to accounts that were just made and have none, in the caller's transaction."""
    if not rules:
        return
    for account in accounts[:1]:
        _refuse_too_many(account, rules)
    BillingRuleAssignment.objects.bulk_create(
        [
            BillingRuleAssignment(managed_account=account, billing_rule=rule, position=position)
            for account in accounts
            for position, rule in enumerate(rules, start=1)
        ],
        batch_size=500,
    )
    record_each(
        actor=actor,
        action="rules_assigned",
        object_type="ManagedAccount",
        objects=[(account.token, account.name) for account in accounts],
        changes={"before": [], "after": [rule.token for rule in rules]},
        now=now,
    )


def in_order(*, rules: Sequence[BillingRule]) -> tuple[BillingRule, ...]:
    """Return the rules sorted by execution group, the given order kept inside each."""
    by_token = {rule.token: rule for rule in rules}
    with understood():
        return tuple(by_token[value.token] for value in in_execution_order(rules=[rule.as_rule() for rule in rules]))


def place_rule(*, account: ManagedAccount, rule: BillingRule) -> None:
    """Put a rule at the end of its group, in the caller's transaction."""
    present = rules_of(account=account)
    by_token = {each.token: each for each in (*present, rule)}
    with understood():
        order = with_rule_placed(rules=[each.as_rule() for each in present], rule=rule.as_rule())
    if len(order) > len(present):
        write_assignments(account=account, rules=[by_token[value.token] for value in order])


def move_rule(*, actor: Actor, account: ManagedAccount, before: BillingRule, rule: BillingRule, now: datetime) -> None:
    """Put a rule that was changed, from ``before``, at the end of its new group, in the caller's transaction."""
    present = rules_of(account=account)
    by_token = {each.token: each for each in present}
    values = [before.as_rule() if each.pk == rule.pk else each.as_rule() for each in present]
    with understood():
        order = [by_token[value.token] for value in with_rule_changed(rules=values, rule=rule.as_rule())]
    if [each.pk for each in order] != [each.pk for each in present]:
        write_assignments(account=account, rules=order)
        _record(actor, account, present, order, now)


@contextmanager
def understood() -> Iterator[None]:
    """Refuse whatever needs to know a rule's group if the rule is SQL that is not understood (any more)."""
    try:
        yield
    except UnableToReadRule as unread:
        message = f"{unread}. Change its SQL, or take it away from the account"
        raise Refused("unreadable_rule", message, [Issue("unreadable_rule", message)]) from unread


def write_assignments(*, account: ManagedAccount, rules: Sequence[BillingRule]) -> None:
    """Replace the account's list, in the caller's transaction."""
    _refuse_too_many(account, rules)
    account.rule_assignments.all().delete()
    BillingRuleAssignment.objects.bulk_create(
        BillingRuleAssignment(managed_account=account, billing_rule=rule, position=position)
        for position, rule in enumerate(rules, start=1)
    )


def _refuse_too_many(account: ManagedAccount, rules: Sequence[BillingRule]) -> None:
    if len(rules) > MOST_RULES:
        message = f"{account} would have {len(rules)} billing rules; at most {MOST_RULES} run for one account"
        raise Refused("too_many_rules", message, [Issue("too_many_rules", message)])


def _record(
    actor: Actor, account: ManagedAccount, before: Sequence[BillingRule], after: Sequence[BillingRule], now: datetime
) -> None:
    record(
        actor=actor,
        action="rules_assigned",
        object_type="ManagedAccount",
        object_token=account.token,
        object_name=account.name,
        changes={"before": [rule.token for rule in before], "after": [rule.token for rule in after]},
        now=now,
    )
