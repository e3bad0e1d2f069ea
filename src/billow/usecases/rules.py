"""Billing rules: what the MSP does to the cost before a customer sees it."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billow.billingrules.check import check_rule
from billow.billingrules.rule import Recurrence
from billow.records.accounts.models import Permission, Role, User
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.records.billing.models.agreements import RuleType
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import place_rule

RULE_FIELDS = (
    "title",
    "type",
    "charge_type",
    "percentage",
    "service",
    "category",
    "sub_category",
    "amount",
    "start_date",
    "start_period",
    "end_date",
    "recurrence",
    "apply_to_all",
)

MOST_DATE_CHARACTERS = 40

_TEXTS = ("charge_type", "service", "category", "sub_category")
_NEEDED: dict[str, tuple[tuple[str, ...], str]] = {
    "exclusion": (("charge_type",), "Charge type is required for exclusion rules"),
    "adjustment": (("percentage",), "Percentage is required for adjustment rules"),
    "charge": (
        ("service", "category", "sub_category", "amount", "start_date"),
        "Service, category, sub_category, amount and start_date are required for charge and credit rules",
    ),
}
_NEEDED["credit"] = _NEEDED["charge"]
_USED = {
    "exclusion": {"charge_type"},
    "adjustment": {"percentage", "service", "category"},
    "charge": {"service", "category", "sub_category", "amount", "recurrence"},
}
_USED["credit"] = _USED["charge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRule:
    """The rule as it is now, and what a person should look at."""

    rule: BillingRule
    warnings: tuple[Issue, ...]


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


def change_rule(*, actor: Actor, rule: BillingRule, fields: Mapping[str, object], now: datetime) -> SavedRule:
    """Change the given fields (never the type); drafts of the accounts it runs for become stale.

    A rule that comes to apply to all is put at the end of its group in every account; one that ceases to stays
    assigned where it is.
    """
    actor.must_write_rules()
    actor.must_own(rule)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        rule = BillingRule.objects.select_for_update().get(pk=rule.pk)
        applied_to_all = rule.apply_to_all
        read = read_changed_rule(rule=rule, fields=fields)
        rule = read.rule
        rule.save()
        if rule.apply_to_all and not applied_to_all:
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


def read_new_rule(*, actor: Actor, fields: Mapping[str, object]) -> SavedRule:
    """Return the rule that the fields describe, complete and correct, but do not save it; raise Refused."""
    findings = Findings()
    findings.read_known(fields, known=RULE_FIELDS)
    rule = BillingRule(management_account=actor.management_account, created_by=actor.user)
    rule.type = findings.read_choice(fields.get("type"), column="type", choices=RuleType.values)
    _fill(findings, rule, {"title": None, **fields})
    return SavedRule(rule=rule, warnings=findings.warnings)


def read_changed_rule(*, rule: BillingRule, fields: Mapping[str, object]) -> SavedRule:
    """Return a copy of the rule with the given fields changed (never the type), not saved; raise Refused."""
    findings = Findings()
    findings.read_known(fields, known=RULE_FIELDS)
    changed = copy(rule)
    _fill(findings, changed, fields)
    return SavedRule(rule=changed, warnings=findings.warnings)


def _fill(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> None:
    """Set the given fields; raise Refused unless the rule is then complete and correct."""
    if "title" in fields:
        rule.title = findings.read_text(fields["title"], column="title", required=True) or ""
    for name in _TEXTS:
        if name in fields:
            setattr(rule, name, findings.read_text(fields[name], column=name))
    for name in ("percentage", "amount"):
        if name in fields:
            given = fields[name]
            empty = given is None or given == ""
            setattr(rule, name, None if empty else findings.read_decimal(given, column=name))
    if fields.get("start_date") or fields.get("start_period"):
        rule.start_date = findings.read_date(fields.get("start_date") or fields["start_period"], column="start_date")
    elif "start_date" in fields:
        rule.start_date = None
    if "end_date" in fields:
        rule.end_date = findings.read_date(fields["end_date"], column="end_date")
    rule.dates_as_given = _dates_as_given(findings, rule, fields)
    if "recurrence" in fields:
        given = fields["recurrence"]
        rule.recurrence = findings.read_choice(given, column="recurrence", choices=list(Recurrence)) if given else None
    if fields.get("apply_to_all") is not None:
        rule.apply_to_all = findings.read_flag(fields["apply_to_all"], column="apply_to_all")
    _check(findings, rule, fields)


def _dates_as_given(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> dict[str, str]:
    """Return the texts of the dates, which say more than the day where they name a time too."""
    texts: dict[str, str] = dict(rule.dates_as_given)
    for name in ("start_date", "end_date"):
        given = fields.get(name) or (fields.get("start_period") if name == "start_date" else None)
        if isinstance(given, str) and len(given) > MOST_DATE_CHARACTERS:
            findings.error("too_long", name, f"{name} has more than {MOST_DATE_CHARACTERS} characters")
        elif given:
            texts[name] = str(given)
        elif name in fields:
            texts.pop(name, None)
    return texts


def _check(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> None:
    findings.refuse_if_any()
    names, message = _NEEDED[rule.type]
    for name in names:
        if getattr(rule, name) is None:
            findings.error("blank", name, f"{message} ({name} is missing)")
    findings.refuse_if_any()
    for issue in check_rule(rule=rule.as_rule()):
        findings.issues.append(issue)
    findings.refuse_if_any()
    for name in (*_TEXTS, "percentage", "amount", "recurrence"):
        if fields.get(name) not in (None, "") and name not in _USED[rule.type]:
            findings.warn("unused_field", name, f"{name} has no effect on {rule.type} rules")


def _place_everywhere(actor: Actor, rule: BillingRule) -> None:
    for account in ManagedAccount.objects.visible_to(actor.management_account).live().order_by("pk"):
        place_rule(account=account, rule=rule)
    mark_stale(management_account=actor.management_account)


def _mark_drafts(actor: Actor, rule: BillingRule) -> None:
    accounts = ManagedAccount.objects.visible_to(actor.management_account).filter(rule_assignments__billing_rule=rule)
    mark_stale(management_account=actor.management_account, accounts=accounts)


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
