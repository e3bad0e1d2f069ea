"""Every endpoint of the API, and who may use it: the one table that the authorisation tests walk.

A new endpoint without a row here fails tests/api/test_authorisation.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.world import MSP_ROLES

OWNER = frozenset({"owner"})
RULE_WRITERS = frozenset({"owner", "integration_owner"})
REPORT_WRITERS = frozenset({"owner", "integration_owner", "editor"})
OWN_REPORT_WRITERS = REPORT_WRITERS | {"customer"}
"""The customer of the tests owns his account, so he writes reports in it."""
MSP = frozenset(MSP_ROLES)
EVERY_TOKEN = MSP | {"customer"}

ASKERS = (*MSP_ROLES, "customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path, who may use it, with which scope, and a body it would do something with."""

    method: str
    path: str
    may: frozenset[str]
    needs: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        return self.needs or ("read" if self.method == "GET" else "write")

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def _rows(path: str, **may: frozenset[str]) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(method=method, path=path, may=who) for method, who in may.items())


OPEN = (Endpoint(method="GET", path="/v2/ping", may=EVERY_TOKEN),)
"""What needs no token."""

ENDPOINTS: tuple[Endpoint, ...] = (
    *_rows("/v2/me", GET=EVERY_TOKEN, PUT=EVERY_TOKEN),
    *_rows("/v2/users", GET=OWNER),
    *_rows("/v2/users/{user_token}", GET=OWNER),
    *_rows("/v2/teams", GET=MSP, POST=OWNER),
    *_rows("/v2/teams/{team_token}", GET=MSP, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/teams/{team_token}/members", GET=MSP, POST=OWNER),
    *_rows("/v2/teams/{team_token}/members/{user_token}", DELETE=OWNER),
    *_rows("/v2/audit_logs", GET=OWNER),
    *_rows("/v2/audit_logs/{audit_log_token}", GET=OWNER),
    *_rows("/v2/billing_profiles", GET=MSP, POST=OWNER),
    *_rows("/v2/billing_profiles/{billing_profile_token}", GET=MSP, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/billing_profiles/{billing_profile_token}/logo", GET=MSP, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/billing_rules", GET=MSP, POST=RULE_WRITERS),
    Endpoint(method="POST", path="/v2/billing_rules/preview", may=MSP, needs="read"),
    *_rows("/v2/billing_rules/{billing_rule_token}", GET=MSP, PUT=RULE_WRITERS, DELETE=RULE_WRITERS),
    *_rows("/v2/managed_accounts", GET=MSP, POST=RULE_WRITERS),
    *_rows("/v2/managed_accounts/{managed_account_token}", GET=MSP, PUT=RULE_WRITERS, DELETE=RULE_WRITERS),
    *_rows(
        "/v2/managed_accounts/{managed_account_token}/sso_connection",
        POST=RULE_WRITERS,
        PUT=RULE_WRITERS,
        DELETE=RULE_WRITERS,
    ),
    *_rows("/v2/managed_accounts/{managed_account_token}/delegations", GET=MSP, POST=RULE_WRITERS),
    *_rows("/v2/managed_accounts/{managed_account_token}/delegations/end", POST=RULE_WRITERS),
    *_rows("/v2/exchange_rates", GET=MSP),
    *_rows("/v2/exchange_rates/csv", POST=OWNER),
    *_rows("/v2/integrations", GET=MSP),
    *_rows("/v2/integrations/custom_provider", POST=RULE_WRITERS),
    *_rows("/v2/integrations/gcp", POST=RULE_WRITERS),
    *_rows("/v2/integrations/azure", POST=RULE_WRITERS),
    *_rows("/v2/integrations/{integration_token}", GET=MSP, PUT=RULE_WRITERS, DELETE=RULE_WRITERS),
    *_rows("/v2/invoices", GET=EVERY_TOKEN, POST=OWNER),
    *_rows("/v2/invoices/ready", GET=MSP),
    *_rows("/v2/invoices/bulk", POST=OWNER),
    *_rows("/v2/invoices/{invoice_token}", GET=EVERY_TOKEN),
    Endpoint(
        method="POST",
        path="/v2/invoices/{invoice_token}/download",
        may=EVERY_TOKEN,
        needs="read",
        body={"file_type": "pdf"},
    ),
    *_rows("/v2/invoices/{invoice_token}/send", POST=OWNER),
    *_rows("/v2/invoices/{invoice_token}/send_and_approve", POST=OWNER),
    *_rows("/v2/invoices/{invoice_token}/regenerate", POST=OWNER),
    *_rows("/v2/invoices/{invoice_token}/cost_report", GET=EVERY_TOKEN),
    *_rows("/v2/invoices/{invoice_token}/lines", GET=EVERY_TOKEN),
    *_rows("/v2/invoices/{invoice_token}/explain", GET=MSP),
    *_rows("/v2/invoices/{invoice_token}/versions", GET=MSP),
    *_rows("/v2/invoices/{invoice_token}/deliveries", GET=MSP),
    *_rows("/v2/invoices/{invoice_token}/credit_notes", GET=EVERY_TOKEN, POST=OWNER),
    *_rows("/v2/credit_notes", GET=EVERY_TOKEN),
    *_rows("/v2/credit_notes/{credit_note_token}", GET=EVERY_TOKEN),
    Endpoint(
        method="POST",
        path="/v2/credit_notes/{credit_note_token}/download",
        may=EVERY_TOKEN,
        needs="read",
        body={"file_type": "pdf"},
    ),
    *_rows("/v2/webhooks", GET=OWNER, POST=OWNER),
    *_rows("/v2/webhooks/{webhook_token}", GET=OWNER, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/webhooks/{webhook_token}/rotate_secret", POST=OWNER),
    *_rows("/v2/webhooks/{webhook_token}/test", POST=OWNER),
    *_rows("/v2/webhooks/{webhook_token}/replay", POST=OWNER),
    *_rows("/v2/webhooks/{webhook_token}/calls", GET=OWNER),
    *_rows("/v2/integrations/{integration_token}/costs.csv", POST=RULE_WRITERS),
    *_rows("/v2/integrations/{integration_token}/costs", GET=MSP),
    *_rows("/v2/integrations/{integration_token}/costs/{user_costs_upload_token}", DELETE=RULE_WRITERS),
    *_rows("/v2/workspaces", GET=EVERY_TOKEN, POST=OWNER),
    *_rows("/v2/workspaces/{workspace_token}", GET=EVERY_TOKEN, PUT=OWNER, DELETE=OWNER),
    *_rows("/v2/folders", GET=EVERY_TOKEN, POST=OWN_REPORT_WRITERS),
    *_rows("/v2/folders/{folder_token}", GET=EVERY_TOKEN, PUT=OWN_REPORT_WRITERS, DELETE=OWN_REPORT_WRITERS),
    *_rows("/v2/cost_reports", GET=EVERY_TOKEN, POST=OWN_REPORT_WRITERS),
    *_rows(
        "/v2/cost_reports/{cost_report_token}",
        GET=EVERY_TOKEN,
        PUT=OWN_REPORT_WRITERS,
        DELETE=OWN_REPORT_WRITERS,
    ),
    *_rows("/v2/costs", GET=EVERY_TOKEN),
    *_rows("/v2/costs/data_exports", POST=EVERY_TOKEN),
    *_rows("/v2/data_exports/{data_export_token}", GET=EVERY_TOKEN),
    *_rows("/v2/cost_providers", GET=EVERY_TOKEN),
    *_rows("/v2/cost_services", GET=EVERY_TOKEN),
    *_rows("/v2/cost_provider_accounts", GET=EVERY_TOKEN),
)
