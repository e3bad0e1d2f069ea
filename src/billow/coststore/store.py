"""The cost store: a folder of immutable Parquet partitions, written aside and published by a rename."""

import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from billow.coststore.charges import ReadableFile, StoredSchema, inspect_files, schema_of
from billow.coststore.delivery import DeliveredFile
from billow.coststore.engines.duckdb import EngineLimits, open_engine
from billow.coststore.manifest import Manifest, hash_file, read_manifest, write_manifest
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import run_query
from billow.coststore.run_series import Slice, run_series, write_slices
from billow.coststore.series import ProviderPartition, SeriesQuery
from billow.coststore.staging import discard_abandoned, open_staging
from billow.coststore.survey import PeriodRows, RowRule, Survey, survey_files
from billow.coststore.verify import check_partition
from billow.coststore.write import UnableToWritePartition, copy_charges, read_back
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod

_SAFE_NAME = re.compile(r"^[A-Za-z0-9_-]+$")


class UnableToReadDelivery(Exception):
    """The engine cannot read a delivered file; ``name`` is the file, the message says why.

    ``too_large`` tells that the file is sound but its costs add up to more than a decimal can hold.
    """

    def __init__(self, *, name: str, error: duckdb.Error) -> None:
        super().__init__(str(error).strip().splitlines()[0])
        self.name = name
        self.too_large = isinstance(error, duckdb.OutOfRangeException)


@dataclass(frozen=True, slots=True)
class CostStore:
    """Where charges lie, and what the engine may use to write and check them."""

    root: Path
    limits: EngineLimits = field(default_factory=EngineLimits)

    @property
    def spill_folder(self) -> Path:
        """Where queries may put what does not fit in memory."""
        return self.root / "spill"

    def partition_folder(self, *, integration_token: str, period: BillingPeriod, sha256: str) -> Path:
        """Return the content address of a partition."""
        for part in (integration_token, sha256):
            if not _SAFE_NAME.match(part):
                raise ValueError(f"{part!r} cannot name a folder of the cost store")
        return self.root / "partitions" / integration_token / str(period) / sha256

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder to work in that vanishes afterwards, whatever happens."""
        with open_staging(folder=self.root / "staging") as folder:
            yield folder

    def discard_staging(self) -> tuple[Path, ...]:
        """Remove what crashed imports left behind; imports at work keep theirs."""
        return discard_abandoned(folder=self.root / "staging")

    @contextmanager
    def open_delivery(self, *, files: Sequence[DeliveredFile], staging: Path) -> Iterator["Delivery"]:
        """Open delivered files for a survey and for writing partitions from them."""
        folders = sorted({file.path.parent for file in files} | {staging})
        with open_engine(read_from=folders, spill_to=staging / "spill", limits=self.limits) as engine:
            try:
                readable = inspect_files(engine=engine, files=files)
            except duckdb.Error as error:
                raise UnableToReadDelivery(name=files[0].name, error=error) from error
            yield Delivery(self, engine, readable, schema_of(files=readable), staging)

    def query(self, query: CostQuery, *, partitions: Sequence[Partition]) -> pa.Table:
        """Answer the query over the partitions; see CostQuery for the columns."""
        return run_query(query=query, partitions=partitions, spill_to=self.spill_folder, limits=self.limits)

    def series(self, query: SeriesQuery, *, partitions: Sequence[ProviderPartition]) -> pa.Table:
        """Answer a question about costs over time; see SERIES_COLUMNS for the columns."""
        return run_series(query=query, partitions=partitions, spill_to=self.spill_folder, limits=self.limits)

    @contextmanager
    def slices(
        self, query: SeriesQuery, *, partitions: Sequence[ProviderPartition], most: int
    ) -> Iterator[tuple[Slice, ...]]:
        """Give the charges a series asks for cut by bin and group, for rating; they vanish afterwards."""
        with self.staging() as folder:
            yield write_slices(query=query, partitions=partitions, most=most, folder=folder, limits=self.limits)

    def verify(self, partition: Partition) -> tuple[Issue, ...]:
        """Check that the partition's files are whole and hold the recorded rows and exact totals."""
        return check_partition(partition=partition, spill_to=self.spill_folder, limits=self.limits)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivered files under an open engine."""

    store: CostStore
    engine: duckdb.DuckDBPyConnection
    files: tuple[ReadableFile, ...]
    schema: StoredSchema
    staging: Path

    def survey(self, *, rules: Sequence[RowRule], examples: int) -> Survey:
        """Sum the delivery by period and currency and look for rows that break a rule."""
        try:
            return survey_files(
                engine=self.engine, files=self.files, schema=self.schema, rules=rules, examples=examples
            )
        except duckdb.Error as error:
            raise UnableToReadDelivery(name=self._named_in(str(error)), error=error) from error

    def write(
        self,
        *,
        integration_token: str,
        rows: PeriodRows,
        sha256: str,
        only_period: bool,
        on_rows: Callable[[int], None] | None = None,
    ) -> "WrittenPartition":
        """Write one period's charges aside, read them back and compare them with what was delivered.

        What lies at the content address already is not written again. Raises UnableToWritePartition.
        """
        period = BillingPeriod.of(rows.start)
        target = self.store.partition_folder(integration_token=integration_token, period=period, sha256=sha256)
        folder = self.staging / f"partition-{period}"
        if target.exists():
            return WrittenPartition(folder, target)
        folder.mkdir()
        files = copy_charges(
            engine=self.engine,
            files=self.files,
            schema=self.schema,
            folder=folder,
            rows=rows,
            only_period=only_period,
            on_rows=on_rows,
        )
        written = read_back(engine=self.engine, files=files.charges)
        if written != (rows.rows, rows.totals):
            raise UnableToWritePartition(f"The written charges of {period} differ from the delivered ones: {written}")
        manifest = Manifest(
            integration_token=integration_token,
            billing_period=str(period),
            sha256=sha256,
            rows=rows.rows,
            totals=rows.totals,
            files=tuple(hash_file(path=file) for file in files.charges),
            lines=None if files.lines is None else hash_file(path=files.lines),
        )
        try:
            for file in (*files.charges, files.lines):
                if file is not None:
                    _sync(file)
            write_manifest(manifest=manifest, folder=folder)
            _sync(folder)
        except OSError as error:
            raise UnableToWritePartition(str(error), disk_full=error.errno == errno.ENOSPC) from error
        return WrittenPartition(folder, target)

    def partition_of(self, *, integration_token: str, rows: PeriodRows, sha256: str) -> Partition:
        """Return what ``publish`` would, with nothing written."""
        period = BillingPeriod.of(rows.start)
        return Partition(
            integration_token=integration_token,
            billing_period=period,
            sha256=sha256,
            files=(),
            rows=rows.rows,
            totals=rows.totals,
        )

    def _named_in(self, message: str) -> str:
        """Find which delivered file an engine's message is about."""
        return next((file.file.name for file in self.files if str(file.file.path) in message), self.files[0].file.name)


@dataclass(frozen=True, slots=True)
class WrittenPartition:
    """A partition that is safe on disk beside the store, and the address it belongs to."""

    folder: Path
    target: Path

    def publish(self) -> Partition:
        """Rename the folder to its address, unless equal work came first, and return what lies there."""
        if self.folder.exists():
            self.target.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.folder.rename(self.target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            _sync(self.target.parent)
        return _as_partition(self.target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_partition(folder: Path) -> Partition:
    manifest = read_manifest(folder=folder)
    return Partition(
        integration_token=manifest.integration_token,
        billing_period=BillingPeriod.parse(manifest.billing_period),
        sha256=manifest.sha256,
        files=tuple(folder / file.name for file in manifest.files),
        rows=manifest.rows,
        totals=manifest.totals,
    )
