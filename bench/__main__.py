"""Measure Billow against named floors and print the ratios: ``make bench ARGS="--rows 10000000"``."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.bill import write_bench_bill
from bench.measure import Measured, measured


def main() -> None:
    """Make or take a bill, then measure import, close, print, the API and the Invoices page beside their floors."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the bill that is made (default 1,000,000)")
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument(
        "--bill", type=Path, help="a folder of FOCUS Parquet files with accounts.csv, instead of making one"
    )
    parser.add_argument("--documents", type=int, default=200, help="invoices to print")
    parser.add_argument("--requests", type=int, default=2_000, help="requests to the API, of each kind")
    parser.add_argument("--only", choices=["api", "page"], help="measure the API, or the Invoices page, alone")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, of which the quickest counts")
    arguments = parser.parse_args()
    if arguments.only == "api":
        _answer(arguments.requests, arguments.repeat)
        return
    if arguments.only == "page":
        _show()
        return
    work = Path(tempfile.mkdtemp(prefix="billow-bench-"))
    try:
        bill = arguments.bill or write_bench_bill(
            folder=work / "bill", rows=arguments.rows, customers=arguments.customers
        )
        _say(f"{'':34}{'Billow':>10}{'floor':>10}{'ratio':>8}{'aim':>7}   peak memory")
        _import_and_close(bill, work, arguments.repeat)
        _rate(bill, work, arguments.repeat)
        _print(arguments.documents, arguments.repeat)
        _answer(arguments.requests, arguments.repeat)
        _show()
    finally:
        shutil.rmtree(work)


def _import_and_close(bill: Path, work: Path, repeat: int) -> None:
    floors: list[Measured] = []
    ours: list[Measured] = []
    for _ in range(repeat):
        for way, found in (("floor", floors), ("billow", ours)):
            shutil.rmtree(work / way, ignore_errors=True)
            found.append(measured("bench.import_bill", way, bill, work / way))
    facts = ours[-1].facts
    _row(f"import {facts['rows']:,} rows", ours, floors, aim=1.5)
    arguments = ("bench.close_month", work / "billow", bill / "accounts.csv")
    floors = [measured(arguments[0], "floor", *arguments[1:]) for _ in range(repeat)]
    ours = [measured(arguments[0], "billow", *arguments[1:]) for _ in range(repeat)]
    facts = ours[-1].facts
    _row(f"close {facts['invoices']} invoices, {facts['lines']:,} lines", ours, floors, aim=2.0)


def _rate(bill: Path, work: Path, repeat: int) -> None:
    """Measure long lists of rules beside the bare aggregate by customer, and one customer's re-rating alone."""
    module, where = "bench.rate_rules", (work / "billow", bill / "accounts.csv")
    floors = [measured(module, "floor", *where) for _ in range(repeat)]
    for way, name, aim in (
        ("different", "rate, 20 rules, every list its own", 3.0),
        ("shared", "rate, 20 rules, one list for all", 1.5),
        ("resources", "rate, a tenth by single resources", 5.0),
        ("one_customer", "rate one customer after an edit", 0.0),
    ):
        ours = [measured(module, way, *where) for _ in range(repeat)]
        _row(name, ours, floors, aim=aim)
        best, floor = min(run.facts["all_seconds"] for run in ours), min(run.seconds for run in floors)
        _say(f"{'  and all its lines looked at':34}{best:9.2f}s{floor:9.2f}s{best / floor:7.2f}×")


def _print(documents: int, repeat: int) -> None:
    for lines in (20, 200):
        arguments = ("--documents", str(documents), "--lines", str(lines))
        floors = [measured("bench.print_invoices", "floor", *arguments) for _ in range(repeat)]
        ours = [measured("bench.print_invoices", "billow", *arguments) for _ in range(repeat)]
        _row(f"print {documents} invoices of {lines} lines", ours, floors, aim=1.2)


def _answer(requests: int, repeat: int) -> None:
    """Measure the API in requests per second; for each kind the best run counts."""
    arguments = ("--requests", str(requests))
    floors = [measured("bench.answer_api", "floor", *arguments) for _ in range(repeat)]
    ours = [measured("bench.answer_api", "billow", *arguments) for _ in range(repeat)]
    for kind, name in (
        ("get", "API: GET one invoice"),
        ("list", "API: GET a page of 100 of 10,000"),
        ("post", "API: POST an invoice"),
    ):
        best, floor = (max(run.facts[kind] for run in runs) for runs in (ours, floors))
        _say(f"{name:34}{best:8,.0f}/s{floor:8,.0f}/s{floor / best:7.2f}×")


def _show() -> None:
    """Measure the Invoices page of 2,000 customers and 100,000 invoices, in processor time."""
    facts = measured("bench.show_invoices").facts
    for kind, name in (("month", "Invoices page, a month of 2,000"), ("account", "Invoices page, one account")):
        page, floor = facts[kind]["page"], facts[kind]["floor"]
        _say(f"{name:34}{page * 1000:8.0f}ms{floor * 1000:8.0f}ms{page / floor:7.2f}×{3.0:6.1f}×")


def _row(name: str, ours: list[Measured], floors: list[Measured], *, aim: float) -> None:
    best, floor = min(ours, key=lambda run: run.seconds), min(floors, key=lambda run: run.seconds)
    ratio = best.seconds / floor.seconds
    _say(
        f"{name:34}{best.seconds:9.2f}s{floor.seconds:9.2f}s{ratio:7.2f}×{aim:6.1f}×   "
        f"{max(run.peak_mib for run in ours):,} MiB (floor {max(run.peak_mib for run in floors):,} MiB)"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
