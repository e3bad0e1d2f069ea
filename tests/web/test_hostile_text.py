"""Hostile texts, kept or sent back, stay texts: on every page, in documents, in mails."""

import csv
import io
import re
from collections.abc import Iterator
from copy import deepcopy
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.test import Client

from billow.records.billing.models import Delivery
from billow.records.fields import ExactDecimalField
from billow.usecases.invoice_mail import invoice_mail
from tests.web.addresses import ADDRESSES, OPEN
from tests.web.hostile import CHECKED, CSV, FREE, MAIL, PAGE, PDF, PORTAL, Injected, escaped, evil, mark
from tests.web.hostile_world import HostileWorld, make_hostile
from tests.web.world import make_world

SOURCE = Path(__file__).resolve().parents[2] / "src" / "billow" / "interfaces" / "web"
GOES_WITHOUT_SAYING = re.compile(r"(token|sha256|hash|fingerprint|seal|currency|storage_key|session_key|claimed_by)$")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
REFLECTED = evil("User.name")
OCTOBERS = "interval=custom&start_date=2026-10-01&end_date=2026-10-31"


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileWorld]:
    """Give the hostile MSP, made once for this file in a transaction that never commits."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_hostile(make_world(name="Nimbus Partners"), folder=tmp_path_factory.mktemp("bills"))
        transaction.set_rollback(True)


@pytest.fixture
def hostile(made: HostileWorld, db: None) -> HostileWorld:
    return deepcopy(made)


def fields_that_reach(place: str) -> list[str]:
    return [name for name, places in FREE.items() if place in places]


def text_of(answer: Any) -> str:
    content = answer.getvalue() if answer.streaming else answer.content
    assert answer.status_code < 500, answer.request
    return str(content.decode("utf-8", "replace"))


def crawl(hostile: HostileWorld, who: str, *, more: tuple[str, ...] = ()) -> dict[str, str]:
    """Return every page that somebody may open, by its address."""
    objects = hostile.world.shown_to(who)
    urls = [address.url(objects) for address in ADDRESSES if address.get is not None]
    found = {}
    for url in dict.fromkeys((*urls, *more)):
        answer = hostile.world.client(who).get(url)
        text = text_of(answer)
        if text and answer.headers.get("Content-Type", "").startswith("text/html"):
            found[url] = text
    return found


def test_every_text_column_is_in_a_table() -> None:
    known = {*FREE, *CHECKED}
    columns = {
        f"{model.__name__}.{column.name}"
        for config in apps.get_app_configs()
        if config.name.startswith("billow.records")
        for model in config.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField | models.JSONField)
        if not (column.choices or isinstance(column, ExactDecimalField) or GOES_WITHOUT_SAYING.search(column.name))
    }
    assert columns - known == set(), "say in tests/web/hostile.py where it comes out, or why it is no free text"
    assert known - columns == set()


def test_texts_that_are_kept_stay_texts_on_every_page(hostile: HostileWorld) -> None:
    pages = crawl(hostile, "owner", more=hostile.pages)
    for url, text in pages.items():
        assert (url, Injected(text).found) == (url, [])
    everything = "".join(pages.values())
    assert [name for name in fields_that_reach(PAGE) if escaped(name) not in everything] == []


def test_texts_that_are_kept_stay_texts_in_the_portal(hostile: HostileWorld) -> None:
    tokens = [invoice.token for invoice in hostile.invoices.values()]
    more = (*(f"/portal/invoices/{token}" for token in tokens), "/nowhere")
    for who in ("customer owner", "owner inside"):
        pages = crawl(hostile, who, more=more)
        for url, text in pages.items():
            assert (url, Injected(text).found) == (url, [])
        everything = "".join(pages.values())
        assert [name for name in fields_that_reach(PORTAL) if escaped(name) not in everything] == []
        hidden = ("BillingRule.title", "InvoiceLine.deltas", "Invoice.cancel_reason", "Invoice.failure_message")
        for name in (*hidden, "BillingProfile.nickname", "BillingProfile.bank_name", "Integration.name", "Team.name"):
            assert f"{mark(name)}&gt;" not in everything, name


def test_texts_that_are_sent_back_stay_texts(hostile: HostileWorld) -> None:
    names = names_that_are_read()
    assert {"q", "period", "next", "reason", "once", "nickname"} <= names
    fields = dict.fromkeys(names, REFLECTED)
    rows = f"name,contact_email,{REFLECTED}\n{REFLECTED},{REFLECTED},{REFLECTED}\n".encode()
    for address in ADDRESSES:
        url = address.url(hostile.world.shown_to("owner")).partition("?")[0]
        for method in address.methods:
            for headers in ({}, {"hx-request": "true"}):
                file = {} if method == "GET" else {"file": SimpleUploadedFile(f"{REFLECTED}.csv", rows)}
                with transaction.atomic():
                    client = hostile.world.client("owner")
                    send = client.get if method == "GET" else client.post
                    answer: Any = send(url, {**fields, **file}, headers=headers)
                    transaction.set_rollback(True)
                text = text_of(answer)
                if answer.headers.get("Content-Type", "").startswith("text/html"):
                    assert (url, method, Injected(text).found) == (url, method, [])
                assert all("\n" not in value and "<i" not in value for value in answer.headers.values())


def test_whoever_is_not_signed_in_is_sent_no_script_back(db: None) -> None:
    fields = dict.fromkeys(names_that_are_read(), REFLECTED)
    for path in (*OPEN, REFLECTED):
        url = "/" + re.sub(r"<\w+:\w+>", REFLECTED, path)
        for send in (Client().get, Client().post):
            text = text_of(send(url, fields))
            assert (url, Injected(text).found) == (url, [])


def names_that_are_read() -> set[str]:
    """Return the name of every field that a view reads or a form has."""
    read = re.compile(r'(?:GET|POST|data)(?:\.get|\.getlist)?[\(\[]"(\w+)"')
    written = re.compile(r'name="(\w+)"')
    names = {name for file in SOURCE.rglob("*.py") for name in read.findall(file.read_text(encoding="utf-8"))}
    for file in SOURCE.rglob("*.html"):
        names |= set(written.findall(file.read_text(encoding="utf-8")))
    return names - {"file", "csrfmiddlewaretoken", "viewport"}


def test_a_pdf_prints_them_and_does_nothing_else(hostile: HostileWorld) -> None:
    invoice, client = hostile.invoices["approved"], hostile.world.client("owner")
    pdfs = [client.get(f"/invoices/{invoice.token}/pdf").content]
    customers = hostile.world.client("customer owner")
    pdfs.append(customers.get(f"/portal/credit-notes/{hostile.credit_note.token}/pdf").content)
    words = ""
    for pdf in pdfs:
        with pypdfium2.PdfDocument(pdf) as document:
            words += "".join(page.get_textpage().get_text_range() for page in document)
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            found = [each for each in opened.objects if isinstance(each, pikepdf.Dictionary)]
            keys = {key for each in found for key in each.keys()}  # noqa: SIM118 - not a mapping of Python's
        assert keys & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/URI", "/EmbeddedFiles"} == set()
    shown = re.sub(r"\s", "", words)
    assert [name for name in fields_that_reach(PDF) if f"<iid={mark(name)}>" not in shown] == []


def test_no_cell_of_a_csv_is_a_formula(hostile: HostileWorld) -> None:
    invoice, account = hostile.invoices["approved"], hostile.world.shown["account"]
    client, customer = hostile.world.client("owner"), hostile.world.client("customer viewer")
    texts = [
        text_of(client.get(f"/invoices/{invoice.token}/csv")),
        text_of(customer.get(f"/portal/invoices/{invoice.token}/csv")),
        text_of(customer.get(f"/portal/credit-notes/{hostile.credit_note.token}/csv")),
        text_of(client.get(f"/costs.csv?account={account}&{OCTOBERS}")),
        text_of(client.get(f"/costs.csv?groupings=service&{OCTOBERS}")),
        text_of(client.get("/settings/audit-log.csv")),
    ]
    for text in texts:
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert cells
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and not NUMBER.fullmatch(cell)] == []
    everything = "".join(texts)
    assert [name for name in fields_that_reach(CSV) if f"<i id={mark(name)}>" not in everything] == []


def test_a_mail_carries_them_as_text_and_no_name_adds_a_header(hostile: HostileWorld) -> None:
    delivery = Delivery.objects.filter(invoice=hostile.invoices["approved"]).latest("pk")
    delivery.recipient = "accounts@olives.example"
    mail = message_from_bytes(invoice_mail(delivery=delivery).content, policy=policy.default)
    assert mail["To"] == "accounts@olives.example"
    assert set(mail.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To"),
        *("Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language"),
    }
    html = mail.get_body(("html",))
    assert html is not None
    content = str(html.get_content())
    assert "<i " not in content
    assert "<img" not in content
    assert [name for name in fields_that_reach(MAIL) if escaped(name) not in content] == []
