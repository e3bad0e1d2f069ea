"""Provider accounts are given to customers through the API, from one day to another."""

from typing import Any

import pytest

from billow.records.billing.models import Delegation
from billow.records.costs.models import Integration
from tests.api.world import Msp
from tests.factories.costs import make_integration
from tests.factories.parties import make_managed_account


@pytest.fixture
def payer(ours: Msp) -> Integration:
    return make_integration(management_account=ours.account, name="AWS payer")


def path_of(ours: Msp, ending: str = "") -> str:
    return f"/v2/managed_accounts/{ours.shown.token}/delegations{ending}"


def test_accounts_are_given_end_on_a_day_and_go_to_the_next_customer(ours: Msp, payer: Integration) -> None:
    owner = ours.client("owner")
    wish = {"integration_token": payer.token, "billing_account_id": "4001", "provider_account_ids": ["5001", "5002"]}
    made = owner.post(path_of(ours), {**wish, "start_date": "2026-01-01"})
    assert made.status_code == 201
    given = made.json()["delegations"]
    assert [each["provider_account_id"] for each in given] == ["5001", "5002"]
    assert given[0] == {
        "integration_token": payer.token,
        "billing_account_id": "4001",
        "provider_account_id": "5001",
        "start_date": "2026-01-01",
        "end_date": None,
        "connected_by_customer": False,
    }
    listed = ours.client("viewer").get(path_of(ours)).json()
    assert listed["delegations"] == given
    assert listed["links"]["next"] is None
    assert owner.get(f"/v2/managed_accounts/{ours.shown.token}").json()["access_credential_tokens"] == []
    assert ours.shown.token in owner.get(f"/v2/integrations/{payer.token}").json()["managed_account_tokens"]

    figs = make_managed_account(management_account=ours.account, name="Figs")
    theirs = f"/v2/managed_accounts/{figs.token}/delegations"
    one = {**wish, "provider_account_ids": ["5001"], "start_date": "2026-11-01"}
    refused = owner.post(theirs, one)
    assert refused.status_code == 400
    assert "at the same time" in refused.json()["errors"][0]
    named = {name: given[0][name] for name in ("integration_token", "billing_account_id", "provider_account_id")}
    ended = owner.post(path_of(ours, "/end"), {**named, "start_date": "2026-01-01", "last_day": "2026-10-31"})
    assert [each["end_date"] for each in ended.json()["delegations"]] == ["2026-10-31", None]
    assert owner.post(theirs, one).status_code == 201

    back = owner.post(path_of(ours, "/end"), {**named, "provider_account_id": "5002", "start_date": "2026-01-01"})
    assert [each["provider_account_id"] for each in back.json()["delegations"]] == ["5001"]
    again = owner.post(path_of(ours, "/end"), {**named, "provider_account_id": "5002", "start_date": "2026-01-01"})
    assert again.status_code == 404


def test_a_whole_integration_is_a_credential_too(ours: Msp, payer: Integration) -> None:
    owner = ours.client("owner")
    assert owner.post(path_of(ours), {"integration_token": payer.token}).status_code == 201
    account = owner.get(f"/v2/managed_accounts/{ours.shown.token}").json()
    assert account["access_credential_tokens"] == [payer.token]
    ended = owner.post(path_of(ours, "/end"), {"integration_token": payer.token})
    assert ended.json()["delegations"] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"integration_token": None}, "Integration token can't be blank"),
        ({"integration_token": "accss_crdntl_0000000000000000"}, "There is no integration"),
        ({"integration_token": ["x"]}, "Integration token must be text"),
        ({"provider_account_ids": "5001"}, "must be a list of texts"),
        ({"provider_account_ids": [5001]}, "must be a list of texts"),
        ({"provider_account_ids": [" "]}, "can't be blank"),
        ({"provider_account_ids": ["5" * 256]}, "at most 255 fit"),
        ({"provider_account_ids": [str(number) for number in range(1001)]}, "at most 1000 at once"),
        ({"billing_account_id": "4" * 256}, "at most 255 fit"),
        ({"start_date": "yesterday"}, "Start date must be a date"),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, "before it starts"),
    ],
)
def test_what_cannot_be_given_is_told_and_nothing_is(
    changes: dict[str, Any], said: str, ours: Msp, payer: Integration
) -> None:
    body = {"integration_token": payer.token, "provider_account_ids": ["5001"], **changes}
    answer = ours.client("owner").post(path_of(ours), body)
    assert answer.status_code == 400
    assert said in answer.json()["errors"][0]
    assert not Delegation.objects.filter(integration=payer).exists()


def test_another_msps_integration_does_not_exist(ours: Msp, theirs: Msp) -> None:
    answer = ours.client("owner").post(path_of(ours), {"integration_token": theirs.integration.token})
    assert answer.status_code == 400
    assert "There is no integration" in answer.json()["errors"][0]
