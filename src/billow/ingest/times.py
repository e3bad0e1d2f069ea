"""Text into UTC instants, a column at a time."""

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

STORED_TIME = pa.timestamp("us")
_ISO = re.compile(
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$", re.ASCII
)


def to_times(texts: pa.Array, *, known: dict[str, datetime | None]) -> tuple[pa.Array, tuple[tuple[int, str], ...]]:
    """Convert ISO 8601 texts; what has no zone is UTC. Also returns the index and text of each that is no time.

    ``known`` remembers texts between calls: a bill repeats few instants very often.
    """
    encoded = pc.dictionary_encode(texts)
    values = []
    for text in encoded.dictionary.to_pylist():
        if text not in known:
            known[text] = parse_time(text)
        values.append(known[text])
    instants = pa.array(values, type=STORED_TIME)
    times = instants.take(encoded.indices)
    bad: tuple[tuple[int, str], ...] = ()
    if instants.null_count:
        wrong = pc.and_(pc.is_null(times), pc.is_valid(texts))
        bad = tuple((index, texts[index].as_py()) for index in pc.indices_nonzero(wrong).to_pylist())
    return times, bad


def parse_time(text: str) -> datetime | None:
    """Return the instant as a naive UTC datetime, or None for what is no time.

    Digits beyond microseconds must be zeros, as they could not be kept.
    """
    match = _ISO.match(text.strip())
    if match is None:
        return None
    day, clock, zone = match.groups()
    clock = clock or "00:00:00"
    whole, _, fraction = clock.partition(".")
    if fraction[6:].strip("0"):
        return None
    offset = "+00:00" if zone in (None, "Z", "z", "UTC") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{whole}{'.' + fraction[:6].ljust(6, '0') if fraction else ''}{offset}")
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
