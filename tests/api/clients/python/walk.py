"""Walk through a month with the published Python client, as a program of its own; a surprise ends it with a traceback.

It runs in an environment that has the client and nothing of Billow: walk.py MODE ADDRESS TOKEN INTEGRATION PERIOD_START
PERIOD_END, with MODE sync or async. On standard output it tells what it saw, as one JSON document.
"""

import asyncio
import json
import sys
import time
import urllib.request
from typing import Any

import vantage
from vantage import AsyncClient, Client, VantageAPIError

PATIENCE_S = 60


class Walk:
    """The client, sync or not, behind one way of calling it."""

    def __init__(self, mode: str, address: str, token: str) -> None:
        self.loop = asyncio.new_event_loop() if mode == "async" else None
        kind = Client if self.loop is None else AsyncClient
        self.api: Any = kind(token, base_url=address)
        self.stranger: Any = kind("bad", base_url=address)

    def do(self, call: Any) -> Any:
        """Return the answer, waiting for it where the client is asynchronous."""
        return call if self.loop is None else self.loop.run_until_complete(call)

    def refused(self, status: int, call: Any) -> list[str]:
        """Call and return the errors; the server must refuse with this status."""
        try:
            self.do(call())
        except VantageAPIError as error:
            assert error.status == status, (error.status, error.body)
            assert error.errors, error.body
            return list(error.errors)
        raise AssertionError(f"not refused with {status}")


def who(walk: Walk) -> None:
    """Ask who one is."""
    walk.refused(401, walk.stranger.me.get)
    walk.do(walk.api.ping.ping())
    me = walk.do(walk.api.me.get())
    assert me.bearer_token.scope == ["read", "write"]
    assert walk.do(walk.api.users.list()).users[0].role == "owner"
    assert walk.do(walk.api.teams.list()).teams[0].name == "Everyone"
    assert walk.do(walk.api.audit_logs.list(limit=5)).audit_logs


def profile(walk: Walk) -> str:
    """Create a profile by its nickname alone, change it with the typed model, list it; return its token."""
    made = walk.do(walk.api.billing_profiles.create({"nickname": "Main"}))
    assert walk.do(walk.api.billing_profiles.get(made.token)) == made
    change = vantage.UpdateBillingProfile(
        nickname="Main profile",
        billing_information_attributes=vantage.BillingInformation(
            token="",
            company_name="Nimbus Partners",
            country_code="US",
            address_line_1=None,
            address_line_2=None,
            city=None,
            state=None,
            postal_code=None,
            billing_email=["billing@nimbus.example"],
        ),
        invoice_adjustment_attributes=vantage.InvoiceAdjustment(
            token="",
            adjustment_items=[
                vantage.AdjustmentItem(
                    name="State Tax", adjustment_type="charge", calculation_type="percentage", amount="8.25"
                )
            ],
        ),
    )
    changed = walk.do(walk.api.billing_profiles.update(made.token, change))
    assert changed.nickname == "Main profile"
    assert [item.amount for item in changed.invoice_adjustment_attributes.adjustment_items] == ["8.25"]
    assert changed.billing_information_attributes.billing_email == ["billing@nimbus.example"]
    assert made.token in [each.token for each in walk.do(walk.api.billing_profiles.list()).billing_profiles]
    spare = walk.do(walk.api.billing_profiles.create({"nickname": "Spare"}))
    assert walk.do(walk.api.billing_profiles.delete(spare.token)) is None
    assert walk.refused(404, lambda: walk.api.billing_profiles.get(spare.token)) == ["Resource not found"]
    return str(made.token)


def rules(walk: Walk) -> list[str]:
    """Create a rule of each kind that needs no SQL; return the tokens in execution order."""
    create = walk.api.billing_rules.create
    credit = walk.do(
        create(
            vantage.CreateBillingRule(
                type="CREDIT",
                title="Goodwill",
                service="Support",
                category="Support",
                sub_category="One-time",
                amount=1.5,
                start_date="2020-01-01",
            )
        )
    )
    markup = walk.do(create(vantage.CreateBillingRule(type="Adjustment", title="Markup", percentage=110.0)))
    exclusion = walk.do(create({"type": "exclusion", "title": "No tax", "charge_type": "Tax"}))
    assert (credit.type, credit.amount, credit.start_period) == ("credit", "1.5", "2020-01-01")
    assert (markup.type, markup.percentage, markup.apply_to_all) == ("adjustment", "110.0", False)
    changed = walk.do(walk.api.billing_rules.update(markup.token, vantage.UpdateBillingRule(percentage=120.5)))
    assert changed.percentage == "120.5"
    walk.refused(400, lambda: create({"type": "bribe", "title": ""}))
    return [credit.token, markup.token, exclusion.token]


def account(walk: Walk, profile_token: str, rule_tokens: list[str], integration: str) -> str:
    """Create a customer with rules, profile, terms and the integration; return its token."""
    made = walk.do(
        walk.api.managed_accounts.create(
            vantage.CreateManagedAccount(name="Thessaly Olives", contact_email="olives@nimbus.example")
        )
    )
    assert made.payment_terms_days == 10
    change = vantage.UpdateManagedAccount(
        msp_billing_profile_token=profile_token,
        payment_terms_days=30,
        access_credential_tokens=[integration],
        billing_rule_tokens=rule_tokens,
        billing_information_attributes=vantage.BillingInformationAttributes(
            id=5, token="", billing_email=["accounts@olives.example"]
        ),
    )
    changed = walk.do(walk.api.managed_accounts.update(made.token, change))
    assert changed.billing_rule_tokens == rule_tokens
    assert changed.msp_billing_profile_token == profile_token
    wrong = {"billing_rule_tokens": list(reversed(rule_tokens))}
    walk.refused(400, lambda: walk.api.managed_accounts.update(made.token, wrong))
    assert walk.do(walk.api.integrations.get(integration)).managed_account_tokens == [made.token]
    return str(made.token)


def invoice(walk: Walk, account_token: str, start: str, end: str) -> dict[str, Any]:
    """Create the month's invoice, wait for it, fetch its documents, and take it through its life."""
    wish = vantage.CreateInvoice(billing_period_start=start, billing_period_end=end, account_token=account_token)
    made = walk.do(walk.api.invoices.create(wish))
    assert made.total is None
    walk.refused(400, lambda: walk.api.invoices.create(wish))
    seen = _generated(walk, made.token)
    sizes = {kind: len(_download(walk, made.token, kind)) for kind in ("pdf", "csv")}
    again = walk.do(walk.api.invoices.regenerate(made.token))
    assert again.invoice_number == made.invoice_number
    assert _generated(walk, made.token).total == seen.total
    walk.refused(400, lambda: walk.api.invoices.send(made.token))
    assert walk.do(walk.api.invoices.send_and_approve(made.token)).recipients == ["accounts@olives.example"]
    _sent_again(walk, made.token)
    walk.refused(400, lambda: walk.api.invoices.regenerate(made.token))
    assert walk.do(walk.api.invoices.get_cost_report(made.token)).cost_report_url.startswith("http://")
    listed = walk.do(walk.api.invoices.list(managed_account_token=account_token)).invoices
    assert [(each.token, each.status) for each in listed] == [(made.token, "approved_and_sent")]
    return {"number": made.invoice_number, "total": seen.total, "sizes": sizes}


def _generated(walk: Walk, token: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        seen = walk.do(walk.api.invoices.get(token))
        if seen.total is not None:
            return seen
        assert seen.status == "generating_invoice", seen
        time.sleep(0.2)
    raise AssertionError("the invoice was never generated")


def _sent_again(walk: Walk, token: str) -> None:
    """Mail once more, as soon as the first mail is on its way no longer."""
    deadline = time.monotonic() + PATIENCE_S
    recipients: list[str] = []
    while not recipients:
        try:
            recipients = walk.do(walk.api.invoices.send(token)).recipients
        except VantageAPIError as error:
            assert error.status == 400 and time.monotonic() < deadline, error.body
            time.sleep(0.5)
    assert recipients == ["accounts@olives.example"]


def _download(walk: Walk, token: str, kind: str) -> bytes:
    answer = walk.do(walk.api.invoices.download(token, vantage.DownloadInvoiceRequest(file_type=kind)))
    with urllib.request.urlopen(answer.download_url, timeout=30) as document:
        return bytes(document.read())


def rates(walk: Walk) -> None:
    """Upload exchange rates in the client's own kind of form."""
    csv = "base_currency_code,currency_code,rate,date\nUSD,EUR,0.925,2026-01-01\n"
    walk.do(walk.api.exchange_rates.create_via_csv({"csv": csv}))
    assert walk.do(walk.api.exchange_rates.list()).exchange_rates[0].rate == "0.925"


def costs(walk: Walk, start: str, end: str) -> dict[str, Any]:
    """Keep a report in a folder, ask it, look at what costs come from, and export it; return the sums."""
    (workspace,) = walk.do(walk.api.workspaces.list()).workspaces
    assert walk.do(walk.api.me.get()).default_workspace_token == workspace.token
    folder = walk.do(walk.api.folders.create(vantage.CreateFolder(title="Customers")))
    wish = vantage.CreateCostReport(
        title="Workflows",
        folder_token=folder.token,
        filter="costs.provider = 'custom_provider'",
        groupings="service,charge_type",
        settings=vantage.Settings(include_tax=False),
        start_date=start,
        end_date=end,
        previous_period_end_date="",
        date_bin="month",
    )
    report = walk.do(walk.api.cost_reports.create(wish))
    assert (report.folder_token, report.workspace_token) == (folder.token, workspace.token)
    assert walk.do(walk.api.cost_reports.get(report.token)) == report
    listed = walk.do(walk.api.cost_reports.list()).cost_reports
    titles = [each.title for each in listed]
    assert titles == ["All Resources", "Workflows"], titles
    asked = walk.do(walk.api.costs.list(cost_report_token=report.token))
    assert [(each.service, each.amount) for each in asked.costs] == [("Temporal Cloud", "100.105")]
    everything = walk.do(walk.api.costs.list(start_date=start, end_date=end, groupings=["provider", "region"]))
    walk.refused(400, lambda: walk.api.costs.list(filter="costs.service = 'x'"))
    assert [each.key for each in walk.do(walk.api.cost_providers.list()).cost_providers] == ["custom_provider"]
    assert walk.do(walk.api.cost_services.list()).cost_services[0].name == "Temporal Cloud"
    assert walk.do(walk.api.cost_provider_accounts.list()).cost_provider_accounts == []
    exported = _export(walk, report.token)
    walk.do(walk.api.cost_reports.delete(report.token))
    walk.do(walk.api.folders.delete(folder.token))
    walk.refused(404, lambda: walk.api.cost_reports.get(report.token))
    return {"report": asked.total_cost.amount, "everything": everything.total_cost.amount, "exported": exported}


def _export(walk: Walk, report_token: str) -> str:
    """Export a report in FOCUS's columns and return the file."""
    wish = vantage.CreateCostExport(cost_report_token=report_token, schema="focus")
    token = walk.do(walk.api.costs.create_export(wish)).rpartition("/")[2]
    deadline = time.monotonic() + PATIENCE_S
    while (export := walk.do(walk.api.data_exports.get(token))).status == "pending":
        assert time.monotonic() < deadline, "the export was never written"
        time.sleep(0.2)
    (address,) = export.manifest.files
    with urllib.request.urlopen(address, timeout=30) as file:
        return str(file.read().decode())


def uploads(walk: Walk, day: str) -> str:
    """Upload a custom provider's costs in the client's own kind of form, and take them away again."""
    source = walk.do(walk.api.integrations.create_custom_provider({"name": "Racks"})).token
    csv = f"ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n{day},Fee,7.5,Café in the rack\n"
    upload = walk.do(walk.api.integrations.create_user_costs_upload_via_csv(source, {"csv": csv}))
    assert walk.do(walk.api.integrations.get_user_costs_uploads(source)).user_costs_uploads == [upload]
    bad = csv.replace("7.5", "much")
    told = walk.refused(422, lambda: walk.api.integrations.create_user_costs_upload_via_csv(source, {"csv": bad}))
    assert told[0].startswith("Row 1: BilledCost"), told
    walk.do(walk.api.integrations.delete_user_costs_upload(source, upload.token))
    return str(upload.amount)


def main() -> None:
    """Walk."""
    mode, address, token, integration, start, end = sys.argv[1:]
    walk = Walk(mode, address, token)
    who(walk)
    rates(walk)
    account_token = account(walk, profile(walk), rules(walk), integration)
    seen = invoice(walk, account_token, start, end)
    seen |= {"costs": costs(walk, start, end), "uploaded": uploads(walk, start)}
    print(json.dumps(seen))


main()
