"""Read a bill into the cost store: find, read, check, and only if all is well, write."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from billow.coststore.delivery import DeliveredFile
from billow.coststore.partition import Partition
from billow.coststore.store import CostStore, Delivery, UnableToReadDelivery
from billow.coststore.survey import PeriodRows, Survey
from billow.coststore.write import UnableToWritePartition
from billow.ingest.checks import CHARGE_RULES, tell_empty_files, tell_findings
from billow.ingest.limits import ImportLimits
from billow.ingest.problems import Problems
from billow.ingest.progress import Meter, Progress
from billow.ingest.providers.table import AUTO_FORMAT
from billow.ingest.reading import Reading
from billow.ingest.sources import SourceFile, find_files, hash_sources
from billow.ingest.space import is_no_space, no_space_issue
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod

IMPORTER_VERSION = 2
"""Part of a partition's address: raise it when the same bytes would be stored differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedImport:
    """One billing period of a delivery, published in the store and not yet recorded."""

    partition: Partition
    format: str
    source_files: tuple[SourceFile, ...]
    rows: int
    rows_rounded: int
    rounding_difference: Decimal
    columns: tuple[str, ...]
    values_rounded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """The imports of a delivery, none if any issue is an error."""

    imports: tuple[StagedImport, ...]
    issues: tuple[Issue, ...]


def read_bill(
    *,
    paths: Sequence[Path],
    integration_token: str,
    store: CostStore,
    format: str = AUTO_FORMAT,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    limits: ImportLimits | None = None,
) -> IngestResult:
    """Import one delivery of files and folders whole, or refuse it whole with every problem named.

    With ``dry_run`` everything is read and checked and nothing is written; the partitions have no files then.
    """
    limits = limits or ImportLimits()
    problems = Problems(limits.max_shown_issues)
    files = find_files(paths=paths, problems=problems)
    total = sum(file.bytes for file in files)
    sources = hash_sources(files=files, problems=problems, meter=Meter("hash", total, "bytes", on_progress))
    order = _Order(integration_token, sources, dry_run, limits, problems, on_progress)
    imports: tuple[StagedImport, ...] = ()
    try:
        with store.staging() as staging:
            meter = Meter("read", total, "bytes", on_progress)
            reading = Reading(staging=staging, limits=limits, problems=problems, bill_format=format, meter=meter)
            delivered = reading.read(files)
            tell_empty_files(files=delivered, problems=problems)
            imports = _check_and_write(store, [file for file in delivered if file.rows], reading, order)
    except UnableToReadDelivery as error:
        problems.add(_unreadable(error))
    except UnableToWritePartition as error:
        if not error.disk_full:
            raise
        problems.add(no_space_issue(store.root))
    except OSError as error:
        if not is_no_space(error):
            raise
        problems.add(no_space_issue(store.root))
    return IngestResult(imports=() if problems.has_errors() else imports, issues=problems.as_issues())


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for."""

    integration_token: str
    sources: tuple[SourceFile, ...]
    dry_run: bool
    limits: ImportLimits
    problems: Problems
    listener: Callable[[Progress], None] | None

    def sources_of(self, rows: PeriodRows) -> tuple[SourceFile, ...]:
        """Return the delivered files that hold charges of the period; the others say nothing about it."""
        return tuple(source for source in self.sources if source.name in rows.files)


def _unreadable(error: UnableToReadDelivery) -> Issue:
    if error.too_large:
        message = "The costs add up to more than 20 digits before the point; no bill does. Check the file's numbers."
        return Issue(code="number_out_of_range", message=message, path=error.name)
    return Issue(code="damaged_file", message=f"The file is damaged ({error}); download it again.", path=error.name)


def _check_and_write(
    store: CostStore, files: Sequence[DeliveredFile], reading: Reading, order: _Order
) -> tuple[StagedImport, ...]:
    if not files:
        return ()
    with store.open_delivery(files=files, staging=reading.staging) as delivery:
        survey = delivery.survey(rules=CHARGE_RULES, examples=order.limits.max_shown_issues)
        tell_findings(findings=survey.findings, files=files, row_numbers=reading.row_numbers, problems=order.problems)
        if order.problems.has_errors():
            return ()
        return _publish(delivery, survey, files, reading, order)


def _publish(
    delivery: Delivery, survey: Survey, files: Sequence[DeliveredFile], reading: Reading, order: _Order
) -> tuple[StagedImport, ...]:
    meter = Meter("write", sum(period.rows for period in survey.periods), "rows", order.listener)
    columns = tuple(dict.fromkeys(column.stored for file in files for column in file.columns))
    partitions = []
    written = []
    for rows in survey.periods:
        sources = order.sources_of(rows)
        sha256 = content_address(sources=sources, period=BillingPeriod.of(rows.start))
        if order.dry_run:
            partitions.append(
                delivery.partition_of(integration_token=order.integration_token, rows=rows, sha256=sha256)
            )
            continue
        written.append(
            delivery.write(
                integration_token=order.integration_token,
                rows=rows,
                sha256=sha256,
                only_period=len(survey.periods) == 1,
                on_rows=meter.advance,
            )
        )
    partitions += [entry.publish() for entry in written]
    return tuple(
        _staged(partition, rows, columns, reading, order)
        for partition, rows in zip(partitions, survey.periods, strict=True)
    )


def _staged(
    partition: Partition,
    rows: PeriodRows,
    columns: tuple[str, ...],
    reading: Reading,
    order: _Order,
) -> StagedImport:
    rounding = reading.rounding.of(rows.start)
    return StagedImport(
        partition=partition,
        format=", ".join(sorted(reading.formats)),
        source_files=order.sources_of(rows),
        rows=rows.rows,
        rows_rounded=rounding.rows,
        rounding_difference=rounding.difference,
        columns=columns,
        values_rounded=rounding.values,
    )


def content_address(*, sources: Sequence[SourceFile], period: BillingPeriod) -> str:
    """Return the hash that names what a delivery says about a period, whatever the files' names and order."""
    parts = (f"importer {IMPORTER_VERSION}", str(period), *sorted(source.sha256 for source in sources))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
