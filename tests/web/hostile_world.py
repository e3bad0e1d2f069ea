"""An MSP in which every text that people or providers write is hostile."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from billow.rating.rated_costs import RatedLine, RuleDelta
from billow.records.accounts.models import ApiToken, ManagementAccount, Passkey, Team, User
from billow.records.audit.models import AuditEntry
from billow.records.billing import models as billing
from billow.records.costs.models import Integration, UserCostsUpload
from billow.records.reports.models import CostReport, DataExport, Folder, Workspace
from billow.records.webhooks.models import WebhookAttempt, WebhookCall, WebhookEndpoint, WebhookEvent
from billow.usecases.cancel_invoices import cancel
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.import_costs import import_costs
from billow.usecases.read_audit_log import entry_token
from tests.api.world import NOW
from tests.factories.agreements import make_charge, make_exclusion
from tests.factories.costs import Charge, focus_csv
from tests.factories.invoices import OCTOBER, make_approved, make_draft, make_generating, make_line
from tests.factories.parties import delegate
from tests.people import Person
from tests.web.hostile import evil
from tests.web.world import World

_PARTY = ("company_name", "address_line_1", "address_line_2", "city", "state", "postal_code")
_ROWS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (ManagementAccount, ("name",)),
    (User, ("name",)),
    (Team, ("name", "description")),
    (ApiToken, ("description",)),
    (Passkey, ("name",)),
    (Integration, ("name",)),
    (UserCostsUpload, ("filename",)),
    (billing.BillingProfile, ("nickname", "bank_name", "beneficiary_name", "bank_tax_id", *_PARTY)),
    (billing.ManagedAccount, ("name", "email_domain", *_PARTY)),
    (billing.BillingRule, ("title", "charge_type", "service", "category", "sub_category", "sql_query")),
    (WebhookEndpoint, ("url", "description")),
    (WebhookCall, ("outcome_message",)),
    (Workspace, ("name",)),
    (Folder, ("title",)),
    (CostReport, ("title",)),
    (DataExport, ("failure",)),
)
_ATTEMPT = ("message", "excerpt")
_LINE = (
    *("provider", "billing_account_id", "sub_account_id", "sub_account_name", "service", "service_category"),
    *("service_subcategory", "charge_category", "region", "description", "usage_unit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileWorld:
    """The world, with one invoice in each state that shows something of its own, and a credit note."""

    world: World
    invoices: dict[str, billing.Invoice]
    credit_note: billing.CreditNote

    @property
    def pages(self) -> tuple[str, ...]:
        """Return pages beyond those of the table of addresses."""
        tokens = [invoice.token for invoice in self.invoices.values()]
        accounts = "&".join(("/invoices?period=all", f"account={self.world.shown['account']}"))
        rules = billing.BillingRule.objects.values_list("token", flat=True)
        return (
            *(f"/invoices/{token}?expand=all" for token in tokens),
            *(f"/settings/billing-rules/{token}" for token in rules),
            *(f"/settings/audit-log/{entry_token(entry=entry)}" for entry in AuditEntry.objects.order_by("-pk")[:20]),
            *(accounts, "/settings/users?kind=customers", "/settings/users?kind=services"),
        )


def make_hostile(world: World, *, folder: Path) -> HostileWorld:
    """Write hostile texts into everything of the world that can be written, and issue invoices that carry them."""
    msp = world.msp.account
    make_exclusion(management_account=msp, charge_type="Tax")
    make_charge(management_account=msp, amount="5")
    billing.BillingRule.objects.create(management_account=msp, type="custom", title="SQL", sql_query="-")
    Passkey.objects.create(
        user=world.msp.people["owner"], name="Key", credential_id="k", credential=b"", created_at=NOW
    )
    for model, names in _ROWS:
        _overwrite(model, names)
    _overwrite_lists(world)
    account = billing.ManagedAccount.objects.get(token=world.shown["account"])
    profile = billing.BillingProfile.objects.get(token=world.shown["profile"])
    owner = Person(user=User.objects.get(pk=world.msp.people["owner"].pk))
    lines = [_line(world)]
    titles = {world.shown["rule"]: evil("InvoiceLine.deltas")}
    months = [OCTOBER]
    for _ in range(5):
        months.append(months[-1].previous)
    draft = make_draft(account=account, profile=profile, period=months[2], lines=lines, rule_titles=titles)
    approved = make_approved(account=account, profile=profile, by=owner, period=months[3], lines=lines, send=True)
    cancelled = make_draft(account=account, profile=profile, period=months[4], lines=lines)
    done = cancel(actor=owner.actor, invoice_tokens=[cancelled.token], reason=evil("Invoice.cancel_reason"), now=NOW)
    assert done.all_done, done
    failed = make_generating(account=account, period=months[5])
    billing.Invoice.objects.filter(pk=failed.pk).update(
        status="failed", failure_code="x", failure_message=evil("Invoice.failure_message")
    )
    reason = evil("CreditNote.reason")
    note = credit_invoice(actor=owner.actor, invoice_token=approved.token, reason=reason, now=NOW)
    AuditEntry.objects.create(
        management_account=msp,
        user=owner.user,
        source="console",
        action="record_updated",
        object_type="ManagedAccount",
        object_token=account.token,
        object_name=evil("AuditEntry.object_name"),
        changes={"name": evil("AuditEntry.changes")},
        created_at=NOW,
    )
    _fail_mails(world)
    _deliver_costs(world, owner, account, folder)
    invoices = {"draft": draft, "approved": approved, "cancelled": cancelled, "failed": failed}
    return HostileWorld(world=world, invoices=invoices, credit_note=note)


def _overwrite(model: Any, names: tuple[str, ...]) -> None:
    for row in model.objects.all():
        for name in names:
            most = model._meta.get_field(name).max_length
            setattr(row, name, evil(f"{model.__name__}.{name}", most=most))
        if model is Team:
            row.name += str(row.pk)  # no two teams have the same name
        model.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in names})


def _overwrite_lists(world: World) -> None:
    def pair(owner: str) -> list[dict[str, str]]:
        return [{"name": evil(f"{owner}.custom_fields"), "value": evil(f"{owner}.custom_fields")}]

    item = {"adjustment_type": "charge", "calculation_type": "percentage", "amount": "24"}
    profile = billing.BillingProfile.objects.get(token=world.shown["profile"])
    profile.custom_fields = pair("BillingProfile")
    profile.adjustment_items = [{"name": evil("BillingProfile.adjustment_items"), **item}]
    profile.secure_data = json.dumps({"iban": evil("BillingProfile.secure_data")})
    profile.save()
    billing.ManagedAccount.objects.update(custom_fields=pair("ManagedAccount"))
    WebhookEndpoint.objects.update(active=False, off_since=NOW, off_reason=evil("WebhookEndpoint.off_reason"))
    call = WebhookCall.objects.get(token=world.shown["call"])
    excerpts = {name: evil(f"WebhookAttempt.{name}") for name in _ATTEMPT}
    WebhookAttempt.objects.create(call=call, started_at=NOW, ended_at=NOW, response_status=500, **excerpts)
    WebhookCall.objects.filter(pk=call.pk).update(status="failed")
    WebhookEvent.objects.update(payload=json.dumps({"said": evil("WebhookEvent.payload")}))
    searched = evil("CostReport.filter").replace("'", "")
    CostReport.objects.update(filter=f"costs.provider = 'aws' AND costs.service = '{searched}'")


def _line(world: World) -> RatedLine:
    texts: dict[str, Any] = {name: evil(f"InvoiceLine.{name}") for name in _LINE}
    delta = RuleDelta(rule_token=world.shown["rule"], amount=Decimal("1"))
    return replace(make_line(cost="10", rated="11", deltas=(delta,)), **texts, usage_amount=Decimal("3"))


def _fail_mails(world: World) -> None:
    billing.Delivery.objects.filter(invoice__management_account=world.msp.account).update(
        status="failed",
        outcome_code=evil("Delivery.outcome_code"),
        outcome_message=evil("Delivery.outcome_message"),
        recipient=evil("Delivery.recipient"),
    )
    billing.BillingProfile.objects.update(billing_email=[evil("BillingProfile.billing_email")])
    billing.ManagedAccount.objects.update(billing_email=[evil("ManagedAccount.billing_email")])
    for row in billing.ManagedAccount.objects.all():
        billing.ManagedAccount.objects.filter(pk=row.pk).update(
            contact_email=f"{row.pk}{evil('ManagedAccount.contact_email')}"
        )


def _deliver_costs(world: World, owner: Person, account: billing.ManagedAccount, folder: Path) -> None:
    """Import a bill whose names are hostile, of accounts that the customer has and that nobody has."""
    integration = Integration.objects.get(token=world.shown["integration"])
    account_id = evil("Delegation.billing_account_id")
    names: dict[str, Any] = {"billing_account": account_id, "region": evil("InvoiceLine.region")}
    charges = [
        Charge(sub_account=sub, cost="5", service=evil("InvoiceLine.service"), **names)
        for sub in (evil("Delegation.sub_account_id"), "nobody's")
    ]
    delegate(
        account=account,
        integration=integration,
        billing_account_id=names["billing_account"],
        sub_account_id=charges[0].sub_account,
    )
    file = folder / f"{evil('CostImport.files')}.csv"
    file.write_bytes(focus_csv(period=OCTOBER, charges=charges))
    import_costs(actor=owner.actor, integration=integration, paths=[file], now=NOW + timedelta(days=1))
