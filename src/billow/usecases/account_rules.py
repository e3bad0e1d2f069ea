"""The billing rules of one managed account as a person arranges them: by group, one step at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from billow.billingrules.order import ExecutionGroup, group_or_none
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.usecases.accounts import account_with
from billow.usecases.actor import Actor
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import assign_rules, in_order, rules_of
from billow.usecases.rules import rule_with

Change = Callable[[list[BillingRule]], Sequence[BillingRule]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The rules of one execution group, in the order they run; groups run by number.

    Number 0 holds what cannot be read any more, which runs for nobody until it is corrected.
    """

    number: int
    rules: tuple[BillingRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """An account's rules by group, empty groups left out, and the rules it could be given."""

    account: ManagedAccount
    groups: tuple[RuleGroup, ...]
    others: tuple[BillingRule, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """The rules in the order they run."""
        return tuple(rule.token for group in self.groups for rule in group.rules)


def account_rules(*, actor: Actor, token: str) -> AccountRules:
    """Return the rules of the account with this token."""
    account = account_with(actor=actor, token=token)
    actor.must(Permission.SEE_MANAGEMENT)
    rules = rules_of(account=account)
    others = BillingRule.objects.visible_to(actor).exclude(pk__in=[rule.pk for rule in rules]).order_by("title", "pk")
    by_group = {group: tuple(rule for rule in rules if _group(rule) is group) for group in (*ExecutionGroup, None)}
    return AccountRules(
        account=account,
        groups=tuple(
            RuleGroup(number=group.value if group else 0, rules=found) for group, found in by_group.items() if found
        ),
        others=tuple(others),
    )


def customers_of(*, actor: Actor, rules: Sequence[BillingRule]) -> dict[str, int]:
    """Return for how many live accounts each of the rules runs, by token."""
    live = Q(assignments__managed_account__deleted_at__isnull=True)
    counted = BillingRule.objects.visible_to(actor).filter(pk__in=[rule.pk for rule in rules])
    return dict(counted.annotate(number=Count("assignments", filter=live)).values_list("token", "number"))


def give_rule(*, actor: Actor, token: str, rule_token: str, now: datetime) -> BillingRule:
    """Put a rule at the end of its group; one that is there already stays where it is."""
    rule = rule_with(actor=actor, token=rule_token)
    _change(actor, token, lambda rules: rules if rule in rules else in_order(rules=[*rules, rule]), now)
    return rule


def take_rule(*, actor: Actor, token: str, rule_token: str, now: datetime) -> BillingRule:
    """Take a rule from the account; one that is not there is no mistake."""
    rule = rule_with(actor=actor, token=rule_token)
    _change(actor, token, lambda rules: [each for each in rules if each != rule], now)
    return rule


def move_rule_by(*, actor: Actor, token: str, rule_token: str, steps: int, now: datetime) -> BillingRule:
    """Move a rule up (negative) or down inside its group; it goes no further than the group's end."""
    rule = rule_with(actor=actor, token=rule_token)

    def moved(rules: list[BillingRule]) -> Sequence[BillingRule]:
        if rule not in rules:
            raise Refused("rules_changed", f"{rule} is not assigned any more; nothing was moved")
        group = [each for each in rules if _group(each) is _group(rule)]
        at = group.index(rule)
        group.insert(min(max(at + steps, 0), len(group) - 1), group.pop(at))
        return in_order(rules=[*(each for each in rules if each not in group), *group])

    _change(actor, token, moved, now)
    return rule


def arrange_rules(*, actor: Actor, token: str, order: Sequence[str], now: datetime) -> None:
    """Bring the rules into this order of tokens; refused unless they are the account's rules and groups stay whole."""

    def arranged(rules: list[BillingRule]) -> Sequence[BillingRule]:
        by_token = {rule.token: rule for rule in rules}
        if sorted(by_token) != sorted(order):
            message = "The rules of this account were changed by somebody else; look at them and try again"
            raise Refused("rules_changed", message)
        return [by_token[each] for each in order]

    _change(actor, token, arranged, now)


def _group(rule: BillingRule) -> ExecutionGroup | None:
    return group_or_none(rule=rule.as_rule())


def _change(actor: Actor, token: str, change: Change, now: datetime) -> None:
    actor.must_write_rules()
    account = account_with(actor=actor, token=token)
    with transaction.atomic():
        # The list is read under the lock: two people who move rules follow one another.
        lock_management_account(management_account=actor.management_account)
        rules = list(rules_of(account=account))
        assign_rules(actor=actor, account=account, rules=change(rules), now=now)
