"""The stream under the CSV reader, which reads ahead in a thread of its own."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from billow.ingest.limits import ImportLimits
from billow.ingest.text_stream import TextStream


def test_a_closed_stream_is_at_its_end(tmp_path: Path) -> None:
    stream = open_stream(tmp_path)
    stream.close()
    assert stream.read(4) == b""


def test_closing_waits_for_a_read_that_has_begun(tmp_path: Path) -> None:
    begun, go_on = Event(), Event()

    def in_the_middle_of_a_read(_: int) -> None:
        begun.set()
        go_on.wait()

    stream = open_stream(tmp_path, on_bytes=in_the_middle_of_a_read)
    reading = Thread(target=stream.read, args=(4,))
    closing = Thread(target=stream.close)
    reading.start()
    begun.wait()
    closing.start()
    closing.join(timeout=0.1)
    assert closing.is_alive()
    assert not stream.closed
    go_on.set()
    reading.join()
    closing.join()
    assert stream.closed


def open_stream(folder: Path, *, on_bytes: Callable[[int], None] = lambda _: None) -> TextStream:
    path = folder / "bill.csv"
    path.write_bytes(b"a,b\n1,2\n")
    return TextStream(path=path, name=path.name, is_gzip=False, limits=ImportLimits(), on_bytes=on_bytes)
