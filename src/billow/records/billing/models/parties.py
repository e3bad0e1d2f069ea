"""Seller and buyer: billing profiles, managed accounts, and what is delegated to them."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.scope import ScopedQuerySet
from billow.records.costs.models import Integration
from billow.records.fields import EncryptedTextField
from billow.records.tokened import token_field
from billow.terms.focus import CostBasis
from billow.terms.rounding import RoundingRule
from billow.terms.text import trimmed


class PartyDetails(models.Model):
    """The address and the free fields that seller and buyer share.

    ``billing_email`` is a list of addresses in order; ``custom_fields`` a list of ``{"name", "value"}``.
    """

    billing_information_token = token_field("billing_information")
    company_name = models.CharField(max_length=255, null=True, blank=True)
    country_code = models.CharField(max_length=2, null=True, blank=True)
    address_line_1 = models.CharField(max_length=255, null=True, blank=True)
    address_line_2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=255, null=True, blank=True)
    postal_code = models.CharField(max_length=40, null=True, blank=True)
    billing_email = models.JSONField(default=list, blank=True)
    business_information_token = token_field("business_information")
    custom_fields = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True


class BillingProfile(PartyDetails):
    """The seller's legal, tax and bank data used on invoices.

    ``secure_data`` is JSON text of account_number, routing_number, iban and swift_bic, encrypted at rest.
    ``adjustment_items`` is an ordered list of ``{"name", "adjustment_type", "calculation_type", "amount"}``
    with the amount as decimal text. The logo is a PNG.
    """

    token = token_field("billing_profile")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="billing_profiles")
    nickname = models.CharField(max_length=255)
    banking_information_token = token_field("banking_information")
    bank_name = models.CharField(max_length=255, null=True, blank=True)
    beneficiary_name = models.CharField(max_length=255, null=True, blank=True)
    bank_tax_id = models.CharField(max_length=255, null=True, blank=True)
    secure_data = EncryptedTextField(default="", blank=True)
    invoice_adjustment_token = token_field("invoice_adjustment")
    adjustment_items = models.JSONField(default=list, blank=True)
    cost_basis = models.CharField(max_length=20, default=CostBasis.BILLED_COST)
    rounding_rule = models.CharField(max_length=20, default=RoundingRule.EXACT_TOTAL)
    logo_png = models.BinaryField(null=True, blank=True)
    logo_width = models.PositiveIntegerField(default=0)
    logo_height = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="profile_cost_basis_known", condition=Q(cost_basis__in=list(CostBasis))),
            models.CheckConstraint(name="profile_rounding_known", condition=Q(rounding_rule__in=list(RoundingRule))),
            models.CheckConstraint(name="profile_named", condition=~Q(nickname="")),
        ]

    def __str__(self) -> str:
        return trimmed(self.nickname)


class LiveManagedAccounts(ScopedQuerySet["ManagedAccount"]):
    def live(self) -> "LiveManagedAccounts":
        """Leave out the accounts that were deleted."""
        return self.filter(deleted_at__isnull=True)


class ManagedAccount(PartyDetails):
    """The MSP's customer; becomes the buyer on a document.

    ``first_period_start`` is the first month that may be invoiced; ``data_ingestion_delay`` overrides the
    management account's setting unless null. ``integration_order`` is the order in which whole integrations were
    given, as tokens. ``sso_connection`` is kept for the customer's sign-in: type, metadata address and domains.
    """

    ACCOUNT_PATH = "pk"

    token = token_field("managed_account")
    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="managed_accounts")
    name = models.CharField(max_length=255)
    contact_email = models.EmailField()
    email_domain = models.CharField(max_length=255, null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    locale = models.CharField(max_length=20, default="en")
    billing_profile = models.ForeignKey(
        BillingProfile, on_delete=models.PROTECT, null=True, blank=True, related_name="managed_accounts"
    )
    payment_terms_days = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(365)])
    include_managed_account_integrations = models.BooleanField(default=False)
    data_ingestion_delay = models.BooleanField(null=True, blank=True)
    first_period_start = models.DateField()
    integration_order = models.JSONField(default=list, blank=True)
    sso_connection = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = LiveManagedAccounts.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("contact_email"),
                "management_account",
                condition=Q(deleted_at__isnull=True),
                name="contact_email_once",
            ),
            models.CheckConstraint(name="payment_terms_at_most_a_year", condition=Q(payment_terms_days__lte=365)),
            models.CheckConstraint(name="account_named", condition=~Q(name="")),
            models.CheckConstraint(name="first_period_whole_month", condition=Q(first_period_start__day=1)),
        ]

    @property
    def waits_for_late_data(self) -> bool:
        """Tell whether months of this account open on the 4th instead of the 1st."""
        if self.data_ingestion_delay is None:
            return self.management_account.data_ingestion_delay
        return self.data_ingestion_delay

    def __str__(self) -> str:
        return trimmed(self.name)


class Delegation(models.Model):
    """Charges of an integration that belong to a managed account, from one day to another (inclusive).

    An empty ``billing_account_id`` means the whole integration, an empty ``sub_account_id`` the whole billing
    account (or the whole integration). Overlaps between accounts are refused by the use case that writes rows.
    """

    ACCOUNT_PATH = "managed_account"

    management_account = models.ForeignKey(ManagementAccount, on_delete=models.PROTECT, related_name="delegations")
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="delegations")
    managed_account = models.ForeignKey(ManagedAccount, on_delete=models.PROTECT, related_name="delegations")
    billing_account_id = models.CharField(max_length=255, blank=True, default="")
    sub_account_id = models.CharField(max_length=255, blank=True, default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    connected_by_customer = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "billing_account_id", "sub_account_id"],
                condition=Q(start_date__isnull=True),
                name="one_undated_delegation",
            ),
            models.UniqueConstraint(
                fields=["integration", "billing_account_id", "sub_account_id", "start_date"],
                name="one_delegation_per_start",
            ),
            models.CheckConstraint(
                name="delegation_ends_after_start",
                condition=Q(start_date__isnull=True) | Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
            ),
        ]

    def __str__(self) -> str:
        place: Any = self.sub_account_id or self.billing_account_id or "everything"
        return f"{self.integration}: {place} → {self.managed_account}"
