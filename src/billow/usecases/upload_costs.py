"""Uploads of a custom provider's costs: files by name, of which the cost imports of each month are made together.

A file takes the place of the one that had its name. The imports of a month are read anew from every file that has a
day in it, so that months no file touches stay as they are.
"""

import csv
import hashlib
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from billow.ingest.load import IngestResult, read_bill
from billow.ingest.providers.focus.columns import stored_name
from billow.ingest.times import parse_time
from billow.records.costs.models import Integration, UserCostsUpload
from billow.terms.issue import Issue, has_errors
from billow.terms.period import BillingPeriod
from billow.usecases import documents_storage
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.costs import cost_store
from billow.usecases.documents_storage import StoredFile, UnableToReadDocument
from billow.usecases.field_checks import Findings
from billow.usecases.import_costs import record_imports, withdraw_costs
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

CUSTOM_PROVIDER = "custom_provider"
CUSTOM_FORMAT = "custom"
MOST_BYTES = 2_000_000
MOST_ROWS = 10_000
MOST_TRIES = 5
IMPORTED = "imported"
_ROW = re.compile(r"^Row (\d+)[, ]+")


def upload_costs(
    *, actor: Actor, integration: Integration, content: bytes, filename: str = "", now: datetime
) -> UserCostsUpload:
    """Take a CSV of at most MOST_ROWS rows, or refuse it with every bad row named.

    Without a file name it gets one from its content, so that another file never takes its place by chance.
    """
    actor.must_write_rules()
    actor.must_own(integration)
    if integration.provider != CUSTOM_PROVIDER:
        raise Refused("not_custom", f"{integration} is no custom provider; its bills are imported as files")
    file = _read(content, _clean_name(filename, content))
    for _ in range(MOST_TRIES):
        if (upload := _take(actor, integration, file, now)) is not None:
            return upload
    raise Refused("busy", f"Others upload to {integration} at the same time; try again")


def delete_upload(*, actor: Actor, upload: UserCostsUpload, now: datetime) -> None:
    """Take a file's costs away; what other files say about its months stays."""
    actor.must_write_rules()
    actor.must_own(upload.integration)
    for _ in range(MOST_TRIES):
        if _remove(actor, upload, now):
            return
    raise Refused("busy", f"Others upload to {upload.integration} at the same time; try again")


def page_of_uploads(*, integration: Integration, wanted: PageWanted) -> Page[UserCostsUpload]:
    """Return the files of an integration that the caller may see, newest first."""
    rows = UserCostsUpload.objects.filter(integration=integration).select_related("created_by")
    return page_of(rows.order_by("-created_at", "-pk"), wanted=wanted)


def upload_with(*, integration: Integration, token: str) -> UserCostsUpload:
    """Return the file with this token."""
    rows = UserCostsUpload.objects.filter(integration=integration).select_related("created_by", "integration")
    upload = rows.filter(token=token).first()
    if upload is None:
        raise Refused("not_found", "Resource not found")
    return upload


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file that was read and found good."""

    name: str
    content: bytes
    sha256: str
    rows: int
    amounts: Mapping[str, Decimal]
    first_day: date
    last_day: date


def _clean_name(filename: str, content: bytes) -> str:
    findings = Findings()
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = findings.read_text(last, column="filename")
    findings.refuse_if_any()
    return name or f"costs-{hashlib.sha256(content).hexdigest()[:12]}.csv"


def _read(content: bytes, name: str) -> _File:
    if len(content) > MOST_BYTES:
        raise _bad(f"The file has {len(content):,} bytes; at most {MOST_BYTES:,} are taken. Split it by month.")
    if not content.strip():
        raise _bad("Csv can't be blank")
    with tempfile.TemporaryDirectory(prefix="billow-upload-") as folder:
        path = Path(folder) / "costs.csv"
        path.write_bytes(content)
        result = _ingest([path], owner="nobody_yet", dry_run=True)
    if has_errors(result.issues):
        raise _bad("The file was refused whole and nothing was changed", result.issues)
    rows = sum(each.rows for each in result.imports)
    if rows > MOST_ROWS:
        raise _bad(f"The file has {rows:,} rows; at most {MOST_ROWS:,} are taken. Split it by month.")
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for each in result.imports:
        for totals in each.partition.totals:
            amounts[totals.currency] += totals.billed_cost
    days = list(_days(content))
    return _File(
        name=name,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=rows,
        amounts=dict(sorted(amounts.items())),
        first_day=min(days),
        last_day=max(days),
    )


def _ingest(paths: Sequence[Path], *, owner: str, dry_run: bool = False) -> IngestResult:
    return read_bill(paths=paths, integration_token=owner, store=cost_store(), format=CUSTOM_FORMAT, dry_run=dry_run)


def _days(content: bytes) -> Iterable[date]:
    """Return the day of each row of a file that was found good."""
    lines = csv.reader(content.decode("utf-8-sig").splitlines(keepends=True))
    names = [stored_name(name) for name in next(lines)]
    place = names.index("ChargePeriodStart")
    for row in lines:
        if len(row) == len(names) and (start := parse_time(row[place])) is not None:
            yield start.date()


def _bad(message: str, issues: Sequence[Issue] = ()) -> Refused:
    """Refuse a file's content; problems of rows begin with ``Row N:``."""
    told = [replace(issue, message=_ROW.sub(r"Row \1: ", issue.message)) for issue in issues if issue.is_error]
    return Refused("bad_costs", message, told)


def _take(actor: Actor, integration: Integration, file: _File, now: datetime) -> UserCostsUpload | None:
    """Read the months anew with the file in them and record them; None if somebody else changed them meanwhile."""
    there = _uploads(integration)
    older = next((each for each in there if each.filename == file.name), None)
    others = [each for each in there if each.filename != file.name]
    same = next((each for each in others if each.sha256 == file.sha256), None)
    if same is not None:
        raise _bad(f"The file has the same bytes as {same.filename}, so its costs would count twice")
    affected = _months(file.first_day, file.last_day)
    if older is not None:
        affected |= _months(older.start_date, older.end_date)
    stored = documents_storage.store(content=file.content, extension="csv")
    staged = _read_together(integration, [file.content, *_contents(others, affected)])
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        if _state(_uploads(integration)) != _state(there):
            return None
        _record_months(actor, integration, staged, affected, now)
        if older is not None:
            older.delete()
        upload = UserCostsUpload.objects.create(
            integration=integration,
            filename=file.name,
            amounts={currency: f"{amount:f}" for currency, amount in file.amounts.items()},
            start_date=file.first_day,
            end_date=file.last_day,
            rows=file.rows,
            storage_key=stored.storage_key,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            created_by=actor.user,
            created_at=now,
        )
        _record(actor, upload, "costs_uploaded", now)
    return upload


def _remove(actor: Actor, upload: UserCostsUpload, now: datetime) -> bool:
    integration = upload.integration
    there = _uploads(integration)
    affected = _months(upload.start_date, upload.end_date)
    others = [each for each in there if each.pk != upload.pk]
    staged = _read_together(integration, _contents(others, affected))
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        if _state(_uploads(integration)) != _state(there):
            return False
        _record_months(actor, integration, staged, affected, now)
        _record(actor, upload, "record_destroyed", now)
        upload.delete()
    return True


def _uploads(integration: Integration) -> list[UserCostsUpload]:
    return list(UserCostsUpload.objects.filter(integration=integration).order_by("pk"))


def _state(uploads: Iterable[UserCostsUpload]) -> list[tuple[int, str]]:
    return [(each.pk, each.sha256) for each in uploads]


def _months(first: date, last: date) -> set[BillingPeriod]:
    months = {BillingPeriod.of(first)}
    while (newest := max(months)).last_day < last:
        months.add(newest.next)
    return months


def _contents(uploads: Iterable[UserCostsUpload], months: set[BillingPeriod]) -> list[bytes]:
    """Return the bytes of the files that have a day in one of the months."""
    touching = (each for each in uploads if _months(each.start_date, each.end_date) & months)
    try:
        return [
            documents_storage.read(
                stored=StoredFile(storage_key=each.storage_key, sha256=each.sha256, size_bytes=each.size_bytes)
            )
            for each in touching
        ]
    except UnableToReadDocument as unable:
        raise Refused(unable.code, unable.message) from unable


def _read_together(integration: Integration, contents: Sequence[bytes]) -> IngestResult:
    if not contents:
        return IngestResult(imports=(), issues=())
    with tempfile.TemporaryDirectory(prefix="billow-upload-") as folder:
        paths = []
        for number, content in enumerate(contents):
            paths.append(Path(folder) / f"{number:04d}.csv")
            paths[-1].write_bytes(content)
        result = _ingest(paths, owner=integration.token)
    if has_errors(result.issues):
        raise _bad("The files of the month could not be read together", result.issues)
    return result


def _record_months(
    actor: Actor, integration: Integration, staged: IngestResult, months: set[BillingPeriod], now: datetime
) -> None:
    """Make what was read the live costs of these months; a month of which nothing was read has none."""
    wanted = [each for each in staged.imports if each.partition.billing_period in months]
    record_imports(actor=actor, integration=integration, staged_imports=wanted, root=cost_store().root, now=now)
    for month in sorted(months - {each.partition.billing_period for each in wanted}):
        withdraw_costs(actor=actor, integration=integration, period=month, now=now)


def _record(actor: Actor, upload: UserCostsUpload, action: str, now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="UserCostsUpload",
        object_token=upload.token,
        object_name=upload.filename,
        changes={"sha256": upload.sha256, "rows": upload.rows, "integration": upload.integration.token},
        now=now,
    )
