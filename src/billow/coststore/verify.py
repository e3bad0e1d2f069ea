"""Check a published partition against what was recorded of it."""

from pathlib import Path

import duckdb

from billow.coststore.engines.duckdb import EngineLimits, open_engine
from billow.coststore.lines import numbers_differ
from billow.coststore.manifest import Manifest, hash_file, read_manifest
from billow.coststore.partition import CostTotals, Partition
from billow.coststore.write import read_back
from billow.terms.issue import Issue


def check_partition(*, partition: Partition, spill_to: Path, limits: EngineLimits) -> tuple[Issue, ...]:
    """Return everything that differs: missing or altered files, rows, exact totals."""
    missing = [file for file in partition.files if not file.is_file()]
    if missing:
        return tuple(_issue("missing_file", file, "is missing; restore it from a backup") for file in missing)
    if not partition.files:
        return (Issue(code="missing_file", message=f"No file is recorded for {partition.billing_period}"),)
    try:
        manifest = read_manifest(folder=partition.files[0].parent)
    except (OSError, ValueError, TypeError, KeyError) as error:
        return (_issue("bad_manifest", partition.files[0].parent, f"has no sound manifest: {error}"),)
    issues = _altered_files(partition, manifest)
    try:
        with open_engine(
            read_from=[file.parent for file in partition.files], spill_to=spill_to, limits=limits
        ) as engine:
            rows, totals = read_back(engine=engine, files=partition.files)
            issues += _other_lines(engine, partition, manifest)
    except duckdb.Error as error:
        return (*issues, _issue("damaged_file", partition.files[0], f"cannot be read: {str(error).splitlines()[0]}"))
    if rows != partition.rows:
        issues.append(
            _issue("wrong_row_count", partition.files[0], f"holds {rows} rows, recorded are {partition.rows}")
        )
    return (*issues, *_other_totals(partition, totals))


def _altered_files(partition: Partition, manifest: Manifest) -> list[Issue]:
    recorded = {file.name: file for file in manifest.files}
    issues = []
    if manifest.sha256 != partition.sha256:
        issues.append(_issue("wrong_partition", partition.files[0].parent, "is the folder of another cost import"))
    for path in partition.files:
        if recorded.get(path.name) != hash_file(path=path):
            issues.append(_altered(path))
    return issues


def _other_lines(engine: duckdb.DuckDBPyConnection, partition: Partition, manifest: Manifest) -> list[Issue]:
    """Check the file of numbered lines, where there is one, and what every charge's number stands for."""
    if manifest.lines is None:
        return []
    path = partition.files[0].parent / manifest.lines.name
    if not path.is_file():
        return [_issue("missing_file", path, "is missing; restore it from a backup")]
    if manifest.lines != hash_file(path=path):
        return [_altered(path)]
    if numbers_differ(engine=engine, files=partition.files, lines=path):
        return [_issue("wrong_lines", path, "says otherwise than the charges do which line each belongs to")]
    return []


def _other_totals(partition: Partition, totals: tuple[CostTotals, ...]) -> list[Issue]:
    if set(totals) == set(partition.totals):
        return []
    return [
        _issue("wrong_totals", partition.files[0], f"adds up to {found}, recorded is otherwise")
        for found in sorted(set(totals) - set(partition.totals), key=lambda total: total.currency)
    ] or [_issue("wrong_totals", partition.files[0], "lacks a currency that is recorded")]


def _altered(path: Path) -> Issue:
    return _issue("altered_file", path, "is not as it was written; restore it from a backup")


def _issue(code: str, path: Path, what: str) -> Issue:
    return Issue(code=code, message=f"{path.name} {what}.", path=str(path))
