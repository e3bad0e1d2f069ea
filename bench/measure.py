"""Run a step in a process of its own and learn its time and peak memory."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Wall-clock seconds, peak resident memory in MiB, and what the step says of itself."""

    seconds: float
    peak_mib: int
    facts: dict[str, Any]


def report(step: Callable[[], dict[str, Any]]) -> None:
    """Run the step here and print its measurement as one JSON line (for ``measured``)."""
    began = time.perf_counter()
    facts = step()
    seconds = facts.pop("seconds", None) or time.perf_counter() - began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write("\n" + json.dumps({"seconds": seconds, "peak_mib": peak_mib, "facts": facts}) + "\n")


def measured(module: str, *arguments: str | Path) -> Measured:
    """Run ``python -m module arguments`` and return what it reported."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Measured(seconds=told["seconds"], peak_mib=told["peak_mib"], facts=told["facts"])
