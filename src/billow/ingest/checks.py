"""What the survey of a delivery found, in words a person can act on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from billow.coststore.delivery import DeliveredFile
from billow.coststore.survey import Finding, RowRule, row_rules
from billow.ingest.problems import Problems, shown
from billow.terms.currencies import MINOR_UNITS
from billow.terms.focus import ChargeCategory
from billow.terms.issue import Issue, Severity

CHARGE_RULES: tuple[RowRule, ...] = row_rules(currencies=MINOR_UNITS.keys())
_UNREADABLE = ("not_a_number", "number_out_of_range", "bad_time")
_WARNINGS = ("charge_starts_outside_period", "not_json")
_WHAT = {
    "missing_value": "the value is missing; FOCUS does not allow null here",
    "unknown_currency": "is not an ISO 4217 currency code; write it in three capital letters, such as USD",
    "unknown_charge_category": f"is not a charge category; FOCUS knows {', '.join(ChargeCategory)}",
    "bad_billing_period": "does not begin a billing period of one whole calendar month in UTC; "
    "correct BillingPeriodStart and BillingPeriodEnd",
    "bad_charge_period": "is before ChargePeriodStart; correct one of the two",
    "charge_outside_period": "lies outside the billing period; correct the dates, or mark a correction of an "
    "earlier month with ChargeClass Correction",
    "charge_starts_outside_period": "lies outside the billing period; the charge counts in the month it was billed",
    "not_json": "is not JSON; the text is kept, but no key can be read from it",
}


def tell_findings(
    *,
    findings: Sequence[Finding],
    files: Sequence[DeliveredFile],
    row_numbers: Mapping[str, Callable[[int], int]],
    problems: Problems,
) -> None:
    """Turn findings into issues with delivered row and value, leaving out what was said while reading."""
    delivered = {
        file.name: {column.stored: column.origin or column.delivered for column in file.columns} for file in files
    }
    for finding in findings:
        name = delivered[finding.file].get(finding.rule.column)
        if name is not None:
            row_of = row_numbers.get(finding.file, _all_rows_read)
            examples = tuple((row_of(row - 1), value) for row, value in finding.examples)
            _tell(replace(finding, examples=examples), name, problems)


def _all_rows_read(position: int) -> int:
    return position + 1


def tell_empty_files(*, files: Sequence[DeliveredFile], problems: Problems) -> None:
    """Complain of files without rows; one that comes with full ones is only worth a warning."""
    some_rows = any(file.rows for file in files)
    for file in files:
        if not file.rows and not problems.has_errors(path=file.name):
            problems.add(
                Issue(
                    code="no_rows",
                    message="The file has a header but no rows; there is nothing to import.",
                    severity=Severity.WARNING if some_rows else Severity.ERROR,
                    path=file.name,
                )
            )


def _tell(finding: Finding, column: str, problems: Problems) -> None:
    said = sum(
        count
        for (code, path, named, _), count in problems.counts.items()
        if code in _UNREADABLE and path == finding.file and named == column
    )
    count = finding.count - said if finding.rule.code == "missing_value" else finding.count
    fresh = [
        (row, value)
        for row, value in finding.examples
        if not problems.names(path=finding.file, row=row, column=column) or finding.rule.code != "missing_value"
    ]
    rest = count - len(fresh)
    for row, value in fresh:
        problems.add(_issue(finding, column, row, value))
    if rest > 0:
        kind = (finding.rule.code, finding.file, column, _severity(finding.rule.code))
        problems.counts[kind] += rest


def _issue(finding: Finding, column: str, row: int, value: str | None) -> Issue:
    code = finding.rule.code
    quoted = "" if value is None else f"{shown(value)!r} "
    return Issue(
        code=code,
        message=f"Row {row}, {column}: {quoted}{_WHAT[code]}.",
        severity=_severity(code),
        path=finding.file,
        row=row,
        column=column,
        value=None if value is None else shown(value),
    )


def _severity(code: str) -> Severity:
    return Severity.WARNING if code in _WARNINGS else Severity.ERROR
