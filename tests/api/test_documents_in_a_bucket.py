"""Documents and exports through the API while they lie in a bucket: links hand out the bytes, or say to try again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from billow.interfaces.jobs.worker import run_once
from billow.records.billing.models import Document
from tests.api.world import Msp
from tests.bucket_server import KEYS, BucketServer, bucket_server
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account

NOWHERE = "s3://papers/billow?region=eu-central-1&endpoint=http://127.0.0.1:9&timeout_s=1"
TRY_AGAIN = "The documents' storage cannot be used now."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    with pytest.MonkeyPatch.context() as patch, bucket_server(log=tmp_path_factory.mktemp("s3") / "log") as server:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield server


def keep_documents_in(settings: Any, url: str) -> None:
    storage = {"BACKEND": "billow.usecases.object_storage.ObjectStorage", "OPTIONS": {"url": url}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def fetch(url: str) -> Any:
    return Client().get(url.removeprefix("http://testserver"))


def test_an_invoice_is_approved_into_the_bucket_and_fetched_from_it(
    ours: Msp, server: BucketServer, settings: Any
) -> None:
    keep_documents_in(settings, server.url())
    owner = ours.client("owner")
    figs = make_managed_account(management_account=ours.account, name="Figs", billing_email=["figs@figs.example"])
    draft = make_draft(account=figs, profile=ours.profile)
    assert owner.post(f"/v2/invoices/{draft.token}/send_and_approve").status_code == 200
    urls = {}
    for kind in ("pdf", "csv"):
        answer = owner.post(f"/v2/invoices/{draft.token}/download", {"file_type": kind})
        urls[kind] = answer.json()["download_url"]
        assert (
            hashlib.sha256(fetch(urls[kind]).content).hexdigest()
            == Document.objects.get(invoice=draft, kind=kind).sha256
        )
    assert len(server.names()) == 2

    keep_documents_in(settings, NOWHERE)
    away = fetch(urls["pdf"])
    assert away.status_code == 503
    assert TRY_AGAIN in away.json()["errors"][0]
    keep_documents_in(settings, server.url())
    assert fetch(urls["pdf"]).status_code == 200


def test_an_approval_waits_for_a_bucket_that_is_away_and_changes_nothing(
    ours: Msp, server: BucketServer, settings: Any
) -> None:
    keep_documents_in(settings, NOWHERE)
    figs = make_managed_account(management_account=ours.account, name="Figs", billing_email=["figs@figs.example"])
    draft = make_draft(account=figs, profile=ours.profile)
    refused = ours.client("owner").post(f"/v2/invoices/{draft.token}/send_and_approve")
    assert refused.status_code == 503
    assert TRY_AGAIN in refused.json()["errors"][0]
    assert ours.client("owner").get(f"/v2/invoices/{draft.token}").json()["status"] == "awaiting_approval"


def test_an_export_lies_in_the_bucket_and_is_not_called_expired_while_that_is_away(
    ours: Msp, server: BucketServer, settings: Any, tmp_path: Path
) -> None:
    settings.COST_STORE = tmp_path / "costs"
    keep_documents_in(settings, server.url())
    owner = ours.client("owner")
    token = owner.post("/v2/costs/data_exports", {}).json()["token"]
    run_once(name="test")
    (url,) = owner.get(f"/v2/data_exports/{token}").json()["manifest"]["files"]
    assert fetch(url).status_code == 200
    keep_documents_in(settings, NOWHERE)
    away = fetch(url)
    assert away.status_code == 503
    assert TRY_AGAIN in away.json()["errors"][0]
