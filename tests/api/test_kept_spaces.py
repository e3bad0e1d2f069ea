"""Names with spaces around them, which programs compare to the last sign and people never see."""

import pytest
from django.test import Client

from billow.usecases.teams import find_team
from tests.api.world import Msp


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/v2/teams", {"name": " Finance ", "description": "Who closes\n"}),
        ("/v2/workspaces", {"name": " Berlin "}),
        ("/v2/folders", {"title": " Customers\n"}),
        ("/v2/cost_reports", {"title": " Compute ", "groupings": " provider , service "}),
    ],
)
def test_titles_come_back_as_they_were_written(path: str, written: dict[str, str], ours: Msp) -> None:
    client = ours.client("owner")
    made = client.post(path, written)
    assert made.status_code == 201
    one = f"{path}/{made.json()['token']}"
    assert {name: client.get(one).json()[name] for name in written} == written
    changed = {name: f" {text}" for name, text in written.items()}
    answer = client.put(one, changed).json()
    assert {name: answer[name] for name in written} == changed


def test_a_name_with_spaces_around_it_is_taken_already(ours: Msp) -> None:
    client = ours.client("owner")
    assert client.post("/v2/teams", {"name": " Finance "}).status_code == 201
    for name in ("finance", "Finance ", " Everyone"):
        answer = client.post("/v2/teams", {"name": name})
        assert answer.json()["errors"] == [f"There is already a team {name.strip()!r}"]
    assert find_team(actor=ours.operator, text="finance").name == " Finance "


def test_an_integration_is_called_the_same_with_and_without_spaces(ours: Msp) -> None:
    client = ours.client("owner")
    made = client.post("/v2/integrations/custom_provider", {"name": " Temporal "}).json()
    assert made["account_identifier"] == " Temporal "
    answer = client.post("/v2/integrations/custom_provider", {"name": "Temporal"})
    assert answer.json()["errors"] == [f"There is already an integration 'Temporal' ({made['token']})"]


def test_the_last_signs_of_a_bank_account_are_no_spaces(ours: Msp) -> None:
    bank = {"banking_information_attributes": {"secure_data": {"iban": "DE89 3704 0044 0532 0130 00 "}}}
    made = ours.client("owner").post("/v2/billing_profiles", {"nickname": "Main", **bank}).json()
    seen = ours.client("viewer").get(f"/v2/billing_profiles/{made['token']}").json()
    assert seen["banking_information_attributes"]["secure_data"]["iban"] == "••••3000"


def test_people_read_names_without_the_spaces(ours: Msp) -> None:
    client = ours.client("owner")
    account = {"name": " Initech ", "contact_email": "it@initech.example"}
    profile = client.post("/v2/billing_profiles", {"nickname": " Main\n"}).json()["token"]
    made = client.post("/v2/managed_accounts", account).json()["token"]
    client.put(f"/v2/managed_accounts/{made}", {"msp_billing_profile_token": profile})

    assert client.post("/v2/managed_accounts", {**account, "name": "Other"}).json()["errors"] == [
        "Contact email it@initech.example belongs to Initech already"
    ]
    assert client.delete(f"/v2/billing_profiles/{profile}").json()["errors"] == [
        "Billing profile 'Main' is used by 1 managed account (Initech); assign another profile there first"
    ]
    ready = client.get("/v2/invoices/ready?billing_period_start=2026-10-01").json()
    assert "Initech" in [each["account_name"] for each in (*ready["ready"], *ready["blocked"])]

    console = Client()
    console.force_login(ours.people["owner"])
    page = console.get(f"/accounts/{made}/delete").content.decode()
    assert "Write Initech to delete it" in page
