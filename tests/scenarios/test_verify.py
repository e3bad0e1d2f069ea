"""Somebody tampers with what was issued; verification finds it and names the place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from billow.records.billing.models import Document, Invoice, InvoiceLine, InvoiceSeries
from billow.records.costs.models import CostImport
from billow.terms.period import BillingPeriod
from billow.usecases.approve_invoices import approve
from billow.usecases.cancel_invoices import cancel
from billow.usecases.generate_invoices import generate_due, request_generation, request_regeneration
from billow.usecases.verify import Problem, verify
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.parties import delegate, make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

OCTOBER = BillingPeriod(2026, 10)
NOW = datetime(2026, 11, 4, 9, tzinfo=UTC)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, tmp_path: Path) -> None:
    """Keep damaged files away from other tests."""
    settings.COST_STORE = tmp_path / "costs"
    storage = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


@pytest.fixture
def october(tmp_path: Path) -> People:
    """Four customers' October: INV-1 to INV-3 approved, INV-4 cancelled, the second regenerated once before."""
    people = make_people()
    make_profile(management_account=people.msp, logo_png=PIXEL, logo_width=1, logo_height=1)
    integration = make_integration(management_account=people.msp)
    names = ("Achilles", "Briseis", "Chiron", "Diomedes")
    tokens = []
    for place, name in enumerate(names):
        account = make_managed_account(management_account=people.msp, name=name)
        delegate(account=account, integration=integration, sub_account_id=f"{1001 + place}")
        tokens.append(account.token)
    bill(people, tmp_path, cost="10.005")
    alice = people.alice.actor
    asked = request_generation(actor=alice, account_tokens=tokens, period=OCTOBER, now=NOW)
    invoices = [item.token for item in asked.items]
    generate_due(worker="w", now=lambda: NOW)
    bill(people, tmp_path, cost="10.007")
    request_regeneration(actor=alice, invoice_tokens=[invoices[1]], now=NOW)
    generate_due(worker="w", now=lambda: NOW)
    assert approve(actor=alice, invoice_tokens=invoices[:3], now=NOW, accept_stale=True).all_done
    assert cancel(actor=alice, invoice_tokens=invoices[3:], reason="Left us", now=NOW).all_done
    return people


def bill(people: People, folder: Path, *, cost: str) -> None:
    charges = [
        Charge(sub_account=f"{1001 + place}", cost=cost, service=service)
        for place in range(4)
        for service in ("Amazon EC2", "Amazon S3")
    ]
    integration = people.msp.integrations.get()
    deliver(actor=people.alice.actor, integration=integration, period=OCTOBER, charges=charges, folder=folder)


@contextmanager
def without_triggers() -> Iterator[Callable[..., None]]:
    """Play the intruder who dropped the triggers first (and the foreign keys' checks); they are put back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in found:
                cursor.execute(f"DROP TRIGGER {name}")
            yield cursor.execute
            for _, statement in found:
                cursor.execute(statement)
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role TO replica")
            yield cursor.execute
            cursor.execute("SET session_replication_role TO DEFAULT")


def tamper(statement: str, *parameters: object) -> None:
    with without_triggers() as execute:
        execute(statement, parameters)


def problems() -> list[Problem]:
    return list(verify().problems)


def found() -> set[tuple[str, str]]:
    return {(problem.code, problem.where) for problem in problems()}


def invoice(place: int) -> Invoice:
    return Invoice.objects.get(sequence=place)


def line_of(place: int, number: int) -> InvoiceLine:
    version = invoice(place).current_version
    assert version is not None
    return version.lines.get(line_number=number)


def test_an_untouched_installation_is_sound(october: People) -> None:
    seen: list[tuple[str, int]] = []
    result = verify(on_progress=lambda kind, number: seen.append((kind, number)))
    assert result.problems == ()
    assert result.is_sound
    counted = {name: result.checked[name] for name in ("invoices", "versions", "lines", "seals", "numbers")}
    assert counted == {"invoices": 4, "versions": 5, "lines": 10, "seals": 3, "numbers": 4}
    assert result.checked["documents"] == 3 * 2 + 5, "PDF and CSV of each approved one, and the logo of each version"
    assert (result.checked["cost imports"], result.checked["superseded cost imports"]) == (1, 1)
    assert ("invoices", 4) in seen
    assert verify(management_account=october.other_msp).checked.get("invoices", 0) == 0


@pytest.mark.parametrize("kind", ["pdf", "csv"])
def test_one_flipped_byte_of_a_stored_document(october: People, kind: str, settings: Settings) -> None:
    document = Document.objects.get(kind=kind, invoice__sequence=2)
    path = Path(settings.STORAGES["default"]["OPTIONS"]["location"]) / document.storage_key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    (problem,) = problems()
    assert (problem.code, problem.where) == ("document_changed", str(path))
    assert "INV-2026-00002" in problem.message


def test_a_document_that_is_gone(october: People, settings: Settings) -> None:
    document = Document.objects.get(kind="pdf", invoice__sequence=1)
    path = Path(settings.STORAGES["default"]["OPTIONS"]["location"]) / document.storage_key
    path.unlink()
    assert found() == {("document_missing", str(path))}


@pytest.mark.parametrize(
    "change",
    [
        "amount_minor = amount_minor + 1",
        "service = 'Amazon EC3'",
        "rated_cost = '10.0070000001'",
        "exact_amount = 'ten'",
        "description = 'something else'",
        "usage_amount = '2'",
        'deltas = \'[{"rule_token": "x", "title": "x", "amount": "0"}]\'',
    ],
)
def test_one_edited_line(october: People, change: str) -> None:
    line = line_of(2, 1)
    tamper(f"UPDATE billing_invoiceline SET {change} WHERE id = %s", line.pk)
    assert ("line_changed", "INV-2026-00002 line 1") in found()
    assert {where for _, where in found()} <= {"INV-2026-00002", "INV-2026-00002 line 1"}


def test_an_edited_line_with_a_matching_new_hash(october: People) -> None:
    from billow.usecases.invoice_snapshot import line_hash_of

    line = line_of(2, 1)
    line.service = "Amazon EC3"
    tamper(
        "UPDATE billing_invoiceline SET service = %s, line_hash = %s WHERE id = %s",
        line.service,
        line_hash_of(line=line),
        line.pk,
    )
    assert found() == {("version_changed", "INV-2026-00002")}


def test_an_edited_line_of_a_version_nobody_sees_any_more(october: People) -> None:
    old = invoice(2).versions.get(version_number=1)
    tamper("UPDATE billing_invoiceline SET region = 'x' WHERE version_id = %s AND line_number = 2", old.pk)
    assert found() == {("line_changed", "INV-2026-00002 version 1 line 2")}


def test_a_line_that_is_gone(october: People) -> None:
    tamper("DELETE FROM billing_invoiceline WHERE id = %s", line_of(3, 2).pk)
    assert ("lines_missing", "INV-2026-00003") in found()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("subtotal_minor = 1, total_minor = 1", "column_changed"),
        ("provider_cost = '1'", "column_changed"),
        ("snapshot = REPLACE(snapshot, 'Achilles', 'Agamemnon')", "version_changed"),
        ("fingerprint = 'x'", "version_changed"),
        ("bank_details = ''", "version_unreadable"),
        ("bank_details = 'garbage'", "version_unreadable"),
        ("provider_cost = 'ten'", "version_unreadable"),
        ("warnings = '[1]'", "column_changed"),
    ],
)
def test_an_edited_version(october: People, change: str, code: str) -> None:
    tamper(f"UPDATE billing_invoiceversion SET {change} WHERE invoice_id = %s", invoice(1).pk)
    assert (code, "INV-2026-00001") in found()
    assert {where.split(" ")[0] for _, where in found()} == {"INV-2026-00001"}


@pytest.mark.parametrize(
    "change",
    [
        "due_date = '2030-01-01'",
        "issue_date = '2026-11-01'",
        "number = 'INV-2026-00009'",
        "token = 'msp_inv_0000000000000000'",
        "seal = 'x'",
    ],
)
def test_an_edited_approved_invoice(october: People, change: str) -> None:
    tamper(f"UPDATE billing_invoice SET {change} WHERE id = %s", invoice(2).pk)
    assert ("seal_differs", invoice(2).number) in found()


def test_an_approved_invoice_pulled_back_to_a_draft(october: People) -> None:
    tamper("UPDATE billing_invoice SET status = 'awaiting_approval' WHERE id = %s", invoice(2).pk)
    codes = {code for code, _ in found()}
    assert {"seal_missing", "history_differs"} <= codes


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_deleted_approved_invoice_is_missed_in_numbers_and_chain(october: People, place: int) -> None:
    gone = invoice(place)
    with without_triggers() as execute:
        execute("UPDATE billing_invoice SET current_version_id = NULL, status = 'generating' WHERE id = %s", [gone.pk])
        versions = "(SELECT id FROM billing_invoiceversion WHERE invoice_id = %s)"
        execute(f"DELETE FROM billing_invoiceline WHERE version_id IN {versions}", [gone.pk])
        execute(f"DELETE FROM billing_invoiceversion_cost_imports WHERE invoiceversion_id IN {versions}", [gone.pk])
        for table in ("document", "delivery", "invoicetransition", "invoiceversion"):
            execute(f"DELETE FROM billing_{table} WHERE invoice_id = %s", [gone.pk])
        execute("DELETE FROM billing_invoice WHERE id = %s", [gone.pk])
    missing = {problem.code: problem for problem in problems()}
    assert set(missing) == {"number_missing", "seal_missing"}
    assert f"place {place} of series invoice" in missing["number_missing"].where


def test_an_approved_invoice_that_was_never_sealed(october: People) -> None:
    """The intruder makes the cancelled invoice an approved one that stands beside the chain."""
    with without_triggers() as execute:
        if connection.vendor == "sqlite":
            execute("PRAGMA ignore_check_constraints=ON")
        else:
            execute("ALTER TABLE billing_invoice DROP CONSTRAINT issued_invoice_is_sealed")
        execute(
            "UPDATE billing_invoice SET status = 'approved', seal = 'x', approved_at = updated_at, "
            "issue_date = period_start, due_date = period_start WHERE sequence = 4"
        )
        if connection.vendor == "sqlite":
            execute("PRAGMA ignore_check_constraints=OFF")
    assert ("seal_beyond_chain", "INV-2026-00004") in found()


def test_a_series_turned_back(october: People) -> None:
    series = InvoiceSeries.objects.get()
    tamper("UPDATE billing_invoiceseries SET next_sequence = 2, chain_hash = 'x' WHERE id = %s", series.pk)
    assert {code for code, _ in found()} == {"number_beyond_counter", "chain_end_differs"}


def test_an_edited_history(october: People) -> None:
    step = invoice(4).transitions.get(verb="cancel")
    tamper("UPDATE billing_invoicetransition SET to_status = 'approved' WHERE id = %s", step.pk)
    assert found() == {("history_differs", "INV-2026-00004"), ("history_impossible", "INV-2026-00004")}


@pytest.mark.parametrize("is_superseded", [False, True])
def test_a_damaged_cost_import(october: People, settings: Settings, is_superseded: bool) -> None:
    current = CostImport.objects.get(superseded_at__isnull=not is_superseded)
    path = settings.COST_STORE / current.stored_files[0]
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    assert ("altered_file", str(path)) in found()


def test_the_lines_of_a_cost_import_that_are_gone(october: People, settings: Settings) -> None:
    current = CostImport.objects.get(superseded_at__isnull=True)
    path = (settings.COST_STORE / current.stored_files[0]).with_name("lines.parquet")
    path.unlink()
    assert found() == {("missing_file", str(path))}


def test_a_superseded_import_that_an_invoice_rests_on_is_missed(october: People, settings: Settings) -> None:
    superseded = CostImport.objects.get(superseded_at__isnull=False)
    path = settings.COST_STORE / superseded.stored_files[0]
    path.unlink()
    assert found() == {("missing_file", str(path))}
