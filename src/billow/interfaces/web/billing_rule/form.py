"""The fields of a billing rule of each kind: read from the record or from what was typed."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from billow.interfaces.web.billing_rule.kinds import RuleKind
from billow.interfaces.web.shown.fields import Complaints, Field, choices_of, complaints_of
from billow.records.billing.models import BillingRule
from billow.usecases.cost_words import CostWords
from billow.usecases.refused import Refused
from billow.usecases.rule_fields import tier_text
from billow.usecases.rule_reference import support_plans

FLAGS = ("apply_to_all", "include_free_tier", "fee_per_account")
_COMMON = ("title", "start_date", "end_date", "apply_to_all")
_HALF, _THIRD = "half", "third"
_PROVIDERS = (("aws", "AWS"), ("azure", "Azure"), ("gcp", "Google Cloud"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """The form as the page shows it."""

    fields: tuple[Field, ...]
    when: tuple[Field, ...]
    complaints: Complaints


def names_of(kind: RuleKind) -> tuple[str, ...]:
    """Return the names of the kind's fields."""
    return (*_COMMON, *kind.fields)


def values_of(rule: BillingRule, *, kind: RuleKind) -> dict[str, str]:
    """Return the rule's fields as texts."""
    special: dict[str, Callable[[], str]] = {
        "fee_tiers": lambda: ", ".join(map(tier_text, rule.fee_tiers or [])),
        "support_plan": lambda: "",
    }
    return {name: special[name]() if name in special else _text(getattr(rule, name)) for name in names_of(kind)}


def typed_values(data: QueryDict, *, kind: RuleKind) -> dict[str, str]:
    """Return what was typed; a browser's line ends become the ones that were stored."""
    return {name: data.get(name, "").replace("\r\n", "\n") for name in names_of(kind)}


def use_case_fields(values: Mapping[str, str]) -> dict[str, object]:
    """Return the values as the use case takes them."""
    fields: dict[str, object] = {name: value == "yes" if name in FLAGS else value for name, value in values.items()}
    if "fee_tiers" in values:
        fields["fee_tiers"] = [part.strip() for part in values["fee_tiers"].split(",") if part.strip()] or None
    return fields


def without_same_dates(fields: Mapping[str, object], *, rule: BillingRule) -> dict[str, object]:
    """Return the fields without dates that stay: whoever wrote them with a time finds them as they were."""
    same = [name for name in ("start_date", "end_date") if fields[name] == _text(getattr(rule, name))]
    return {name: value for name, value in fields.items() if name not in same}


def fingerprint(values: Mapping[str, str]) -> str:
    """Return a short text that differs when any value does, so that what is saved is what was previewed."""
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest()[:16]


def rule_form(
    *, kind: RuleKind, values: Mapping[str, str], words: CostWords, refused: Refused | None = None
) -> RuleForm:
    """Return the kind's form with these values, and what was wrong with them beside them."""
    complaints = complaints_of(refused, columns=names_of(kind))

    def field(name: str, label: str, **more: object) -> Field:
        common = {"name": name, "label": label, "value": values.get(name, ""), "problem": complaints.about(name)}
        return Field(**common, **more)  # type: ignore[arg-type]

    known = {**_booking_fields(field, words), **_money_fields(field, kind), **_fee_fields(field)}
    known["charge_type"] = field(
        "charge_type",
        _("Charge type"),
        suggestions=words.charge_types,
        hint=_("Chosen from your costs, or written as the provider calls it."),
    )
    known["sql_query"] = field("sql_query", _("SQL"), kind="code", hint=_("One statement. The rule's dates limit it."))
    return RuleForm(
        fields=(field("title", _("Title")), *(known[name] for name in kind.fields)),
        when=(
            field("start_date", _("From"), kind="date", style=_HALF, is_optional=True),
            field("end_date", _("Until"), kind="date", style=_HALF, is_optional=True),
            field("apply_to_all", _("Apply to all customers, also those to come"), kind="tick"),
        ),
        complaints=complaints,
    )


def _booking_fields(field: Callable[..., Field], words: CostWords) -> dict[str, Field]:
    return {
        "service": field("service", _("Service"), style=_THIRD, suggestions=words.services),
        "category": field("category", _("Category"), style=_THIRD, suggestions=words.categories),
        "sub_category": field("sub_category", _("Sub-category"), style=_THIRD),
    }


def _money_fields(field: Callable[..., Field], kind: RuleKind) -> dict[str, Field]:
    hint = _("Without service and category: of every cost.") if kind.name == "per_service" else ""
    often = choices_of(
        [
            ("", _("Once; every month with an end in a later month")),
            ("one_time", _("Once")),
            ("monthly", _("Every month")),
        ]
    )
    return {
        "percentage": field("percentage", _("Percent of the cost"), style=_THIRD, hint=hint or _("110 adds 10.")),
        "amount": field("amount", _("Amount"), style=_HALF, hint=_("In the customer's currency, without a sign.")),
        "recurrence": field("recurrence", _("How often"), kind="select", choices=often, style=_HALF),
        "include_free_tier": field("include_free_tier", _("Let the free tier count"), kind="tick"),
    }


def _fee_fields(field: Callable[..., Field]) -> dict[str, Field]:
    plans = choices_of([("", _("None: as written in Tiers")), *((plan.name, plan.title) for plan in support_plans())])
    providers = choices_of([*_PROVIDERS, ("all", _("All providers"))])
    tiers = _("Up to 10,000 ten percent, up to 80,000 seven, beyond five: 10000:10, 80000:7, 5")
    return {
        "support_plan": field("support_plan", _("Take tiers from a plan"), kind="select", choices=plans, style=_HALF),
        "fee_tiers": field("fee_tiers", _("Tiers"), style=_HALF, hint=tiers),
        "fee_minimum": field("fee_minimum", _("Least fee"), style=_HALF, is_optional=True),
        "fee_provider": field("fee_provider", _("Of the spend on"), kind="select", choices=providers, style=_HALF),
        "fee_per_account": field("fee_per_account", _("Each account pays its own fee"), kind="tick"),
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None:
        return ""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
