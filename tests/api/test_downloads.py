"""download_url: the document itself, for whoever holds the address, for a quarter of an hour."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.core import signing
from django.test import Client
from django.utils import timezone

from billow.interfaces.api import auth, downloads
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import Document, Invoice
from billow.usecases.approve_invoices import approve
from billow.usecases.download_links import _SALT, LIFETIME
from billow.usecases.generate_invoices import request_regeneration
from tests.api.world import ApiClient, Msp
from tests.factories.invoices import make_draft
from tests.factories.parties import make_managed_account


def url_of(client: ApiClient, invoice: Invoice, kind: str = "pdf") -> str:
    answer = client.post(f"/v2/invoices/{invoice.token}/download", {"file_type": kind})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["download_url"])


def fetch(url: str, method: str = "GET") -> Any:
    """Fetch as a stranger would, without any token."""
    return Client().generic(method, urlsplit(url).path)


def draft_of(ours: Msp) -> Invoice:
    figs = make_managed_account(management_account=ours.account, name="Figs")
    return make_draft(account=figs, profile=ours.profile)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment: datetime = timezone.now() + by
    for module in (auth, downloads):
        monkeypatch.setattr(module, "clock", lambda: moment)


@pytest.mark.parametrize(("kind", "content_type"), [("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8")])
def test_exactly_the_stored_bytes_come_without_a_token(ours: Msp, kind: str, content_type: str) -> None:
    url = url_of(ours.client("owner"), ours.invoice, kind)
    assert re.match(r"https?://[^/]+/v2/downloads/", url)
    answer = fetch(url)
    assert answer.status_code == 200
    document = Document.objects.get(invoice=ours.invoice, kind=kind)
    assert hashlib.sha256(answer.content).hexdigest() == document.sha256
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="invoice-{ours.invoice.number}.{kind}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert fetch(url).content == answer.content
    head = fetch(url, "HEAD")
    assert (head.status_code, head.content) == (200, b"")


def test_a_customer_gets_links_to_its_own_approved_invoices_only(ours: Msp) -> None:
    customer = ours.client("customer")
    assert fetch(url_of(customer, ours.invoice)).status_code == 200
    for invoice in (ours.hidden_invoice, draft_of(ours)):
        assert customer.post(f"/v2/invoices/{invoice.token}/download", {"file_type": "pdf"}).status_code == 404


def test_the_link_ends_after_a_quarter_of_an_hour(ours: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    url = url_of(ours.client("owner"), ours.invoice)
    later(monkeypatch, LIFETIME - timedelta(seconds=5))
    assert fetch(url).status_code == 200
    later(monkeypatch, LIFETIME)
    answer = fetch(url)
    assert answer.status_code == 404
    assert answer.json() == {"errors": ["The link has expired. Ask for a new one."]}


def test_no_sign_of_a_link_can_be_changed(ours: Msp) -> None:
    url = url_of(ours.client("owner"), ours.invoice)
    head, _, link = url.rpartition("/")
    for place in range(0, len(link), 7):
        sign = "A" if link[place] != "A" else "B"
        changed = f"{head}/{link[:place]}{sign}{link[place + 1 :]}"
        answer = fetch(changed)
        # The last sign of a signature may have spare bits; whatever is let through is the same document.
        assert answer.status_code == 404, changed


@pytest.mark.parametrize(
    "link",
    [
        "x",
        "a:b",
        "../../../etc/passwd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5csecret_key",
        "%00",
        "msp_inv_0123456789abcdef",
        ":" * 50,
        "x" * 5000,
    ],
)
def test_what_was_never_signed_is_404(ours: Msp, link: str) -> None:
    answer = Client().get(f"/v2/downloads/{link}")
    assert answer.status_code == 404
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    "content", [["msp_inv_0123456789abcdef", "pdf", "a" * 64, 9_999_999_999], ["x"], {}, [1, 2, 3, 4]]
)
def test_even_a_right_signature_opens_only_what_is_there(ours: Msp, content: Any) -> None:
    link = signing.Signer(salt=_SALT).sign_object(content)
    assert Client().get(f"/v2/downloads/{link}").status_code == 404


def test_a_signature_made_for_something_else_opens_nothing(ours: Msp) -> None:
    document = Document.objects.get(invoice=ours.invoice, kind="pdf")
    for salt in ("django.contrib.sessions", "billow.sign_in", ""):
        content = [ours.invoice.token, "pdf", document.sha256, 9_999_999_999]
        link = signing.Signer(salt=salt or None).sign_object(content)
        assert Client().get(f"/v2/downloads/{link}").status_code == 404


def test_a_drafts_link_is_a_preview_and_dies_with_its_version(ours: Msp) -> None:
    draft = draft_of(ours)
    url = url_of(ours.client("owner"), draft)
    answer = fetch(url)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="invoice-{draft.number}-draft.pdf"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert approve(actor=ours.operator, invoice_tokens=[draft.token], now=timezone.now(), send=False).all_done
    gone = fetch(url)
    assert gone.status_code == 404
    assert "has changed since" in gone.json()["errors"][0]
    assert fetch(url_of(ours.client("owner"), draft)).content != answer.content


def test_a_regenerated_drafts_link_is_dead(ours: Msp) -> None:
    draft = draft_of(ours)
    url = url_of(ours.client("owner"), draft)
    assert request_regeneration(actor=ours.operator, invoice_tokens=[draft.token], now=timezone.now()).all_done
    assert fetch(url).status_code == 404


def test_a_damaged_document_is_not_handed_out(ours: Msp, monkeypatch: pytest.MonkeyPatch) -> None:
    from billow.usecases import documents_storage

    url = url_of(ours.client("owner"), ours.invoice)
    monkeypatch.setattr(documents_storage, "_content", lambda *_: b"something else")
    answer = fetch(url)
    assert answer.status_code == 400
    assert "is not what was stored" in answer.json()["errors"][0]


def test_a_link_can_be_fetched_as_often_as_a_token_may_ask(ours: Msp, settings: LazySettings) -> None:
    url = url_of(ours.client("owner"), ours.invoice)
    other = url_of(ours.client("viewer"), draft_of(ours))
    settings.API_REQUESTS_PER_MINUTE = 2
    statuses = [fetch(url).status_code for _ in range(4)]
    assert statuses.count(429) >= 1
    assert fetch(other).status_code == 200


def test_other_methods_are_refused(ours: Msp) -> None:
    url = url_of(ours.client("owner"), ours.invoice)
    assert {fetch(url, method).status_code for method in ("POST", "PUT", "DELETE")} == {405}


def test_who_asked_for_a_link_is_on_record(ours: Msp) -> None:
    url_of(ours.client("viewer"), ours.invoice, "csv")
    entry = AuditEntry.objects.get(action="invoice.download_link")
    assert (entry.user, entry.object_token, entry.changes) == (
        ours.people["viewer"],
        ours.invoice.token,
        {"kind": "csv"},
    )


def test_a_download_with_a_key_gives_a_fresh_link_each_time(ours: Msp) -> None:
    path, body = f"/v2/invoices/{ours.invoice.token}/download", {"file_type": "pdf"}
    for _ in range(2):
        answer = ours.client("owner").ask("POST", path, body, headers={"Idempotency-Key": "k"})
        assert "Idempotent-Replayed" not in answer.headers
        assert fetch(answer.json()["download_url"]).status_code == 200
