"""Bring each delivered file into a form that the cost store can take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from billow.coststore.delivery import DeliveredColumn, DeliveredFile
from billow.ingest.csv_file import CsvRows, csv_column_names
from billow.ingest.limits import ImportLimits
from billow.ingest.overlap import tell_overlaps
from billow.ingest.parquet_file import as_delivered, open_parquet, read_parquet_batches
from billow.ingest.problems import Problems, listed
from billow.ingest.progress import Meter
from billow.ingest.providers.table import PROVIDERS, provider_for
from billow.ingest.retype import Retyping
from billow.ingest.rounding import RoundingByPeriod
from billow.ingest.sources import FileKind, FoundFile
from billow.ingest.space import is_no_space
from billow.terms.issue import Issue


@dataclass(slots=True, kw_only=True)
class Reading:
    """One delivery being read: what is known after each file.

    ``row_numbers`` gives, for a file whose unreadable rows were left out, the delivered row of a position.
    """

    staging: Path
    limits: ImportLimits
    problems: Problems
    bill_format: str
    meter: Meter
    rounding: RoundingByPeriod = field(default_factory=RoundingByPeriod)
    formats: set[str] = field(default_factory=set)
    line_key: tuple[str, ...] = ()
    row_numbers: dict[str, Callable[[int], int]] = field(default_factory=dict)

    def read(self, files: Sequence[FoundFile]) -> tuple[DeliveredFile, ...]:
        """Return the files that could be read; what is wrong with any stands in ``problems``."""
        delivered = []
        for number, file in enumerate(files):
            target = self.staging / f"read-{number:04d}.parquet"
            read = self._parquet if file.kind is FileKind.PARQUET else self._csv
            prepared = read(file, target)
            if prepared is not None:
                delivered.append(prepared)
        if len(self.formats) > 1:
            message = f"The files are of several formats ({listed(sorted(self.formats))}); import each by itself."
            self.problems.add(Issue(code="mixed_formats", message=message))
        tell_overlaps(files=delivered, key=self.line_key, problems=self.problems)
        return tuple(delivered)

    def _csv(self, file: FoundFile, target: Path) -> DeliveredFile | None:
        names = csv_column_names(file=file, limits=self.limits, problems=self.problems)
        columns = None if names is None else self._plan(names, file)
        if names is None or columns is None:
            return None
        rows = CsvRows(file=file, names=names, limits=self.limits, problems=self.problems, on_bytes=self.meter.advance)
        self.row_numbers[file.name] = rows.number_of
        retyping = self._retyping(file, names, columns, rows.number_of)
        return retyping.rewrite(rows.batches(), target=target)

    def _parquet(self, file: FoundFile, target: Path) -> DeliveredFile | None:
        opened = open_parquet(file=file, limits=self.limits, problems=self.problems)
        if opened is None:
            return None
        with opened:
            columns = self._plan(tuple(opened.schema_arrow.names), file)
            delivered = None if columns is None else self._typed(file, opened, columns, target)
        self.meter.advance(file.bytes)
        return delivered

    def _typed(
        self, file: FoundFile, opened: pq.ParquetFile, columns: tuple[DeliveredColumn, ...], target: Path
    ) -> DeliveredFile | None:
        try:
            names = tuple(opened.schema_arrow.names)
            retyping = self._retyping(file, names, columns, lambda position: position + 1)
            delivered = None
            if retyping.translation is None:
                delivered = as_delivered(file=file, opened=opened, columns=columns)
            if delivered is not None:
                return delivered
            return retyping.rewrite(read_parquet_batches(opened=opened, columns=columns), target=target)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and is_no_space(error):
                raise
            reason = str(error).splitlines()[0]
            message = f"The Parquet file is damaged ({reason}); download it again."
            self.problems.add(Issue(code="damaged_file", message=message, path=file.name))
            return None

    def _retyping(
        self,
        file: FoundFile,
        names: tuple[str, ...],
        columns: tuple[DeliveredColumn, ...],
        row_of: Callable[[int], int],
    ) -> Retyping:
        provider = provider_for(bill_format=self.bill_format, names=names)
        translation = None if provider is None else provider.translation(columns=columns)
        self.line_key = () if translation is None else translation.line_key
        return Retyping(file.name, columns, self.problems, row_of, self.rounding, translation)

    def _plan(self, names: tuple[str, ...], file: FoundFile) -> tuple[DeliveredColumn, ...] | None:
        """Map the columns; None if rows mean nothing: an unknown format, no column of use, a name that stands twice."""
        provider = provider_for(bill_format=self.bill_format, names=names)
        if provider is None:
            message = f"The columns are those of no bill format that can be imported ({listed(PROVIDERS)})."
            self.problems.add(Issue(code="unknown_format", message=message, path=file.name))
            return None
        self.formats.add(provider.name)
        columns, issues = provider.plan_columns(names=names, path=file.name)
        for issue in issues:
            self.problems.add(issue)
        unusable = not columns or any(issue.code == "duplicate_column" for issue in issues)
        return None if unusable else columns
