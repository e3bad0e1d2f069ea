"""What is agreed: billing rules in their order, and exchange rates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from billow.billingrules import rule as values
from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models.parties import ManagedAccount
from billow.records.billing.scope import ScopedQuerySet
from billow.records.fields import ExactDecimalField
from billow.records.tokened import token_field
from billow.terms.text import trimmed


class RuleType(models.TextChoices):
    EXCLUSION = "exclusion"
    ADJUSTMENT = "adjustment"
    CHARGE = "charge"
    CREDIT = "credit"
    CUSTOM = "custom"


class AdjustmentType(models.TextChoices):
    PER_SERVICE = "per_service"
    PUBLIC_PRICE = "public_price"
    REMOVE_COMMITMENT_DISCOUNTS = "remove_commitment_discounts"
    RETIER = "retier"


class ChargeCalculation(models.TextChoices):
    FIXED = "fixed"
    SUPPORT_FEE = "support_fee"


ALL_PROVIDERS = "all"
"""What ``fee_provider`` says where a fee is of the spend on all of them."""

_BOOKED: dict[str, Any] = {"service__isnull": False, "category__isnull": False, "sub_category__isnull": False}
_FIXED: dict[str, Any] = {**_BOOKED, "amount__isnull": False, "start_date__isnull": False}


class BillingRule(models.Model):
    """One rule; which columns are filled depends on ``type``, for adjustments and charges also on how they work.

    ``dates_as_given`` keeps the text of ``start_date`` and ``end_date`` where it says more than the day, ``sql_query``
    a custom rule's text to the last sign. ``fee_tiers`` are objects with ``percentage`` and, but for the last,
    ``up_to``, both as text.
    """

    token = token_field("billing_rule")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="billing_rules")
    title = models.CharField(max_length=255)
    type = models.CharField(max_length=12, choices=RuleType.choices)
    charge_type = models.CharField(max_length=255, null=True, blank=True)
    percentage = ExactDecimalField(null=True, blank=True)
    service = models.CharField(max_length=255, null=True, blank=True)
    category = models.CharField(max_length=255, null=True, blank=True)
    sub_category = models.CharField(max_length=255, null=True, blank=True)
    amount = ExactDecimalField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    dates_as_given = models.JSONField(default=dict, blank=True)
    recurrence = models.CharField(max_length=10, null=True, blank=True)
    sql_query = models.TextField(null=True, blank=True)
    adjustment_type = models.CharField(
        max_length=30, choices=AdjustmentType.choices, default=AdjustmentType.PER_SERVICE
    )
    include_free_tier = models.BooleanField(default=True)
    charge_calculation = models.CharField(
        max_length=20, choices=ChargeCalculation.choices, default=ChargeCalculation.FIXED
    )
    fee_tiers = models.JSONField(null=True, blank=True)
    fee_minimum = ExactDecimalField(null=True, blank=True)
    fee_per_account = models.BooleanField(default=False)
    fee_provider = models.CharField(max_length=40, default="aws")
    apply_to_all = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="rule_type_known", condition=Q(type__in=RuleType.values)),
            models.CheckConstraint(name="rule_titled", condition=~Q(title="")),
            models.CheckConstraint(
                name="rule_ends_after_start",
                condition=Q(start_date__isnull=True) | Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
            ),
            models.CheckConstraint(
                name="rule_has_what_its_type_needs",
                condition=Q(type="exclusion", charge_type__isnull=False)
                | Q(type="adjustment", adjustment_type="per_service", percentage__isnull=False)
                | (Q(type="adjustment", percentage__isnull=True) & ~Q(adjustment_type="per_service"))
                | Q(type="charge", charge_calculation="fixed", **_FIXED)
                | Q(type="charge", charge_calculation="support_fee", fee_tiers__isnull=False, **_BOOKED)
                | Q(type="credit", **_FIXED)
                | (Q(type="custom", sql_query__isnull=False) & ~Q(sql_query="")),
            ),
            models.CheckConstraint(
                name="rule_adjustment_type_known",
                condition=Q(adjustment_type="per_service")
                | Q(type="adjustment", adjustment_type__in=AdjustmentType.values),
            ),
            models.CheckConstraint(
                name="rule_charge_calculation_known",
                condition=Q(charge_calculation="fixed")
                | Q(type="charge", charge_calculation__in=ChargeCalculation.values),
            ),
        ]

    def as_rule(self) -> values.BillingRule:
        """Return the rule as the value that rating works with."""
        common: dict[str, Any] = {
            "token": self.token,
            "title": trimmed(self.title),
            "start_date": self.start_date,
            "end_date": self.end_date,
        }
        match self.type:
            case RuleType.EXCLUSION:
                return values.ExclusionRule(charge_type=trimmed(self.charge_type), **common)
            case RuleType.ADJUSTMENT:
                return self._as_adjustment(common)
            case RuleType.CUSTOM:
                return values.CustomRule(sql_query=self.sql_query or "", **common)
        return self._as_booking(common)

    def _as_adjustment(self, common: Mapping[str, Any]) -> values.BillingRule:
        match self.adjustment_type:
            case AdjustmentType.PUBLIC_PRICE:
                return values.PublicPriceRule(**common)
            case AdjustmentType.REMOVE_COMMITMENT_DISCOUNTS:
                return values.RemoveCommitmentDiscountsRule(**common)
            case AdjustmentType.RETIER:
                return values.RetierRule(include_free_tier=self.include_free_tier, **common)
        return values.AdjustmentRule(
            percentage=self.percentage,
            service=trimmed(self.service) or None,
            category=trimmed(self.category) or None,
            **common,
        )

    def _as_booking(self, common: Mapping[str, Any]) -> values.BillingRule:
        line: dict[str, Any] = {
            "service": trimmed(self.service),
            "category": trimmed(self.category),
            "sub_category": trimmed(self.sub_category),
        }
        if self.charge_calculation == ChargeCalculation.SUPPORT_FEE:
            return values.SupportFeeRule(
                tiers=tuple(_tier(entry) for entry in self.fee_tiers or ()),
                minimum=self.fee_minimum or Decimal(0),
                per_account=self.fee_per_account,
                provider=None if self.fee_provider == ALL_PROVIDERS else self.fee_provider,
                **line,
                **common,
            )
        kind = values.ChargeRule if self.type == RuleType.CHARGE else values.CreditRule
        return kind(
            amount=self.amount,
            recurrence=values.Recurrence(self.recurrence) if self.recurrence else None,
            **line,
            **common,
        )

    def __str__(self) -> str:
        return trimmed(self.title)


def _tier(entry: Mapping[str, str]) -> values.FeeTier:
    up_to = entry.get("up_to")
    return values.FeeTier(percentage=Decimal(entry["percentage"]), up_to=None if up_to is None else Decimal(up_to))


class BillingRuleAssignment(models.Model):
    """A rule applied to a managed account, at its place in the order of execution."""

    managed_account = models.ForeignKey(ManagedAccount, on_delete=models.CASCADE, related_name="rule_assignments")
    billing_rule = models.ForeignKey(BillingRule, on_delete=models.PROTECT, related_name="assignments")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["managed_account", "billing_rule"], name="rule_assigned_once"),
            models.UniqueConstraint(fields=["managed_account", "position"], name="one_rule_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.billing_rule}"


class ExchangeRate(models.Model):
    """Units of ``currency`` for one unit of ``base_currency``, from a day."""

    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="exchange_rates")
    base_currency = models.CharField(max_length=3)
    currency = models.CharField(max_length=3)
    rate = ExactDecimalField()
    effective_date = models.DateField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["management_account", "base_currency", "currency", "effective_date"], name="one_rate_per_day"
            ),
            models.CheckConstraint(name="rate_between_two_currencies", condition=~Q(base_currency=F("currency"))),
        ]

    def __str__(self) -> str:
        return f"{self.base_currency}/{self.currency} {self.rate} ({self.effective_date})"
