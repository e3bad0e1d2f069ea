"""A fictional MSP closes its months: made-up bills, made-up customers, the real production line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from billow.usecases.demo.report import DemoReport


def close_demo_month(
    *, data: Path, rows: int, now: datetime, on_step: Callable[[str], None] | None = None
) -> DemoReport:
    """Set up the made-up MSP in the data folder, import three months of bills and close them."""
    from billow.usecases.demo.month import close

    return close(data=data, rows=rows, now=now, on_step=on_step or (lambda _: None))
