"""What Terraform's provider sends, sent again in its shape, and every attribute compared.

Terraform writes bodies with a newline behind them, null for lists it has no value for, and every attribute on update.
It stops a plan when one attribute comes back another way than it was written.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from billow.billingrules.rule import ChargeRule
from billow.records.billing.models import BillingProfile, BillingRule, Invoice, ManagedAccount
from billow.usecases.find import find_account, find_rule
from billow.usecases.invoice_parties import buyer_of, seller_of
from billow.usecases.rules_as_code import export_rules, plan_rules
from tests.api.world import NOW, ApiClient, Msp
from tests.factories.agreements import make_adjustment, make_charge
from tests.factories.costs import make_integration

SEEN_NOWHERE = "accss_crdntl_ffffffffffffffff"


class Terraform:
    """A client that writes as Go does and remembers what it planned."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client

    def send(self, method: str, path: str, body: dict[str, Any], *, status: int) -> dict[str, Any]:
        data = json.dumps(body, separators=(",", ":")).encode() + b"\n"
        headers = {"User-Agent": "tf-provider-vantage/dev", "Accept": "application/json"}
        answer = self.client.ask(method, path, data, headers=headers)
        assert answer.status_code == status, answer.content
        assert answer.headers["Content-Type"].startswith("application/json")
        return dict(answer.json())

    def read(self, path: str) -> dict[str, Any]:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return dict(answer.json())

    def destroy(self, path: str) -> None:
        assert self.client.delete(path).status_code == 204
        gone = self.client.get(path)
        assert gone.status_code == 404
        assert gone.json()["errors"] == ["Resource not found"]


@pytest.fixture
def terraform(ours: Msp) -> Terraform:
    return Terraform(ours.client("owner"))


def same(planned: Any, seen: Any, place: str = "") -> None:
    """Compare every planned attribute: numbers by value, lists in order, null lists as unknown."""
    if isinstance(planned, dict):
        for key, value in planned.items():
            assert key in seen, f"{place}.{key} is missing"
            same(value, seen[key], f"{place}.{key}")
    elif isinstance(planned, list):
        assert len(planned) == len(seen), place
        for number, value in enumerate(planned):
            same(value, seen[number], f"{place}[{number}]")
    elif isinstance(planned, int | float) and not isinstance(planned, bool):
        assert float(seen) == float(planned), place
    elif planned is not None:
        assert seen == planned, place


def test_a_profile_by_nickname_alone_leaves_nothing_unknown(terraform: Terraform) -> None:
    made = terraform.send("POST", "/v2/billing_profiles", {"nickname": "Bare"}, status=201)
    same({"nickname": "Bare", "managed_accounts_count": "0"}, made)
    billing = made["billing_information_attributes"]
    assert {name: value for name, value in billing.items() if name != "token"} == {
        **dict.fromkeys(
            ("company_name", "country_code", "address_line_1", "address_line_2", "city", "state", "postal_code")
        ),
        "billing_email": [],
    }
    assert made["business_information_attributes"]["metadata"] == {"custom_fields": []}
    assert made["banking_information_attributes"]["secure_data"] == dict.fromkeys(
        ("account_number", "routing_number", "iban", "swift_bic")
    )
    assert made["invoice_adjustment_attributes"]["adjustment_items"] == []
    for name, prefix in (
        ("billing_information", "blng_info_"),
        ("business_information", "bsnss_info_"),
        ("banking_information", "bnkng_info_"),
        ("invoice_adjustment", "inv_adj_"),
    ):
        assert made[f"{name}_attributes"]["token"].startswith(prefix)
    assert terraform.read(f"/v2/billing_profiles/{made['token']}") == made
    terraform.destroy(f"/v2/billing_profiles/{made['token']}")


PROFILE: dict[str, Any] = {
    "nickname": "Everything",
    "billing_information_attributes": {
        "token": "",
        "company_name": "Nimbus Partners, Inc.",
        "country_code": "us",
        "address_line_1": "1 Main St",
        "address_line_2": None,
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "billing_email": ["b@nimbus.example", "a@nimbus.example"],
    },
    "business_information_attributes": {
        "token": "",
        "metadata": {"custom_fields": [{"name": "Tax ID", "value": "12-3456789"}, {"name": "A", "value": None}]},
    },
    "banking_information_attributes": {
        "token": "",
        "bank_name": "First Bank",
        "beneficiary_name": "Nimbus Partners, Inc.",
        "tax_id": "98-7654321",
        "secure_data": {"account_number": "123456789", "routing_number": "021000021", "iban": None, "swift_bic": None},
    },
    "invoice_adjustment_attributes": {
        "token": "",
        "adjustment_items": [
            {"name": "State Tax", "adjustment_type": "charge", "calculation_type": "percentage", "amount": 8.25},
            {"name": "Processing Fee", "adjustment_type": "charge", "calculation_type": "fixed", "amount": 25},
        ],
    },
}


def test_a_whole_profile_comes_back_as_it_was_written(terraform: Terraform) -> None:
    made = terraform.send("POST", "/v2/billing_profiles", PROFILE, status=201)
    planned = json.loads(json.dumps(PROFILE))
    for name in planned:
        if name.endswith("_attributes"):
            planned[name].pop("token")
    same(planned, made)
    items = made["invoice_adjustment_attributes"]["adjustment_items"]
    assert [item["amount"] for item in items] == ["8.25", "25.0"]
    path = f"/v2/billing_profiles/{made['token']}"
    assert terraform.read(path) == made
    changed = terraform.send("PUT", path, {**PROFILE, "nickname": "Other"}, status=200)
    assert changed == {**made, "nickname": "Other", "updated_at": changed["updated_at"]}
    assert terraform.read(path) == changed


def test_an_update_merges_fields_and_replaces_lists(terraform: Terraform) -> None:
    made = terraform.send("POST", "/v2/billing_profiles", PROFILE, status=201)
    path = f"/v2/billing_profiles/{made['token']}"
    update = {
        "billing_information_attributes": {"city": "Chicago"},
        "banking_information_attributes": {"secure_data": {"account_number": "987"}},
        "invoice_adjustment_attributes": {"adjustment_items": []},
    }
    changed = terraform.send("PUT", path, update, status=200)
    same({"city": "Chicago", "company_name": "Nimbus Partners, Inc."}, changed["billing_information_attributes"])
    secure = changed["banking_information_attributes"]["secure_data"]
    same({"account_number": "987", "routing_number": "021000021"}, secure)
    assert changed["invoice_adjustment_attributes"]["adjustment_items"] == []
    assert changed["business_information_attributes"] == made["business_information_attributes"]


def test_bank_accounts_are_clear_for_who_writes_them_only(terraform: Terraform, ours: Msp) -> None:
    made = terraform.send("POST", "/v2/billing_profiles", PROFILE, status=201)
    seen = ours.client("viewer").get(f"/v2/billing_profiles/{made['token']}").json()
    assert seen["banking_information_attributes"]["secure_data"]["account_number"] == "••••6789"


def test_a_used_profile_is_not_deleted(terraform: Terraform, ours: Msp) -> None:
    path = f"/v2/managed_accounts/{ours.shown.token}"
    terraform.send("PUT", path, {"msp_billing_profile_token": ours.profile.token}, status=200)
    assert terraform.read(f"/v2/billing_profiles/{ours.profile.token}")["managed_accounts_count"] == "1"
    refused = terraform.client.delete(f"/v2/billing_profiles/{ours.profile.token}")
    assert refused.status_code == 400
    assert ours.shown.name in refused.json()["errors"][0]
    terraform.send("PUT", path, {"msp_billing_profile_token": ""}, status=200)
    assert terraform.client.delete(f"/v2/billing_profiles/{ours.profile.token}").status_code == 204


RULES: dict[str, dict[str, Any]] = {
    "exclusion": {"title": "No RI fees", "type": "Exclusion", "charge_type": "RIFee", "apply_to_all": False},
    "adjustment": {
        "title": "Three quarters",
        "type": "ADJUSTMENT",
        "percentage": 75,
        "service": "AmazonEC2",
        "category": "Compute",
        "start_date": "2026-01-01",
        "end_date": "2026-06-30",
        "apply_to_all": True,
    },
    "charge": {
        "title": "Support",
        "type": "charge",
        "service": "Support",
        "category": "Support",
        "sub_category": "One-time",
        "amount": 300.011,
        "start_date": "2026-06-28",
        "apply_to_all": False,
    },
    "credit": {
        "title": "Goodwill",
        "type": "credit",
        "service": "Support",
        "category": "Support",
        "sub_category": "One-time",
        "amount": 5000.25,
        "start_period": "2026-06-28T00:00:00Z",
        "apply_to_all": False,
    },
    "custom": {
        "title": "Rename",
        "type": "Custom",
        "sql_query": "-- partners\nUPDATE aws SET aws.product/ProductFamily = 'Partner Support'\n"
        "\tWHERE aws.product/ProductName LIKE '%Support%' AND aws.lineItem/LineItemType IN ('Fee', 'Usage');\n",
        "apply_to_all": False,
    },
}


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_of_each_type_comes_back_as_it_was_written(kind: str, terraform: Terraform, ours: Msp) -> None:
    planned = {**RULES[kind], "type": kind}
    made = terraform.send("POST", "/v2/billing_rules", RULES[kind], status=201)
    same(planned, made)
    assert made["created_by_token"] == ours.people["owner"].token
    unused = {"percentage", "amount", "charge_type", "service", "sql_query"} - planned.keys()
    assert [made[name] for name in unused] == [None] * len(unused)
    path = f"/v2/billing_rules/{made['token']}"
    assert terraform.read(path) == made
    update = {name: value for name, value in RULES[kind].items() if name != "type"} | {"title": "Renamed"}
    changed = terraform.send("PUT", path, update, status=200)
    assert changed == {**made, "title": "Renamed"}
    terraform.destroy(path)


def test_what_an_adjustment_or_a_charge_does_is_shown_where_it_applies(terraform: Terraform) -> None:
    tiers = {"title": "Tiers", "type": "adjustment", "adjustment_type": "retier", "include_free_tier": False}
    made = terraform.send("POST", "/v2/billing_rules", tiers, status=201)
    assert (made["adjustment_type"], made["include_free_tier"], made["percentage"]) == ("retier", False, None)
    assert made["charge_calculation"] is None

    booked = {"service": "Support", "category": "Support", "sub_category": "Monthly"}
    fee = {"title": "Fee", "type": "charge", **booked, "support_plan": "developer", "fee_provider": "all"}
    made = terraform.send("POST", "/v2/billing_rules", fee, status=201)
    assert made["fee_tiers"] == [{"up_to": None, "percentage": "3"}]
    assert (made["fee_minimum"], made["fee_per_account"], made["fee_provider"]) == ("29.0", True, "all")
    assert (made["charge_calculation"], made["amount"], made["adjustment_type"]) == ("support_fee", None, None)
    tiers = {"fee_tiers": [{"up_to": "100", "percentage": "5"}, {"percentage": "2"}]}
    changed = terraform.send("PUT", f"/v2/billing_rules/{made['token']}", tiers, status=200)
    assert [tier["percentage"] for tier in changed["fee_tiers"]] == ["5", "2"]


UNTOLD = ("percentage", "amount", "sql_query", "charge_type", "service", "category", "sub_category")
"""What Terraform leaves out where it has nothing: zero numbers and empty texts."""
BOOKED = {"service": "Support", "category": "Support", "sub_category": "Monthly"}
TIERS = [{"up_to": "10000", "percentage": "10"}, {"up_to": None, "percentage": "7.5"}]
LATER_KINDS: dict[str, dict[str, Any]] = {
    "public price": {"type": "adjustment", "adjustment_type": "public_price"},
    "commitments removed": {"type": "adjustment", "adjustment_type": "remove_commitment_discounts"},
    "re-tiered": {"type": "adjustment", "adjustment_type": "retier", "include_free_tier": False},
    "support fee": {
        "type": "charge",
        "charge_calculation": "support_fee",
        **BOOKED,
        "fee_tiers": TIERS,
        "fee_minimum": "100.0",
        "fee_per_account": True,
        "fee_provider": "aws",
    },
    "monthly credit": {
        "type": "credit",
        **BOOKED,
        "amount": 12.5,
        "start_date": "2026-01-31",
        "recurrence": "monthly",
    },
}


@pytest.mark.parametrize("kind", LATER_KINDS)
def test_a_kind_that_terraform_does_not_know_survives_its_updates(kind: str, terraform: Terraform) -> None:
    wanted = {"title": kind, "apply_to_all": False, **LATER_KINDS[kind]}
    made = terraform.send("POST", "/v2/billing_rules", wanted, status=201)
    same(wanted, made)
    if wanted["type"] == "adjustment":
        assert (made["percentage"], made["amount"]) == (None, None)
    path = f"/v2/billing_rules/{made['token']}"
    assert terraform.read(path) == made
    told = {name: made[name] for name in UNTOLD if made[name] is not None}
    if made["amount"] is not None:
        told["amount"] = float(made["amount"])
    update = {"title": "Renamed", "apply_to_all": False, "start_date": made["start_date"], **told}
    update = {name: value for name, value in update.items() if value is not None}
    assert terraform.send("PUT", path, update, status=200) == {**made, "title": "Renamed"}
    assert terraform.read(path) == {**made, "title": "Renamed"}
    terraform.destroy(path)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", ";\n", "  \n", "\r\n-- the end\r\n"])
def test_sql_of_several_lines_comes_back_to_the_last_sign(end: str, terraform: Terraform) -> None:
    sql = (
        "\n  -- half price\n  UPDATE costs\n\tSET costs.amount = costs.amount * 0.5\n  WHERE costs.service = 'a''b é'"
        + end
    )
    made = terraform.send("POST", "/v2/billing_rules", {"title": "SQL", "type": "custom", "sql_query": sql}, status=201)
    path = f"/v2/billing_rules/{made['token']}"
    assert made["sql_query"] == terraform.read(path)["sql_query"] == sql
    changed = sql.replace("0.5", "0.75")
    assert terraform.send("PUT", path, {"title": "SQL", "sql_query": changed}, status=200)["sql_query"] == changed
    assert terraform.read(path)["sql_query"] == changed
    for wrong in ("SELECT * FROM costs", changed + ";\nDROP TABLE costs", "UPDATE aws SET aws.lineItem/Foo = 1", " \n"):
        refused = terraform.client.put(path, {"sql_query": wrong})
        assert refused.status_code == 400, wrong
    assert terraform.read(path)["sql_query"] == changed


SPACED = " Support\n"


def test_spaces_around_texts_come_back_and_count_for_nothing(terraform: Terraform) -> None:
    charge = {**RULES["charge"], "title": SPACED, "service": SPACED, "category": SPACED}
    made = terraform.send("POST", "/v2/billing_rules", charge, status=201)
    same(charge, terraform.read(f"/v2/billing_rules/{made['token']}"))
    changed = terraform.send("PUT", f"/v2/billing_rules/{made['token']}", {"title": "  Two "}, status=200)
    assert changed == {**made, "title": "  Two "}
    rule = BillingRule.objects.get(token=made["token"]).as_rule()
    assert isinstance(rule, ChargeRule)
    assert (rule.title, rule.service, rule.category) == ("Two", "Support", "Support")

    profile = {
        "nickname": SPACED,
        "billing_information_attributes": {"company_name": " Nimbus ", "city": "Springfield\n"},
        "business_information_attributes": {"metadata": {"custom_fields": [{"name": "Tax ID ", "value": " 12\n"}]}},
        "banking_information_attributes": {"bank_name": " First ", "secure_data": {"account_number": " 12345 "}},
    }
    written = terraform.send("POST", "/v2/billing_profiles", profile, status=201)
    same(profile, terraform.read(f"/v2/billing_profiles/{written['token']}"))
    seller = seller_of(profile=BillingProfile.objects.get(token=written["token"]))
    assert (seller.name, seller.city) == ("Nimbus", "Springfield")
    assert [(field.name, field.value) for field in seller.custom_fields] == [("Tax ID", "12")]

    account = {"name": " Initech ", "contact_email": "it@initech.example"}
    opened = terraform.send("POST", "/v2/managed_accounts", account, status=201)
    same(account, terraform.read(f"/v2/managed_accounts/{opened['token']}"))
    assert buyer_of(account=ManagedAccount.objects.get(token=opened["token"])).name == "Initech"
    blank = terraform.client.post("/v2/managed_accounts", {"name": " \n", "contact_email": "b@initech.example"})
    assert (blank.status_code, blank.json()["errors"]) == (400, ["Name can't be blank"])


@pytest.mark.parametrize("name", ["Acme\x1f", "\x0bAcme", "Acme\x85", "Ac\tme"])
def test_control_characters_are_refused_around_a_text_too(name: str, terraform: Terraform) -> None:
    answer = terraform.client.post("/v2/managed_accounts", {"name": name, "contact_email": "it@acme.example"})
    assert (answer.status_code, answer.json()["errors"]) == (400, ["Name contains a control character; remove it"])


def test_rules_as_code_and_names_mind_no_spaces(terraform: Terraform, ours: Msp, tmp_path: Path) -> None:
    spaced = {"title": SPACED, "type": "exclusion", "charge_type": " Tax "}
    made = terraform.send("POST", "/v2/billing_rules", spaced, status=201)
    account = {"name": " Initech\n", "contact_email": "it@initech.example", "billing_rule_tokens": [made["token"]]}
    opened = terraform.send("POST", "/v2/managed_accounts", account, status=201)
    export_rules(actor=ours.operator, folder=tmp_path)
    plan = plan_rules(actor=ours.operator, folder=tmp_path, now=NOW)
    assert (plan.added, plan.changed, plan.removed, plan.assignments) == ((), (), (), ())
    assert find_rule(actor=ours.operator, text="support").token == made["token"]
    assert find_account(actor=ours.operator, text="Initech").token == opened["token"]


def test_numbers_of_rules_keep_every_digit(terraform: Terraform) -> None:
    made = terraform.send("POST", "/v2/billing_rules", RULES["adjustment"] | {"percentage": "0.1234567891"}, status=201)
    assert made["percentage"] == "0.1234567891"
    assert terraform.send("PUT", f"/v2/billing_rules/{made['token']}", {"percentage": 0}, status=200)["percentage"] == (
        "0.0"
    )
    answer = terraform.client.post(
        "/v2/billing_rules", b'{"title":"x","type":"adjustment","percentage":1.10000000000000000001}'
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "bribe"}, "Type must be one of"),
        ({"title": ""}, "Title can't be blank"),
        ({"title": None}, "Title can't be blank"),
        ({"percentage": None}, "Percentage is required"),
        ({"percentage": -1}, "ercentage"),
        ({"percentage": True}, "must be a number"),
        ({"percentage": {}}, "must be a number"),
        ({"start_date": "soon"}, "must be a date"),
        ({"start_date": "2026-01-01T" + "0" * 100}, "characters"),
        ({"end_date": "2025-01-01"}, "nd"),
        ({"apply_to_all": "perhaps"}, "true or false"),
        ({"service": ["a"]}, "must be text"),
    ],
)
def test_wrong_rules_are_refused_in_words(changes: dict[str, Any], words: str, terraform: Terraform) -> None:
    answer = terraform.client.post("/v2/billing_rules", RULES["adjustment"] | changes)
    assert answer.status_code == 400
    assert words in " ".join(answer.json()["errors"]), answer.json()


def test_a_managed_account_with_an_unknown_credential_is_created(terraform: Terraform, ours: Msp) -> None:
    wanted = {
        "name": "Olive Press",
        "contact_email": "owner+press@nimbus.example",
        "access_credential_tokens": [SEEN_NOWHERE],
        "billing_rule_tokens": None,
        "email_domain": None,
    }
    made = terraform.send("POST", "/v2/managed_accounts", wanted, status=201)
    same({"name": "Olive Press", "parent_account_token": ours.account.token}, made)
    assert (made["access_credential_tokens"], made["payment_terms_days"]) == ([], 10)
    assert made["include_managed_account_integrations"] is False
    assert made["billing_information_attributes"]["billing_email"] == []
    assert made["business_information_attributes"]["metadata"]["custom_fields"] == []
    path = f"/v2/managed_accounts/{made['token']}"
    again = terraform.send("PUT", path, {**wanted, "billing_rule_tokens": []}, status=200)
    assert {**again, "updated_at": ""} == {**made, "updated_at": ""}
    terraform.destroy(path)


def test_lists_of_accounts_come_back_in_the_order_they_were_written(terraform: Terraform, ours: Msp) -> None:
    first, second = (make_integration(management_account=ours.account, name=name).token for name in ("A", "B"))
    support = make_charge(management_account=ours.account, amount="5").token
    markup = make_adjustment(management_account=ours.account, percentage="105", title="More").token
    path = f"/v2/managed_accounts/{ours.shown.token}"
    for integrations, rules in (([second, first], [support, markup]), ([first, second], [support]), ([], [])):
        body = {"access_credential_tokens": integrations, "billing_rule_tokens": rules}
        same(body, terraform.send("PUT", path, body, status=200))
        same(body, terraform.read(path))
    refused = terraform.client.put(path, {"billing_rule_tokens": [markup, support]})
    assert refused.status_code == 400
    assert "not in execution group order" in refused.json()["errors"][0]
    for wrong in (
        {"billing_rule_tokens": ["bllng_rule_0000000000000000"]},
        {"billing_rule_tokens": "all"},
        {"access_credential_tokens": [5]},
        {"msp_billing_profile_token": "blng_prfl_0000000000000000"},
        {"payment_terms_days": 366},
        {"payment_terms_days": "soon"},
        {"contact_email": "nobody"},
        {"name": None, "email_domain": "not a domain"},
    ):
        assert terraform.client.put(path, wrong).status_code == 400, wrong


def test_one_integration_is_not_given_whole_to_two_customers(terraform: Terraform, ours: Msp) -> None:
    token = make_integration(management_account=ours.account, name="Shared").token
    terraform.send("PUT", f"/v2/managed_accounts/{ours.shown.token}", {"access_credential_tokens": [token]}, status=200)
    made = {"name": "Second", "contact_email": "second@nimbus.example", "access_credential_tokens": [token]}
    refused = terraform.client.post("/v2/managed_accounts", made)
    assert refused.status_code == 400
    assert not ManagedAccount.objects.filter(name="Second").exists()
    seen = terraform.read(f"/v2/integrations/{token}")
    assert seen["managed_account_tokens"] == [ours.shown.token]


def test_an_invoice_is_created_and_read_again(terraform: Terraform, ours: Msp) -> None:
    wanted = {
        "account_token": ours.shown.token,
        "billing_period_start": "2026-09-01",
        "billing_period_end": "2026-09-30",
    }
    made = terraform.send("POST", "/v2/invoices", wanted, status=201)
    same(wanted, made)
    for name in ("token", "invoice_number", "status", "created_at", "updated_at", "account_name", "msp_account_token"):
        assert made[name]
    assert terraform.read(f"/v2/invoices/{made['token']}") == made
    assert Invoice.objects.get(token=made["token"]).status == "generating"
    assert made["token"] in [each["token"] for each in terraform.read("/v2/invoices")["invoices"]]


def test_data_sources_read_all_on_the_first_page(terraform: Terraform, ours: Msp) -> None:
    for number in range(130):
        make_adjustment(management_account=ours.account, percentage="100", title=f"Rule {number}")
    answer = terraform.read("/v2/billing_rules")
    assert len(answer["billing_rules"]) == 131
    assert answer["links"]["next"] is None


def test_sign_in_of_customers_is_kept(terraform: Terraform, ours: Msp) -> None:
    path = f"/v2/managed_accounts/{ours.shown.token}/sso_connection"
    made = {"type": "saml", "saml_metadata_url": "https://id.olives.example/meta", "additional_domains": ["a.example"]}
    same({"sso_connection": made}, terraform.send("POST", path, made, status=201))
    changed = terraform.send("PUT", path, {"additional_domains": ["b.example"]}, status=200)
    same({"sso_connection": made | {"additional_domains": ["b.example"]}}, changed)
    for body in ({"type": "ldap"}, {"type": "saml"}, made | {"saml_metadata_url": "javascript:x"}):
        assert terraform.client.post(path, body).status_code == 400
    assert terraform.client.put(path, {"additional_domains": ["no domain"]}).status_code == 400
    assert terraform.client.delete(path, {}).status_code == 204
    assert terraform.client.put(path, {}).status_code == 404
