"""What is agreed: billing rules in their order, and exchange rates."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from billow.billingrules import rule as values
from billow.records.accounts.models import ManagementAccount, User
from billow.records.billing.models.parties import ManagedAccount
from billow.records.billing.scope import ScopedQuerySet
from billow.records.fields import ExactDecimalField
from billow.records.tokened import token_field


class RuleType(models.TextChoices):
    EXCLUSION = "exclusion"
    ADJUSTMENT = "adjustment"
    CHARGE = "charge"
    CREDIT = "credit"


class BillingRule(models.Model):
    """One rule; which columns are filled depends on ``type``.

    ``dates_as_given`` keeps the text of ``start_date`` and ``end_date`` where it says more than the day.
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
                | Q(type="adjustment", percentage__isnull=False)
                | Q(
                    type__in=["charge", "credit"],
                    service__isnull=False,
                    category__isnull=False,
                    sub_category__isnull=False,
                    amount__isnull=False,
                    start_date__isnull=False,
                ),
            ),
        ]

    def as_rule(self) -> values.BillingRule:
        """Return the rule as the value that rating works with."""
        common: dict[str, Any] = {
            "token": self.token,
            "title": self.title,
            "start_date": self.start_date,
            "end_date": self.end_date,
        }
        if self.type == RuleType.EXCLUSION:
            return values.ExclusionRule(charge_type=self.charge_type or "", **common)
        if self.type == RuleType.ADJUSTMENT:
            return values.AdjustmentRule(
                percentage=self.percentage, service=self.service or None, category=self.category or None, **common
            )
        kind = values.ChargeRule if self.type == RuleType.CHARGE else values.CreditRule
        return kind(
            service=self.service or "",
            category=self.category or "",
            sub_category=self.sub_category or "",
            amount=self.amount,
            recurrence=values.Recurrence(self.recurrence) if self.recurrence else None,
            **common,
        )

    def __str__(self) -> str:
        return self.title


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
