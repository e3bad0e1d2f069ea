"""Everything in one file, and back, on whatever database the tests run on."""

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from billow.records.billing.models import BillingProfile, Delivery, Invoice, ManagedAccount
from billow.records.costs.models import CostImport
from billow.terms.period import BillingPeriod
from billow.usecases.backup import BackupMade, backup
from billow.usecases.costs import list_imports, partition_of
from billow.usecases.deliver import deliver_due
from billow.usecases.refused import Refused
from billow.usecases.restore import restore
from billow.usecases.send_invoices import send
from billow.usecases.verify import verify
from tests.factories.costs import Charge, deliver, make_integration
from tests.factories.invoices import make_approved
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
OCTOBER = BillingPeriod(2026, 10)


@pytest.fixture
def people(tmp_path: Path) -> People:
    """An installation with a bill and an approved invoice."""
    people = make_people()
    profile = make_profile(management_account=people.msp)
    account = make_managed_account(management_account=people.msp, name="Ada")
    integration = make_integration(management_account=people.msp)
    folder = tmp_path / "bills"
    folder.mkdir()
    charges = [Charge(sub_account="111", cost="10.000000000000000001")]
    deliver(actor=people.operator, integration=integration, period=OCTOBER, charges=charges, folder=folder)
    make_approved(account=account, profile=profile, by=people.alice)
    return people


@pytest.fixture
def made(people: People, tmp_path: Path) -> BackupMade:
    return backup(file=tmp_path / "backup.tar.gz", now=NOW)


def altered(made: BackupMade, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]) -> Path:
    """Write the backup again with each member changed, or left out."""
    target = made.file.with_name("altered.tar.gz")
    with tarfile.open(made.file) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            assert content is not None
            if (changed := change(member, content.read())) is not None:
                info, data = changed
                info.size = len(data) if info.isreg() else 0
                new.addfile(info, io.BytesIO(data))
    return target


def test_a_backup_brings_everything_back(people: People, made: BackupMade) -> None:
    assert made.file.stat().st_mode & 0o777 == 0o600
    before = {row.number: row.seal for row in Invoice.objects.all()}
    (imported,) = list_imports(actor=people.operator)
    make_managed_account(management_account=people.msp, name="Came later")
    lines = partition_of(imported).files[0].with_name("lines.parquet")
    for file in (*partition_of(imported).files, lines):
        file.unlink()

    restored = restore(file=made.file, now=NOW, overwrite=True)

    assert restored.files == made.files
    assert [account.name for account in ManagedAccount.objects.all()] == ["Ada"]
    assert {row.number: row.seal for row in Invoice.objects.all()} == before
    assert verify().problems == ()
    (totals,) = CostImport.objects.get().totals.all()
    assert totals.billed_cost == Decimal("10.000000000000000001")
    assert all(file.is_file() for file in (*partition_of(CostImport.objects.get()).files, lines))
    assert json.loads(BillingProfile.objects.get().secure_data)["swift_bic"] == "ETHNGRAA"


def test_what_came_back_is_protected_and_goes_on_counting(people: People, made: BackupMade) -> None:
    restore(file=made.file, now=NOW, overwrite=True)
    with pytest.raises(DatabaseError, match="never changes"):
        Invoice.objects.filter(status="approved").update(number="INV-1")
    taken = set(ManagedAccount.objects.values_list("pk", flat=True))
    assert make_managed_account(management_account=people.msp, name="Bob").pk not in taken


def test_no_mail_that_waited_then_is_sent_again(people: People, tmp_path: Path) -> None:
    assert send(actor=people.alice.actor, invoice_tokens=[Invoice.objects.get().token], now=NOW).all_done
    made = backup(file=tmp_path / "backup.tar.gz", now=NOW)
    deliver_due(worker="w", now=lambda: NOW)
    assert Delivery.objects.get().status == "accepted"

    restore(file=made.file, now=NOW, overwrite=True)

    row = Delivery.objects.get()
    assert (row.status, row.outcome_code) == ("failed", "outcome_unknown")
    assert "restored from a backup of 2026-11-02" in row.outcome_message
    assert deliver_due(worker="w", now=lambda: NOW) == 0


def test_a_database_without_its_write_protection_is_refused(made: BackupMade, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a backup of PostgreSQL holds rows only; the triggers are the installation's own")
    unprotected = tmp_path / "unprotected.sqlite3"

    def change(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name == "database.sqlite3":
            unprotected.write_bytes(data)
            with closing(sqlite3.connect(unprotected)) as database:
                database.execute("DROP TRIGGER billing_invoice_issued")
                database.commit()
            data = unprotected.read_bytes()
        elif member.name == "manifest.json":
            manifest = json.loads(data)
            content = unprotected.read_bytes()
            manifest["files"]["database.sqlite3"] = {
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
            data = json.dumps(manifest).encode()
        return member, data

    assert "billing_invoice_issued" in refuses(altered(made, change), "unprotected")
    with pytest.raises(DatabaseError, match="never changes"):
        Invoice.objects.filter(status="approved").update(number="INV-1")


def test_a_backup_holds_no_banking_data_in_clear(made: BackupMade) -> None:
    with gzip.open(made.file) as content:
        assert b"GR1601101250000000012300695" not in content.read()


def test_an_installation_in_use_is_not_overwritten_unasked(people: People, made: BackupMade) -> None:
    make_managed_account(management_account=people.msp, name="Came later")
    with pytest.raises(Refused) as refused:
        restore(file=made.file, now=NOW)
    assert refused.value.code == "not_empty"
    assert ManagedAccount.objects.count() == 2
    with pytest.raises(Refused) as refused:
        backup(file=made.file, now=NOW)
    assert refused.value.code == "file_exists"


def refuses(file: Path, code: str = "damaged_backup") -> str:
    """Check that the file is refused and that nothing was changed; return the message."""
    counts = (ManagedAccount.objects.count(), Invoice.objects.count())
    files = {path: path.stat().st_size for path in settings.COST_STORE.rglob("*.parquet")}
    with pytest.raises(Refused) as refused:
        restore(file=file, now=NOW, overwrite=True)
    assert refused.value.code == code
    assert (ManagedAccount.objects.count(), Invoice.objects.count()) == counts
    assert {path: path.stat().st_size for path in settings.COST_STORE.rglob("*.parquet")} == files
    assert not list(settings.DATA.glob(".restore-*"))
    return refused.value.message


def test_a_cut_or_foreign_file_is_refused(made: BackupMade) -> None:
    whole = made.file.read_bytes()
    cut = made.file.with_name("cut.tar.gz")
    for size in (0, 10, len(whole) // 2, len(whole) * 9 // 10):
        cut.write_bytes(whole[:size])
        refuses(cut)
    cut.write_text("no archive at all")
    refuses(cut)
    refuses(made.file.with_name("nothing.tar.gz"), "no_such_file")


@pytest.mark.parametrize("name", ["part-0000.parquet", "lines.parquet"])
def test_one_changed_byte_is_found(made: BackupMade, name: str) -> None:
    def change(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        return member, data[:-1] + b"\x00" if member.name.endswith(name) else data

    assert name in refuses(altered(made, change))


def test_a_missing_file_or_manifest_is_found(made: BackupMade) -> None:
    for gone in (".parquet", "manifest.json"):
        refuses(altered(made, lambda member, data, gone=gone: None if member.name.endswith(gone) else (member, data)))  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["../evil", "/tmp/evil", "costs/../../evil", "keys/../../evil", "evil", "billow.sqlite3", "static/web/x.js"]
)
def test_nothing_is_written_outside_the_known_folders(made: BackupMade, name: str) -> None:
    def change(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name.endswith(".parquet"):
            member.name, member.pax_headers = name, {}
        return member, data

    assert "does not belong" in refuses(altered(made, change))
    assert not Path("/tmp/evil").exists()
    assert not (settings.DATA.parent / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(made: BackupMade, kind: bytes) -> None:
    def change(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name.endswith(".parquet"):
            member.type, member.linkname = kind, "/etc/passwd"
        return member, data

    assert "does not belong" in refuses(altered(made, change))


def test_a_backup_of_another_database_or_a_newer_program_is_refused(made: BackupMade) -> None:
    def with_manifest(**values: object) -> Path:
        def change(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
            if member.name == "manifest.json":
                data = json.dumps({**json.loads(data), **values}).encode()
            return member, data

        return altered(made, change)

    other = "postgresql" if connection.vendor == "sqlite" else "sqlite"
    assert "BILLOW_DATABASE_URL" in refuses(with_manifest(database=other), "other_database")
    newer = [["billing", "9999_from_the_future"]]
    assert "with that version" in refuses(with_manifest(migrations=newer), "other_version")
    refuses(with_manifest(format=2), "other_version")
