"""Tokens of services: of a team, which see what the team sees, and of a customer, which see its approved invoices."""

from typing import Any

from billow.terms.period import BillingPeriod
from billow.usecases.teams import set_access
from billow.usecases.users import add_service
from tests.api.world import NOW, ApiClient, Msp, make_token
from tests.factories.invoices import make_draft


def client_of(ours: Msp, **options: Any) -> ApiClient:
    service = add_service(actor=ours.operator, name="Warehouse", role="owner", now=NOW, **options)
    return ApiClient(make_token(user=service))


def seen(client: ApiClient) -> set[str]:
    return {each["account_token"] for each in client.get("/v2/invoices").json()["invoices"]}


def test_a_team_token_sees_what_its_team_may(ours: Msp) -> None:
    set_access(actor=ours.operator, team=ours.team, account=ours.shown, access="cannot", now=NOW)
    set_access(actor=ours.operator, team=ours.team, account=ours.hidden, access="can", now=NOW)
    team, everybody = client_of(ours, team=ours.team), client_of(ours)
    assert (seen(team), seen(everybody)) == ({ours.hidden.token}, {ours.shown.token})
    for client, account in ((team, ours.shown), (everybody, ours.hidden)):
        assert client.get(f"/v2/managed_accounts/{account.token}").status_code == 404
    assert team.get(f"/v2/invoices/{ours.invoice.token}").status_code == 404
    assert team.get(f"/v2/invoices/{ours.hidden_invoice.token}").status_code == 200


def test_a_customers_token_sees_its_approved_invoices_whatever_its_role(ours: Msp) -> None:
    draft = make_draft(account=ours.shown, profile=ours.profile, period=BillingPeriod(2026, 9))
    customer = client_of(ours, account=ours.shown)
    assert [each["token"] for each in customer.get("/v2/invoices").json()["invoices"]] == [ours.invoice.token]
    assert customer.get(f"/v2/invoices/{draft.token}").status_code == 404
    assert customer.post(f"/v2/invoices/{ours.invoice.token}/send").status_code == 403
    assert customer.get("/v2/managed_accounts").status_code == 403
    me = customer.get("/v2/me").json()
    assert [each["managed_account_token"] for each in me["workspaces"]] == [ours.shown.token]
