"""Every text that people or providers write and Billow keeps, each with a hostile text, and where it comes out again.

A text column of the database that is in neither table fails tests/web/test_hostile_text.py.
"""

from collections.abc import Mapping
from html.parser import HTMLParser

PAGE, PORTAL, PDF, CSV, MAIL = "page", "portal", "pdf", "csv", "mail"

FREE: Mapping[str, tuple[str, ...]] = {
    "ManagementAccount.name": (PAGE,),
    "User.name": (PAGE,),
    "Team.name": (PAGE,),
    "Team.description": (PAGE,),
    "ApiToken.description": (PAGE,),
    "Passkey.name": (PAGE,),
    "MailedLink.outcome_message": (),
    "AuditEntry.object_name": (PAGE, CSV),
    "AuditEntry.changes": (PAGE,),
    "Integration.name": (PAGE,),
    "UserCostsUpload.filename": (PAGE,),
    "CostImport.files": (PAGE,),
    "BillingProfile.nickname": (PAGE,),
    "BillingProfile.company_name": (PAGE, PORTAL, PDF, MAIL),
    "BillingProfile.address_line_1": (PAGE, PORTAL, PDF),
    "BillingProfile.address_line_2": (PAGE, PORTAL, PDF),
    "BillingProfile.city": (PAGE, PORTAL, PDF),
    "BillingProfile.state": (PAGE, PORTAL, PDF),
    "BillingProfile.postal_code": (PAGE, PORTAL, PDF),
    "BillingProfile.billing_email": (PAGE, PORTAL),
    "BillingProfile.custom_fields": (PAGE, PORTAL, PDF),
    "BillingProfile.bank_name": (PAGE, PDF),
    "BillingProfile.beneficiary_name": (PAGE, PDF),
    "BillingProfile.bank_tax_id": (PAGE, PDF),
    "BillingProfile.secure_data": (PAGE, PDF),
    "BillingProfile.adjustment_items": (PAGE, PORTAL, PDF, CSV),
    "ManagedAccount.name": (PAGE, PORTAL),
    "ManagedAccount.company_name": (PAGE, PORTAL, PDF, CSV, MAIL),
    "ManagedAccount.address_line_1": (PAGE, PDF),
    "ManagedAccount.address_line_2": (PAGE, PDF),
    "ManagedAccount.city": (PAGE, PDF),
    "ManagedAccount.state": (PAGE, PDF),
    "ManagedAccount.postal_code": (PAGE, PDF),
    "ManagedAccount.billing_email": (PAGE,),
    "ManagedAccount.contact_email": (PAGE,),
    "ManagedAccount.custom_fields": (PAGE, PDF),
    "ManagedAccount.email_domain": (PAGE,),
    "ManagedAccount.sso_connection": (),
    "Delegation.billing_account_id": (PAGE,),
    "Delegation.sub_account_id": (PAGE,),
    "BillingRule.title": (PAGE,),
    "BillingRule.charge_type": (PAGE,),
    "BillingRule.service": (PAGE,),
    "BillingRule.category": (PAGE,),
    "BillingRule.sub_category": (PAGE,),
    "BillingRule.sql_query": (PAGE,),
    "Invoice.failure_message": (PAGE,),
    "Invoice.cancel_reason": (PAGE,),
    "InvoiceLine.provider": (PAGE, PORTAL, PDF, CSV),
    "InvoiceLine.billing_account_id": (CSV,),
    "InvoiceLine.sub_account_id": (CSV,),
    "InvoiceLine.sub_account_name": (PAGE, PORTAL, PDF),
    "InvoiceLine.service": (PAGE, PORTAL, PDF, CSV),
    "InvoiceLine.service_category": (CSV,),
    "InvoiceLine.service_subcategory": (CSV,),
    "InvoiceLine.charge_category": (PAGE, PORTAL, CSV),
    "InvoiceLine.region": (PAGE, PORTAL, PDF, CSV),
    "InvoiceLine.description": (PAGE, PORTAL, PDF, CSV),
    "InvoiceLine.usage_unit": (PAGE, PORTAL, PDF, CSV),
    "InvoiceLine.deltas": (PAGE,),
    "Delivery.outcome_code": (PAGE,),
    "Delivery.outcome_message": (PAGE,),
    "Delivery.recipient": (PAGE,),
    "CreditNote.reason": (PDF,),
    "WebhookEndpoint.url": (PAGE,),
    "WebhookEndpoint.description": (PAGE,),
    "WebhookEndpoint.off_reason": (PAGE,),
    "WebhookEvent.payload": (PAGE,),
    "WebhookCall.outcome_message": (PAGE,),
    "WebhookAttempt.message": (PAGE,),
    "WebhookAttempt.excerpt": (PAGE,),
    "Workspace.name": (),
    "Folder.title": (),
    "CostReport.title": (PAGE, PORTAL),
    "CostReport.filter": (),
    "DataExport.failure": (),
}
"""Where each free text comes out; (): through the API alone, as JSON."""

CHECKED: Mapping[str, str] = {
    "User.email": "an e-mail address",
    "User.password": "a hash",
    "ManagementAccount.time_zone": "a name of the time zone database",
    "ApiToken.scopes": "read and write",
    "SignInAttempt.key": "a hash",
    "BrowserSession.method": "a word of ours",
    "BrowserSession.address": "an address of the network",
    "BrowserSession.browser": "shown as words of ours only",
    "AuditEntry.source": "a word of ours",
    "AuditEntry.action": "a word of ours",
    "AuditEntry.object_type": "a word of ours",
    "Integration.provider": "letters, digits and underscores",
    "CostImport.format": "a word of ours",
    "CostImport.stored_files": "names of ours",
    "CostImport.columns": "names of the columns that were read",
    "UserCostsUpload.amounts": "currencies and decimals",
    "BillingProfile.country_code": "two letters of ISO 3166",
    "BillingProfile.cost_basis": "a word of ours",
    "BillingProfile.rounding_rule": "a word of ours",
    "ManagedAccount.country_code": "two letters of ISO 3166",
    "ManagedAccount.locale": "a language code",
    "ManagedAccount.integration_order": "tokens",
    "BillingRule.dates_as_given": "dates",
    "BillingRule.recurrence": "a word of ours",
    "BillingRule.fee_tiers": "decimals",
    "BillingRule.fee_provider": "a word of ours",
    "InvoiceSeries.name": "a word of ours",
    "InvoiceSeries.pattern": "a pattern that is checked",
    "Invoice.number": "made of the pattern",
    "Invoice.failure_code": "a word of ours",
    "Team.workspace_tokens": "tokens that were looked up",
    "Integration.workspace_tokens": "tokens that were looked up",
    "InvoiceVersion.warnings": "sentences of ours about what is in the table above",
    "InvoiceVersion.snapshot": "JSON of what is in the table above",
    "InvoiceVersion.bank_details": "JSON of what is in the table above",
    "InvoiceVersion.software_version": "a version of ours",
    "InvoiceLine.inserted_by": "a token",
    "InvoiceTransition.reason": "the reason of a cancelled invoice",
    "InvoiceTransition.verb": "a word of ours",
    "InvoiceTransition.from_status": "a word of ours",
    "InvoiceTransition.to_status": "a word of ours",
    "Delivery.wish": "a token",
    "Delivery.message_id": "made by us",
    "CreditNote.number": "made of the pattern",
    "CreditNote.snapshot": "JSON of what is in the table above",
    "WebhookEndpoint.event_types": "words of ours",
    "WebhookSecret.secret": "made by us",
    "WebhookCall.outcome_code": "a word of ours",
    "WebhookAttempt.code": "a word of ours",
    "TotpSecret.secret": "made by us",
    "Passkey.credential_id": "bytes as text",
    "IdentityLink.issuer": "looked up, never shown",
    "IdentityLink.subject": "looked up, never shown",
    "KeptAnswer.caller": "a token",
    "KeptAnswer.key": "looked up, never shown",
    "KeptAnswer.claim": "made by us",
    "KeptAnswer.content_type": "of an answer of ours",
    "KeptAnswer.location": "an address of ours",
    "KeptAnswer.body": "an answer of ours",
    "Workspace.exchange_rate_date": "a word of ours",
    "Folder.saved_filter_tokens": "tokens",
    "CostReport.groupings": "names of dimensions, read before they are kept",
    "CostReport.settings": "flags",
    "CostReport.saved_filter_tokens": "tokens",
    "CostReport.date_interval": "a word of ours",
    "CostReport.date_bin": "a word of ours",
    "CostReport.chart_type": "a word of ours",
    "CostReport.chart_settings": "names of dimensions",
    "DataExport.question": "a question that is read again",
}
"""What is no free text, and why; tokens, hashes, currencies and places in the storage go without saying."""

_NUMBERS = {name: number for number, name in enumerate(FREE)}


def mark(name: str) -> str:
    """Return what an injected element of this field would be called."""
    return f"m{_NUMBERS[name]}"


def evil(name: str, *, most: int | None = None) -> str:
    """Return a text that breaks out of every quote, runs a script, and is a formula for a spreadsheet."""
    start = f"=1+1|{mark(name)}'\"><i id={mark(name)}>"
    whole = f"{start}<img src=x onerror=alert(1)>"
    return whole if most is None or len(whole) <= most else start


def escaped(name: str) -> str:
    """Return how the element looks in a page on which it is text."""
    return f"&lt;i id={mark(name)}&gt;"


class Injected(HTMLParser):
    """Collects what a page has that no template of ours wrote."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: text or "" for name, text in attrs}
        if tag == "i" or values.get("src") == "x" or tag in {"style", "iframe", "base"}:
            self.found.append(self.get_starttag_text() or tag)
        self.found += [f"<{tag} {name}>" for name in values if name.startswith("on") or name == "style"]
        addresses = [values.get(name, "").strip().lower() for name in ("href", "src", "action", "data")]
        self.found += [f"<{tag} {url}>" for url in addresses if url.startswith(("javascript:", "data:"))]
        self._in_script = tag == "script" and "src" not in values

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.append(f"<script>{data[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False
