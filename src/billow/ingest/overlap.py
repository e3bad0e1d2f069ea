"""Two versions of one bill in the same delivery, which would bill each line twice."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from billow.coststore.delivery import DeliveredFile
from billow.ingest.problems import Problems
from billow.terms.issue import Issue

_SAMPLE_ROWS = 1000


def tell_overlaps(*, files: Sequence[DeliveredFile], key: Sequence[str], problems: Problems) -> None:
    """Complain of files that hold most of the first lines of an earlier one, by the columns that name a line.

    A provider cuts a long bill into files that share no line; a newer version of a file repeats nearly all of them.
    """
    if not key:
        return
    named = [file for file in files if file.rows and set(key) <= {column.delivered for column in file.columns}]
    if len(named) < 2:
        return
    samples: list[tuple[str, pa.Array]] = []
    for file in named:
        lines, found = _read(file, key, samples)
        for (earlier, sample), count in zip(samples, found, strict=True):
            if 2 * count > len(sample):
                message = (
                    f"The file holds the same lines as {earlier}: they are two versions of one bill. "
                    "Import the newer one only."
                )
                problems.add(Issue(code="overlapping_files", message=message, path=file.name))
        samples.append((file.name, lines))


def _read(
    file: DeliveredFile, key: Sequence[str], samples: Sequence[tuple[str, pa.Array]]
) -> tuple[pa.Array, list[int]]:
    """Return the names of the file's first lines, and how many of each sample stand anywhere in it."""
    first: pa.Array | None = None
    found = [0] * len(samples)
    with pq.ParquetFile(file.path) as opened:
        for batch in opened.iter_batches(columns=list(key)):
            lines = pc.binary_join_element_wise(*(batch.column(name) for name in key), "|")
            first = lines.slice(0, _SAMPLE_ROWS).drop_null().unique() if first is None else first
            for number, (_, sample) in enumerate(samples):
                found[number] += pc.sum(pc.is_in(sample, value_set=lines)).as_py() or 0
    return pa.array([], pa.string()) if first is None else first, found
