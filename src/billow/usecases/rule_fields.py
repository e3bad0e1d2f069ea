"""What people say of a rule, field by field: read, filled in, and checked until it is complete and correct."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from billow.billingrules.check import cautions_of, check_rule
from billow.billingrules.rule import FeeTier, Recurrence
from billow.billingrules.support_plans import SupportPlan, support_plans
from billow.records.billing.models import BillingRule
from billow.records.billing.models.agreements import AdjustmentType, ChargeCalculation, RuleType
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.field_checks import Findings

RULE_FIELDS = (
    "title",
    "type",
    "adjustment_type",
    "charge_calculation",
    "charge_type",
    "percentage",
    "include_free_tier",
    "service",
    "category",
    "sub_category",
    "amount",
    "support_plan",
    "fee_tiers",
    "fee_minimum",
    "fee_per_account",
    "fee_provider",
    "start_date",
    "start_period",
    "end_date",
    "recurrence",
    "sql_query",
    "apply_to_all",
)

SHORTCUTS = ("start_period", "support_plan")
"""Fields that only fill others; no rule has them."""

DEFAULTS: Mapping[str, object] = {
    "adjustment_type": AdjustmentType.PER_SERVICE.value,
    "charge_calculation": ChargeCalculation.FIXED.value,
    "include_free_tier": True,
    "fee_per_account": False,
    "fee_provider": "aws",
}
"""What a field is where nothing is said of it."""

MOST_DATE_CHARACTERS = 40

_TEXTS = ("charge_type", "service", "category", "sub_category")
_FEE_FIELDS = ("fee_tiers", "fee_minimum", "fee_per_account", "fee_provider")
_BOOKED = ("service", "category", "sub_category")
_CHOICES: Mapping[str, tuple[str, Sequence[str]]] = {
    "adjustment_type": (RuleType.ADJUSTMENT, AdjustmentType.values),
    "charge_calculation": (RuleType.CHARGE, ChargeCalculation.values),
}
"""Fields that say how a rule of a type works."""

_BOOKING_MESSAGE = "Service, category, sub_category, amount and start_date are required for charge and credit rules"
_NEEDED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "exclusion": (("charge_type",), "Charge type is required for exclusion rules"),
    "per_service": (("percentage",), "Percentage is required for adjustment rules"),
    "fixed": ((*_BOOKED, "amount", "start_date"), _BOOKING_MESSAGE),
    "credit": ((*_BOOKED, "amount", "start_date"), _BOOKING_MESSAGE),
    "support_fee": (
        (*_BOOKED, "fee_tiers"),
        "Service, category, sub_category, and tiers or a support plan are required for support fees",
    ),
    "custom": (("sql_query",), "SQL query is required for custom rules"),
}
_USED: Mapping[str, frozenset[str]] = {
    "exclusion": frozenset({"charge_type"}),
    "per_service": frozenset({"percentage", "service", "category"}),
    "public_price": frozenset(),
    "remove_commitment_discounts": frozenset(),
    "retier": frozenset({"include_free_tier"}),
    "fixed": frozenset({*_BOOKED, "amount", "recurrence"}),
    "credit": frozenset({*_BOOKED, "amount", "recurrence"}),
    "support_fee": frozenset({*_BOOKED, *_FEE_FIELDS, "support_plan"}),
    "custom": frozenset({"sql_query"}),
}
_ONLY_SOME_USE = (
    "charge_type",
    *_BOOKED,
    "percentage",
    "amount",
    "recurrence",
    "include_free_tier",
    "support_plan",
    *_FEE_FIELDS,
    "sql_query",
)
_KINDS: Mapping[str, str] = {
    "per_service": "adjustment",
    "public_price": "public price",
    "remove_commitment_discounts": "remove commitment discounts",
    "retier": "re-tier",
    "fixed": "charge",
    "support_fee": "support fee",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRule:
    """The rule as it is now, and what a person should look at."""

    rule: BillingRule
    warnings: tuple[Issue, ...]


def kind_of(*, rule: BillingRule) -> str:
    """Return which kind of rule it is: its type, or how an adjustment or charge works."""
    match rule.type:
        case RuleType.ADJUSTMENT:
            return rule.adjustment_type
        case RuleType.CHARGE:
            return rule.charge_calculation
    return rule.type


def tier_text(tier: Mapping[str, str]) -> str:
    """Return a tier of a support fee as people write it."""
    return f"{tier['up_to']}:{tier['percentage']}" if "up_to" in tier else tier["percentage"]


def read_new_rule(*, actor: Actor, fields: Mapping[str, object]) -> SavedRule:
    """Return the rule that the fields describe, complete and correct, but do not save it; raise Refused."""
    findings = Findings(keeps_spaces=actor.is_program)
    findings.read_known(fields, known=RULE_FIELDS)
    rule = BillingRule(management_account=actor.management_account, created_by=actor.user)
    rule.type = findings.read_choice(fields.get("type"), column="type", choices=RuleType.values)
    _fill(findings, rule, {"title": None, **fields})
    return SavedRule(rule=rule, warnings=findings.warnings)


def read_changed_rule(*, rule: BillingRule, fields: Mapping[str, object], keeps_spaces: bool = False) -> SavedRule:
    """Return a copy of the rule with the given fields changed (never the type), not saved; raise Refused."""
    findings = Findings(keeps_spaces=keeps_spaces)
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
    for name in ("percentage", "amount", "fee_minimum"):
        if name in fields:
            given = fields[name]
            setattr(rule, name, None if _is_empty(given) else findings.read_decimal(given, column=name))
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
    _fill_kind(findings, rule, fields)
    _fill_fee(findings, rule, fields)
    if "sql_query" in fields:
        rule.sql_query = _read_sql(findings, fields["sql_query"])
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


def _fill_kind(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> None:
    """Set how the rule works; what it then has no use for is dropped."""
    for name, (rule_type, choices) in _CHOICES.items():
        if name not in fields:
            continue
        given = fields[name]
        chosen = DEFAULTS[name] if _is_empty(given) else findings.read_choice(given, column=name, choices=choices)
        if chosen != DEFAULTS[name] and rule.type in RuleType.values and rule.type != rule_type:
            findings.error("not_for_type", name, f"{name} can be {chosen} on {rule_type} rules only", given)
            continue
        setattr(rule, name, chosen)
    if "include_free_tier" in fields:
        rule.include_free_tier = _read_flag(findings, fields, "include_free_tier")
    if rule.type == RuleType.ADJUSTMENT and rule.adjustment_type != AdjustmentType.PER_SERVICE:
        rule.percentage = None


def _fill_fee(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> None:
    """Set what a support fee charges: what is said, else what the named plan says."""
    plan = _read_plan(findings, fields.get("support_plan"))
    if plan is not None and rule.type == RuleType.CHARGE:
        if _is_empty(fields.get("charge_calculation")):
            rule.charge_calculation = ChargeCalculation.SUPPORT_FEE
        rule.fee_tiers = [_tier_entry(tier) for tier in plan.tiers]
        rule.fee_provider = plan.provider
        rule.fee_per_account = plan.per_account
        if _is_empty(fields.get("fee_minimum")):
            rule.fee_minimum = plan.minimum
    if "fee_tiers" in fields and not (plan and _is_empty(fields["fee_tiers"])):
        rule.fee_tiers = _read_tiers(findings, fields["fee_tiers"])
        says_how = rule.amount is not None or not _is_empty(fields.get("charge_calculation"))
        if rule.type == RuleType.CHARGE and rule.fee_tiers and not says_how:
            rule.charge_calculation = ChargeCalculation.SUPPORT_FEE
    if "fee_per_account" in fields and not (plan and _is_empty(fields["fee_per_account"])):
        rule.fee_per_account = _read_flag(findings, fields, "fee_per_account")
    if "fee_provider" in fields and not (plan and _is_empty(fields["fee_provider"])):
        given = findings.read_text(fields["fee_provider"], column="fee_provider", most=40)
        rule.fee_provider = (given or "aws").strip().lower()
    if rule.charge_calculation == ChargeCalculation.SUPPORT_FEE:
        rule.amount = rule.recurrence = None


def _read_flag(findings: Findings, fields: Mapping[str, object], name: str) -> bool:
    given = DEFAULTS[name] if _is_empty(fields[name]) else fields[name]
    return findings.read_flag(given, column=name)


def _read_plan(findings: Findings, given: object) -> SupportPlan | None:
    if _is_empty(given):
        return None
    plans = {plan.name: plan for plan in support_plans()}
    return plans.get(findings.read_choice(given, column="support_plan", choices=list(plans)))


def _read_tiers(findings: Findings, given: object) -> list[dict[str, str]] | None:
    """Return the tiers as they are kept; each is an object, or text such as 10000:7 or, for the last, 5."""
    if _is_empty(given):
        return None
    if not isinstance(given, Sequence) or isinstance(given, str):
        findings.error("not_a_list", "fee_tiers", "Fee tiers must be a list of tiers such as 10000:10, 80000:7, 5")
        return None
    return [
        entry for number, tier in enumerate(given, start=1) if (entry := _read_tier(findings, tier, number)) is not None
    ]


def _read_tier(findings: Findings, given: object, number: int) -> dict[str, str] | None:
    column = f"fee_tiers[{number}]"
    if isinstance(given, str):
        end, colon, share = given.rpartition(":")
        given = {"percentage": share, "up_to": end} if colon else {"percentage": share}
    if not isinstance(given, Mapping) or not {"percentage"} <= given.keys() <= {"percentage", "up_to"}:
        message = f"Tier {number} must have a percentage and, unless it is the last, up_to, such as 10000:10"
        findings.error("not_a_tier", column, message)
        return None
    percentage = findings.read_decimal(given["percentage"], column=f"{column}.percentage")
    is_last = _is_empty(given.get("up_to"))
    up_to = None if is_last else findings.read_decimal(given["up_to"], column=f"{column}.up_to")
    if percentage is None or (up_to is None and not is_last):
        return None
    return _tier_entry(FeeTier(percentage=percentage, up_to=up_to))


def _tier_entry(tier: FeeTier) -> dict[str, str]:
    entry = {"percentage": f"{tier.percentage:f}"}
    return entry if tier.up_to is None else {"up_to": f"{tier.up_to:f}", **entry}


def _read_sql(findings: Findings, given: object) -> str | None:
    """Return the text to the last sign, so that whoever sent it finds it as it was."""
    if given is None:
        return None
    if not isinstance(given, str):
        findings.error("not_text", "sql_query", "Sql query must be text", given)
        return None
    return given if given.strip() else None


def _check(findings: Findings, rule: BillingRule, fields: Mapping[str, object]) -> None:
    findings.refuse_if_any()
    kind = kind_of(rule=rule)
    names, message = _NEEDED.get(kind, ((), ""))
    for name in names:
        if getattr(rule, name) is None:
            findings.error("blank", name, f"{message} ({name} is missing)")
    findings.refuse_if_any()
    value = rule.as_rule()
    findings.issues.extend(check_rule(rule=value))
    findings.refuse_if_any()
    findings.issues.extend(cautions_of(rule=value))
    for name in _ONLY_SOME_USE:
        given = fields.get(name)
        if not _is_empty(given) and given != DEFAULTS.get(name) and name not in _USED[kind]:
            findings.warn("unused_field", name, f"{name} has no effect on {_KINDS.get(kind, kind)} rules")


def _is_empty(given: object) -> bool:
    return given is None or given == ""
