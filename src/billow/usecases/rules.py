"""Billing rules: what the MSP does to the cost before a customer sees it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billow.billingrules.order import group_or_none
from billow.records.accounts.models import Permission, Role, User
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import move_rule, place_rule
from billow.usecases.rule_fields import RULE_FIELDS, SavedRule, read_changed_rule, read_new_rule
from billow.usecases.seen import refuse_if_changed

__all__ = [
    "RULE_FIELDS",
    "SavedRule",
    "add_rule",
    "change_rule",
    "delete_rule",
    "execution_group_of",
    "list_rules",
    "page_of_rules",
    "rule_with",
]


def list_rules(*, actor: Actor) -> tuple[BillingRule, ...]:
    """Return the rules in the order they were added, with their assignments at hand."""
    rules = BillingRule.objects.visible_to(actor)
    return tuple(rules.prefetch_related("assignments__managed_account").order_by("pk"))


def page_of_rules(*, actor: Actor, wanted: PageWanted) -> Page[BillingRule]:
    """Return one page of the rules in the order they were added."""
    actor.must(Permission.SEE_MANAGEMENT)
    return page_of(BillingRule.objects.visible_to(actor).select_related("created_by").order_by("pk"), wanted=wanted)


def rule_with(*, actor: Actor, token: str) -> BillingRule:
    """Return the rule with this token."""
    actor.must(Permission.SEE_MANAGEMENT)
    rule = BillingRule.objects.visible_to(actor).select_related("created_by").filter(token=token).first()
    if rule is None:
        raise Refused("not_found", "Resource not found")
    return rule


def operators_token(*, actor: Actor) -> str:
    """Return the token to name for what the operator made: the first owner's."""
    users = User.objects.filter(management_account=actor.management_account).order_by("pk")
    owner = users.filter(role=Role.OWNER, managed_account=None).first() or users.first()
    return actor.management_account.token if owner is None else owner.token


def execution_group_of(*, rule: BillingRule) -> int | None:
    """Return the number of the group the rule runs in, from 1 to 4; None if it is SQL that is no longer understood."""
    group = group_or_none(rule=rule.as_rule())
    return None if group is None else group.value


def add_rule(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> SavedRule:
    """Add a rule from RULE_FIELDS. It does nothing until assigned, unless it applies to all."""
    actor.must_write_rules()
    read = read_new_rule(actor=actor, fields=fields)
    rule = read.rule
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        rule.save()
        if rule.apply_to_all:
            _place_everywhere(actor, rule)
        _record(actor, rule, "record_created", fields, now)
    return read


def change_rule(
    *,
    actor: Actor,
    rule: BillingRule,
    fields: Mapping[str, object],
    seen: datetime | None = None,
    now: datetime,
) -> SavedRule:
    """Change the given fields (never the type); drafts of the accounts it runs for become stale.

    A rule that comes to apply to all is put at the end of its group in every account; one that ceases to stays
    assigned where it is. One that moves to another group is put at the end of that group, wherever it is assigned.
    ``seen`` is the ``updated_at`` that the caller saw: where it is another now, nothing is done.
    """
    actor.must_write_rules()
    actor.must_own(rule)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        rule = BillingRule.objects.select_for_update().get(pk=rule.pk)
        refuse_if_changed(rule, name=rule.title, seen=seen)
        before = rule
        read = read_changed_rule(rule=rule, fields=fields, keeps_spaces=actor.is_program)
        rule = read.rule
        rule.save()
        if group_or_none(rule=before.as_rule()) is not group_or_none(rule=rule.as_rule()):
            _move_everywhere(actor, before, rule, now)
        if rule.apply_to_all and not before.apply_to_all:
            _place_everywhere(actor, rule)
        _mark_drafts(actor, rule)
        _record(actor, rule, "record_updated", fields, now)
    return read


def delete_rule(*, actor: Actor, rule: BillingRule, now: datetime) -> int:
    """Delete a rule and take it from every account; return from how many."""
    actor.must_write_rules()
    actor.must_own(rule)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        _mark_drafts(actor, rule)
        assignments = rule.assignments.count()
        rule.assignments.all().delete()
        _record(actor, rule, "record_destroyed", {"assignments": assignments}, now)
        rule.delete()
    return assignments


def _place_everywhere(actor: Actor, rule: BillingRule) -> None:
    for account in ManagedAccount.objects.visible_to(actor.management_account).live().order_by("pk"):
        place_rule(account=account, rule=rule)
    mark_stale(management_account=actor.management_account)


def _move_everywhere(actor: Actor, before: BillingRule, rule: BillingRule, now: datetime) -> None:
    for account in _accounts_with(actor, rule).order_by("pk"):
        move_rule(actor=actor, account=account, before=before, rule=rule, now=now)


def _mark_drafts(actor: Actor, rule: BillingRule) -> None:
    mark_stale(management_account=actor.management_account, accounts=_accounts_with(actor, rule))


def _accounts_with(actor: Actor, rule: BillingRule) -> "QuerySet[ManagedAccount]":
    return ManagedAccount.objects.visible_to(actor.management_account).filter(rule_assignments__billing_rule=rule)


def _record(actor: Actor, rule: BillingRule, action: str, changes: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="BillingRule",
        object_token=rule.token,
        object_name=rule.title,
        changes={name: value if isinstance(value, bool | int) else str(value) for name, value in changes.items()},
        now=now,
    )
