"""Documents in a bucket: the same promises as in the data folder, through a real S3 client and server."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from billow.records.billing.models import Delivery, Document, Invoice
from billow.usecases import documents_storage
from billow.usecases.approve_invoices import approve
from billow.usecases.deliver import deliver_due
from billow.usecases.documents_storage import UnableToReachDocuments, UnableToReadDocument, store
from billow.usecases.documents_url import UnableToReadDocumentsUrl, read_documents_url
from billow.usecases.object_storage import ObjectStorage
from billow.usecases.read_invoices import preview
from billow.usecases.refused import Refused
from billow.usecases.verify import verify
from tests.bucket_server import KEYS, BucketServer, bucket_server
from tests.factories.invoices import make_approved, make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketServer]:
    with pytest.MonkeyPatch.context() as patch, bucket_server(log=tmp_path_factory.mktemp("s3") / "log") as server:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield server


def keep_documents_in(settings: Any, url: str) -> None:
    storage = {"BACKEND": "billow.usecases.object_storage.ObjectStorage", "OPTIONS": {"url": url}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@pytest.fixture
def folder(request: pytest.FixtureRequest, server: BucketServer, settings: Any) -> str:
    """Keep the documents in a folder of the bucket that no other test uses."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:8]
    keep_documents_in(settings, server.url(folder=name))
    return name


@pytest.fixture
def people() -> People:
    return make_people()


def draft_of(people: People) -> Invoice:
    return make_draft(
        account=make_managed_account(management_account=people.msp),
        profile=make_profile(management_account=people.msp),
        now=NOON,
    )


def approved(people: People) -> Invoice:
    account = make_managed_account(management_account=people.msp)
    profile = make_profile(management_account=people.msp)
    return make_approved(account=account, profile=profile, by=people.alice, now=NOON, send=True)


def key_of(folder: str, kind: str = "pdf") -> str:
    return f"{folder}/{Document.objects.get(kind=kind).storage_key}"


def test_approval_puts_the_documents_there_and_everybody_reads_them_back(
    people: People, server: BucketServer, folder: str, settings: Any, tmp_path: Any
) -> None:
    settings.OUTBOX = tmp_path / "outbox"
    invoice = approved(people)
    assert {key for key in server.names() if key.startswith(folder)} == {key_of(folder), key_of(folder, "csv")}
    assert server.content_type(key_of(folder)) == "application/pdf"
    for kind in ("pdf", "csv"):
        file = preview(actor=people.alice.actor, token=invoice.token, kind=kind)
        assert hashlib.sha256(file.content).hexdigest() == Document.objects.get(kind=kind).sha256
    assert verify().problems == ()
    assert deliver_due(worker="test", now=lambda: NOON) == 1
    assert Delivery.objects.get().status == "accepted"


def test_the_same_bytes_are_kept_once_and_damaged_ones_are_mended_by_storing_again(
    server: BucketServer, folder: str
) -> None:
    first = store(content=b"a page", extension="pdf")
    key = f"{folder}/{first.storage_key}"
    server.put(key, b"torn")
    with pytest.raises(UnableToReadDocument) as changed:
        documents_storage.read(stored=first)
    assert changed.value.code == "document_changed"
    assert store(content=b"a page", extension="pdf") == first
    assert documents_storage.read(stored=first) == b"a page"
    assert [each for each in server.names() if each.startswith(folder)] == [key]


def test_a_missing_document_is_called_missing(people: People, server: BucketServer, folder: str) -> None:
    invoice = approved(people)
    server.remove(key_of(folder))
    with pytest.raises(Refused) as refused:
        preview(actor=people.alice.actor, token=invoice.token, kind="pdf")
    assert refused.value.code == "document_missing"
    assert [problem.code for problem in verify().problems] == ["document_missing"]


def test_a_bucket_that_does_not_answer_stops_an_approval_and_changes_nothing(
    people: People, server: BucketServer, folder: str, settings: Any
) -> None:
    invoice = draft_of(people)
    keep_documents_in(settings, "s3://papers/x?endpoint=http://127.0.0.1:9&timeout_s=1")
    (item,) = approve(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON).items
    assert (item.done, item.code) == (False, "documents_unreachable")
    invoice.refresh_from_db()
    assert invoice.status == "awaiting_approval"
    assert not Document.objects.exists()
    keep_documents_in(settings, server.url(folder=folder))
    assert approve(actor=people.alice.actor, invoice_tokens=[invoice.token], now=NOON).all_done


def test_a_bucket_that_does_not_exist_stops_an_approval_too(
    people: People, server: BucketServer, settings: Any
) -> None:
    keep_documents_in(settings, server.url().replace("papers", "nobody"))
    (item,) = approve(actor=people.alice.actor, invoice_tokens=[draft_of(people).token], now=NOON).items
    assert item.code == "documents_unreachable"


def test_a_mail_waits_for_a_bucket_that_does_not_answer(
    people: People, server: BucketServer, folder: str, settings: Any, tmp_path: Any
) -> None:
    settings.OUTBOX = tmp_path / "outbox"
    approved(people)
    there = settings.STORAGES
    keep_documents_in(settings, "s3://papers/x?endpoint=http://127.0.0.1:9&timeout_s=1")
    deliver_due(worker="test", now=lambda: NOON)
    row = Delivery.objects.get()
    assert (row.status, row.outcome_code) == ("deferred", "documents_unreachable")
    settings.STORAGES = there
    assert row.next_attempt_at is not None
    deliver_due(worker="test", now=lambda: row.next_attempt_at or NOON)
    assert Delivery.objects.get().status == "accepted"


def test_a_logo_lies_there_too(people: People, server: BucketServer, folder: str) -> None:
    png = store(content=b"\x89PNG", extension="png")
    assert f"{folder}/{png.storage_key}" in server.names()
    assert server.content_type(f"{folder}/{png.storage_key}") == "image/png"


def test_without_a_bucket_that_answers_reading_fails_as_such(settings: Any, server: BucketServer) -> None:
    stored = documents_storage.StoredFile(storage_key="ab/cd.pdf", sha256="ab", size_bytes=1)
    keep_documents_in(settings, "s3://papers?endpoint=http://127.0.0.1:9&timeout_s=1")
    with pytest.raises(UnableToReachDocuments):
        documents_storage.read(stored=stored)


@pytest.mark.parametrize("name", ["../secret", "a/../../b", "/etc/passwd", "a//b", "a\\b", "", ".", "a/./b", "a\0b"])
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    storage = ObjectStorage(url="s3://papers/billow")
    with pytest.raises(ValueError, match="no name of a document"):
        storage.place(name)
    assert storage.place("ab/cd.pdf") == "papers/billow/ab/cd.pdf"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://papers/", "must name a bucket"),
        ("s3:///folder", "must name a bucket"),
        ("s3://papers#x", "must name a bucket"),
        ("s3://key:secret@papers/", "takes no keys"),
        ("s3://papers/a/../b", "called . or .."),
        ("s3://papers/a//b", "empty folder"),
        ("s3://papers?colour=red", "unknown option"),
        ("s3://papers?endpoint=minio:9000", "endpoint that is no server"),
        ("s3://papers?endpoint=https://minio/path", "endpoint that is no server"),
        ("s3://papers?timeout_s=0", "timeout_s"),
        ("s3://papers?timeout_s=soon", "timeout_s"),
        ("s3://[papers", "cannot be read"),
    ],
)
def test_a_url_that_names_no_bucket_is_refused_without_repeating_it(url: str, complaint: str) -> None:
    with pytest.raises(UnableToReadDocumentsUrl, match=complaint) as refused:
        read_documents_url(url)
    assert "secret" not in str(refused.value)


def test_a_url_is_read_with_its_options() -> None:
    bucket = read_documents_url("s3://papers/a/b/?region=eu-central-1&endpoint=https://minio.example.com:9000/")
    assert (bucket.root, bucket.region, bucket.endpoint, bucket.timeout_s) == (
        "papers/a/b",
        "eu-central-1",
        "https://minio.example.com:9000",
        10,
    )
    assert read_documents_url("s3://papers").root == "papers"
