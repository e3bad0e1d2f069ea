"""Records as the JSON documents of the command line."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from billow.records.billing.models import BillingProfile, BillingRule, Delegation, ExchangeRate, ManagedAccount
    from billow.records.costs.models import CostImport, Integration
    from billow.usecases.read_invoices import InvoiceRow

_PARTY = (
    "company_name",
    "country_code",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postal_code",
    "billing_email",
    "custom_fields",
)


def account_document(account: "ManagedAccount") -> dict[str, Any]:
    """Return a managed account."""
    return {
        "token": account.token,
        "name": account.name,
        "contact_email": account.contact_email,
        "email_domain": account.email_domain,
        "currency": account.currency,
        "locale": account.locale,
        "billing_profile": None if account.billing_profile is None else account.billing_profile.token,
        "payment_terms_days": account.payment_terms_days,
        "include_managed_account_integrations": account.include_managed_account_integrations,
        "data_ingestion_delay": account.data_ingestion_delay,
        "first_period": account.first_period_start.isoformat()[:7],
        **{name: getattr(account, name) for name in _PARTY},
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def profile_document(profile: "BillingProfile", *, banking: dict[str, str | None]) -> dict[str, Any]:
    """Return a billing profile with its banking data as the actor may see it."""
    return {
        "token": profile.token,
        "nickname": profile.nickname,
        **{name: getattr(profile, name) for name in _PARTY},
        "bank_name": profile.bank_name,
        "beneficiary_name": profile.beneficiary_name,
        "bank_tax_id": profile.bank_tax_id,
        **banking,
        "adjustment_items": profile.adjustment_items,
        "cost_basis": profile.cost_basis,
        "rounding_rule": profile.rounding_rule,
        "logo": {"width": profile.logo_width, "height": profile.logo_height} if profile.logo_width else None,
        "managed_accounts_count": profile.managed_accounts.filter(deleted_at__isnull=True).count(),
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }


def rule_document(rule: "BillingRule") -> dict[str, Any]:
    """Return a billing rule with the group it runs in, and the accounts it runs for."""
    from billow.usecases.rules import execution_group_of

    return {
        "token": rule.token,
        "title": rule.title,
        "type": rule.type,
        "adjustment_type": rule.adjustment_type if rule.type == "adjustment" else None,
        "charge_calculation": rule.charge_calculation if rule.type == "charge" else None,
        "charge_type": rule.charge_type,
        "percentage": rule.percentage,
        "include_free_tier": rule.include_free_tier if rule.adjustment_type == "retier" else None,
        "service": rule.service,
        "category": rule.category,
        "sub_category": rule.sub_category,
        "amount": rule.amount,
        **_support_fee(rule),
        "sql_query": rule.sql_query or None,
        "execution_group": execution_group_of(rule=rule),
        "start_date": rule.start_date,
        "end_date": rule.end_date,
        "recurrence": rule.recurrence,
        "apply_to_all": rule.apply_to_all,
        "accounts": [assignment.managed_account.token for assignment in rule.assignments.all()],
        "created_at": rule.created_at,
        "updated_at": rule.updated_at,
    }


def _support_fee(rule: "BillingRule") -> dict[str, Any]:
    is_fee = rule.charge_calculation == "support_fee"
    names = ("fee_tiers", "fee_minimum", "fee_per_account", "fee_provider")
    return {name: getattr(rule, name) if is_fee else None for name in names}


def integration_document(integration: "Integration") -> dict[str, Any]:
    """Return a cost source with what of it is delegated."""
    return {
        "token": integration.token,
        "name": integration.name,
        "provider": integration.provider,
        "delegations": [delegation_document(row) for row in integration.delegations.all()],
        "created_at": integration.created_at,
    }


def delegation_document(delegation: "Delegation") -> dict[str, Any]:
    """Return what is given to whom, from when to when."""
    return {
        "account": delegation.managed_account.token,
        "account_name": delegation.managed_account.name,
        "billing_account_id": delegation.billing_account_id or None,
        "sub_account_id": delegation.sub_account_id or None,
        "start_date": delegation.start_date,
        "end_date": delegation.end_date,
    }


def import_document(cost_import: "CostImport") -> dict[str, Any]:
    """Return a stored cost import with its totals."""
    return {
        "token": cost_import.token,
        "integration": cost_import.integration.name,
        "billing_period": str(cost_import.period),
        "format": cost_import.format,
        "files": [file["name"] for file in cost_import.files],
        "sources": cost_import.files,
        "sha256": cost_import.sha256,
        "rows": cost_import.rows,
        "rows_rounded": cost_import.rows_rounded,
        "rounding_difference": cost_import.rounding_difference,
        "costs": [
            {
                "currency": totals.currency,
                "billed_cost": totals.billed_cost,
                "effective_cost": totals.effective_cost,
                "list_cost": totals.list_cost,
                "contracted_cost": totals.contracted_cost,
            }
            for totals in sorted(cost_import.totals.all(), key=lambda totals: totals.currency)
        ],
        "created_at": cost_import.created_at,
    }


def rate_document(rate: "ExchangeRate") -> dict[str, Any]:
    """Return an exchange rate."""
    return {
        "base_currency_code": rate.base_currency,
        "currency_code": rate.currency,
        "rate": rate.rate,
        "effective_date": rate.effective_date,
        "updated_at": rate.updated_at,
    }


def invoice_document(row: "InvoiceRow") -> dict[str, Any]:
    """Return one invoice of a list."""
    return {
        "token": row.token,
        "number": row.number,
        "account": row.account_name,
        "account_token": row.account_token,
        "billing_period": str(row.period),
        "currency": row.currency,
        "provider_cost": row.provider_cost,
        "subtotal": row.subtotal,
        "total": row.total,
        "margin": row.margin,
        "status": row.status,
        "delivery_status": row.delivery_status or None,
        "is_stale": row.is_stale,
        "failure": {"code": row.failure_code, "message": row.failure_message} if row.failure_code else None,
        "issue_date": row.issue_date,
        "due_date": row.due_date,
        "pdf": row.pdf,
        "csv": row.csv,
    }
