"""Whole bodies to start from, for every operation that takes JSON; each is sent to the API by the tests.

Tokens are written with the digits of PLACEHOLDER: put those of your own things in their place.
"""

from collections.abc import Mapping
from typing import Any

PLACEHOLDER = "0123456789abcdef"

Body = Mapping[str, Any]

_ACCOUNT = f"acct_{PLACEHOLDER}"
_PROFILE = f"blng_prfl_{PLACEHOLDER}"
_RULE = f"bllng_rule_{PLACEHOLDER}"
_INTEGRATION = f"accss_crdntl_{PLACEHOLDER}"
_WORKSPACE = f"wrkspc_{PLACEHOLDER}"
_FOLDER = f"fldr_{PLACEHOLDER}"
_INVOICE = f"msp_inv_{PLACEHOLDER}"

_TEAM: Body = {"name": "Finance", "description": "Who closes the month", "user_emails": []}
_WEBHOOK: Body = {
    "url": "https://erp.nimbus.example/billow",
    "description": "Ledger",
    "event_types": ["invoice.approved", "credit_note.issued"],
    "active": True,
}
_PROFILE_BODY: Body = {
    "nickname": "Nimbus US",
    "billing_information_attributes": {
        "company_name": "Nimbus Partners, Inc.",
        "country_code": "US",
        "address_line_1": "1 Main St",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "billing_email": ["billing@nimbus.example"],
    },
    "business_information_attributes": {"metadata": {"custom_fields": [{"name": "Tax ID", "value": "12-3456789"}]}},
    "banking_information_attributes": {
        "bank_name": "First Bank",
        "beneficiary_name": "Nimbus Partners, Inc.",
        "secure_data": {"account_number": "123456789", "routing_number": "021000021"},
    },
    "invoice_adjustment_attributes": {
        "adjustment_items": [
            {"name": "State tax", "adjustment_type": "charge", "calculation_type": "percentage", "amount": "8.25"}
        ]
    },
}
_MARKUP: Body = {"title": "Markup on EC2", "type": "adjustment", "percentage": "105", "service": "Amazon EC2"}
_SQL: Body = {
    "title": "Half of one region",
    "type": "custom",
    "sql_query": "UPDATE costs SET costs.amount = costs.amount * 0.5 WHERE costs.region = 'eu-west-1'",
}
_SSO: Body = {
    "type": "saml",
    "saml_metadata_url": "https://id.initech.example/metadata",
    "additional_domains": ["initech.example"],
}
_REPORT: Body = {
    "title": "Compute by service",
    "filter": "costs.provider = 'aws'",
    "groupings": "service",
    "date_bin": "month",
    "chart_type": "bar",
}

REQUESTS: Mapping[str, Mapping[str, Body]] = {
    "updateMe": {"Nothing": {"default_dashboard_token": None}},
    "createTeam": {"A team": _TEAM},
    "updateTeam": {"Another name": {"name": "Finance and audit"}},
    "addTeamMember": {"An editor": {"user_email": "editor@nimbus.example", "role": "editor"}},
    "bulkInvoices": {
        "Generate a month": {"action": "generate", "billing_period_start": "2026-09-01", "account_tokens": [_ACCOUNT]},
        "Approve without mail": {"action": "approve", "invoice_tokens": [_INVOICE], "send": False},
    },
    "createInvoice": {
        "A month": {
            "account_token": _ACCOUNT,
            "billing_period_start": "2026-08-01",
            "billing_period_end": "2026-08-31",
        }
    },
    "downloadInvoice": {"PDF": {"file_type": "pdf"}, "CSV": {"file_type": "csv"}},
    "createCreditNote": {
        "One line": {"reason": "Charged twice", "line_numbers": [1]},
        "Whole invoice": {"reason": "Wrong customer"},
    },
    "downloadCreditNote": {"PDF": {"file_type": "pdf"}},
    "createWebhook": {"A ledger": _WEBHOOK},
    "updateWebhook": {"Switched off": {"active": False}},
    "rotateWebhookSecret": {"Both for two days": {"overlap_hours": 48}},
    "replayWebhookEvents": {"All that failed since": {"failed_since": "2026-11-01T00:00:00Z"}},
    "createBillingProfile": {"With bank account and tax": _PROFILE_BODY},
    "updateBillingProfile": {"Another address": {"billing_information_attributes": {"address_line_1": "2 Main St"}}},
    "previewBillingRule": {
        "A new rule": {**_MARKUP, "billing_period_start": "2026-10-01"},
        "For one customer": {
            **_SQL,
            "billing_period_start": "2026-10-01",
            "managed_account_tokens": [_ACCOUNT],
        },
    },
    "createBillingRule": {
        "Exclusion": {"title": "No taxes", "type": "exclusion", "charge_type": "Tax"},
        "Adjustment": _MARKUP,
        "Re-tiered": {"title": "Own tiers", "type": "adjustment", "adjustment_type": "retier"},
        "Charge": {
            "title": "Managed service",
            "type": "charge",
            "service": "Support",
            "category": "Support",
            "sub_category": "Monthly",
            "amount": "300.00",
            "start_date": "2026-10-01",
            "recurrence": "monthly",
        },
        "Support fee": {
            "title": "Premium support",
            "type": "charge",
            "service": "Support",
            "category": "Support",
            "sub_category": "Premium",
            "fee_tiers": [{"up_to": "10000", "percentage": "10"}, {"percentage": "7"}],
            "fee_minimum": "100",
        },
        "Credit": {
            "title": "Goodwill",
            "type": "credit",
            "service": "Support",
            "category": "Support",
            "sub_category": "One-time",
            "amount": "50.00",
            "start_date": "2026-10-01",
        },
        "SQL": _SQL,
    },
    "updateBillingRule": {"Another percentage": {"title": "Markup on EC2", "percentage": "107.5"}},
    "createManagedAccount": {
        "A customer": {
            "name": "Hooli",
            "contact_email": "billing@hooli.example",
            "msp_billing_profile_token": _PROFILE,
            "billing_rule_tokens": [_RULE],
            "access_credential_tokens": [_INTEGRATION],
            "payment_terms_days": 30,
            "currency": "USD",
            "locale": "en",
        }
    },
    "updateManagedAccount": {"Longer terms": {"payment_terms_days": 45}},
    "createSsoConnectionForManagedAccount": {"SAML": _SSO},
    "updateSsoConnectionForManagedAccount": {"One domain more": {"additional_domains": ["a.example", "b.example"]}},
    "createDelegation": {
        "Two accounts": {
            "integration_token": _INTEGRATION,
            "billing_account_id": "400000000001",
            "provider_account_ids": ["510000000001", "510000000002"],
            "start_date": "2026-10-01",
        },
        "A whole integration": {"integration_token": _INTEGRATION},
    },
    "endDelegation": {
        "On a day": {
            "integration_token": _INTEGRATION,
            "billing_account_id": "400000000001",
            "provider_account_id": "510000000001",
            "start_date": "2026-10-01",
            "last_day": "2026-10-31",
        },
        "Altogether": {"integration_token": _INTEGRATION},
    },
    "createCustomProviderIntegration": {"A provider": {"name": "Temporal", "description": "Workflows"}},
    "updateIntegration": {"Its workspaces": {"workspace_tokens": [_WORKSPACE]}},
    "createWorkspace": {"In euros": {"name": "Berlin", "currency": "EUR", "enable_currency_conversion": True}},
    "updateWorkspace": {"Another name": {"name": "Hamburg"}},
    "createFolder": {"A folder": {"title": "Engineering", "workspace_token": _WORKSPACE}},
    "updateFolder": {"Another title": {"title": "Platform"}},
    "createCostReport": {
        "A report": {**_REPORT, "workspace_token": _WORKSPACE, "folder_token": _FOLDER},
    },
    "updateCostReport": {"By account": {"groupings": "provider, account_id"}},
    "createCostExport": {
        "A quarter": {
            "workspace_token": _WORKSPACE,
            "filter": "costs.provider = 'aws'",
            "groupings": "service",
            "start_date": "2026-07-01",
            "end_date": "2026-09-30",
            "schema": "focus",
        }
    },
}
"""By operation, then by what the example is."""


def add_examples(operation: Mapping[str, Any]) -> None:
    """Put the operation's examples beside the schema of its body, if it takes one."""
    for name, body in REQUESTS.get(operation["operationId"], {}).items():
        examples = operation["requestBody"]["content"]["application/json"].setdefault("examples", {})
        examples[name.lower().replace(" ", "_")] = {"summary": name, "value": body}
