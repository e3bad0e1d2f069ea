"""What was issued cannot be changed, whoever asks: the databases themselves refuse."""

import pytest
from django.db import DatabaseError, connection, transaction

from billow.records.billing.models import Invoice, InvoiceSeries
from tests.factories.invoices import make_approved, make_draft
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def draft(people: People) -> Invoice:
    return make_draft(
        account=make_managed_account(management_account=people.msp),
        profile=make_profile(management_account=people.msp),
    )


@pytest.fixture
def approved(people: People) -> Invoice:
    return make_approved(
        account=make_managed_account(management_account=people.msp),
        profile=make_profile(management_account=people.msp),
        by=people.alice,
    )


def refuses(statement: str, *parameters: int) -> str:
    """Run the statement, which must be refused, and return the database's words."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0, "the statement matched no row, so nothing was put to the test"
    return str(refusal.value)


EDITS_OF_AN_APPROVED_INVOICE = [
    "UPDATE billing_invoice SET due_date = '2030-01-01' WHERE id = %s",
    "UPDATE billing_invoice SET status = 'awaiting_approval' WHERE id = %s",
    "UPDATE billing_invoice SET seal = 'x' WHERE id = %s",
    "UPDATE billing_invoice SET updated_at = created_at WHERE id = %s",
    "UPDATE billing_invoiceversion SET total_minor = 0, subtotal_minor = 0 WHERE invoice_id = %s",
    "UPDATE billing_invoiceversion SET snapshot = '{}' WHERE invoice_id = %s",
    "DELETE FROM billing_invoiceline WHERE version_id IN (SELECT id FROM billing_invoiceversion WHERE invoice_id = %s)",
    "UPDATE billing_invoiceline SET amount_minor = 1 WHERE version_id IN "
    "(SELECT id FROM billing_invoiceversion WHERE invoice_id = %s)",
    "UPDATE billing_document SET sha256 = 'x' WHERE invoice_id = %s",
    "DELETE FROM billing_document WHERE invoice_id = %s",
    "UPDATE billing_invoicetransition SET reason = 'x' WHERE invoice_id = %s",
    "DELETE FROM billing_invoicetransition WHERE invoice_id = %s",
    "DELETE FROM billing_invoiceversion WHERE invoice_id = %s",
    "DELETE FROM billing_invoice WHERE id = %s",
]


@pytest.mark.parametrize("statement", EDITS_OF_AN_APPROVED_INVOICE)
def test_the_database_refuses_to_edit_an_approved_invoice(approved: Invoice, statement: str) -> None:
    assert "refused" in refuses(statement, approved.pk)


@pytest.mark.parametrize(
    "column",
    ["number = 'X'", "sequence = 77", "token = 'x'", "period_start = '2026-09-01'", "series_id = series_id + 1"],
)
def test_even_a_draft_keeps_its_number_account_and_month(draft: Invoice, column: str) -> None:
    assert "never change" in refuses(f"UPDATE billing_invoice SET {column} WHERE id = %s", draft.pk)


def test_a_draft_is_never_deleted(draft: Invoice) -> None:
    assert "cancel it instead" in refuses("DELETE FROM billing_invoice WHERE id = %s", draft.pk)


def test_a_draft_may_still_change_its_status(draft: Invoice) -> None:
    assert Invoice.objects.filter(pk=draft.pk).update(status="generating") == 1


def test_a_version_that_an_invoice_shows_takes_no_further_line(draft: Invoice) -> None:
    assert draft.current_version is not None
    line = draft.current_version.lines.first()
    assert line is not None
    line.pk, line.line_number = None, 99
    with pytest.raises(DatabaseError, match="no further lines"), transaction.atomic():
        line.save(force_insert=True)


KEPT = [
    "billing_invoice",
    "billing_invoiceversion",
    "billing_invoiceline",
    "billing_invoicetransition",
    "billing_invoiceseries",
    "billing_document",
    "audit_auditentry",
]


@pytest.mark.parametrize("table", KEPT)
def test_no_row_makes_room_for_another(approved: Invoice, table: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has OR REPLACE")
    assert "refused" in refuses(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_no_draft_takes_the_place_of_an_approved_invoice(approved: Invoice) -> None:
    other = make_managed_account(management_account=approved.management_account, name="Bob")
    draft = make_draft(account=other, profile=approved.management_account.billing_profiles.get())
    word = "OR REPLACE" if connection.vendor == "sqlite" else ""
    assert "refused" in refuses(f"UPDATE {word} billing_invoice SET id = {approved.pk} WHERE id = %s", draft.pk)
    refuses(f"UPDATE {word} billing_invoice SET chain_position = 1 WHERE id = %s", draft.pk)
    assert Invoice.objects.count() == 2


def test_every_unique_key_of_what_is_kept_is_protected() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has OR REPLACE")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%no_replace_%'")
        triggers = cursor.fetchall()
        assert {*KEPT, "billing_delivery", "billing_creditnote", "costs_costimport"} <= {table for table, _ in triggers}
        for table, sql in triggers:
            cursor.execute(f"PRAGMA index_list({table})")
            for index in [row[1] for row in cursor.fetchall() if row[2]]:
                cursor.execute(f"PRAGMA index_info({index})")
                columns = [row[2] for row in cursor.fetchall()]
                assert " AND ".join(f"there.{column} = NEW.{column}" for column in columns) in sql, (table, columns)


def test_a_series_only_counts_forwards_and_stays(approved: Invoice) -> None:
    series = InvoiceSeries.objects.get()
    assert (series.next_sequence, series.chain_length) == (2, 1)
    assert "forwards" in refuses("UPDATE billing_invoiceseries SET next_sequence = 1")
    assert "forwards" in refuses("UPDATE billing_invoiceseries SET chain_length = 0")
    refuses("DELETE FROM billing_invoiceseries")


def test_the_audit_log_only_grows(approved: Invoice) -> None:
    assert "append-only" in refuses("UPDATE audit_auditentry SET action = 'x'")
    assert "append-only" in refuses("DELETE FROM audit_auditentry")


def test_postgresql_refuses_truncate_too(approved: Invoice) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    for table in ("billing_invoiceline", "billing_document", "audit_auditentry"):
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"TRUNCATE {table} CASCADE")


def triggers() -> set[str]:
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(tables[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


def test_every_trigger_of_the_migrations_is_in_the_database() -> None:
    from django.db.migrations.loader import MigrationLoader

    from billow.records.protection import Trigger

    loader = MigrationLoader(connection)
    promised = {
        name
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, Trigger)
        for name in operation.trigger_names(connection.vendor)
    }
    assert len(promised) > 20
    assert promised <= triggers()
