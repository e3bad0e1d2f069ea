"""A bound on a whole conversation: a server that says a word now and then could otherwise hold us for ever."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Protocol, Self


class Connected(Protocol):
    """Whatever talks through a socket, which may be replaced by its encrypted self."""

    sock: socket.socket | None


class Deadline:
    """Cuts the client's connection when the time is over; whoever waits on it then fails."""

    def __init__(self, client: Connected, *, seconds: int) -> None:
        self._client = client
        self._is_over = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def is_over(self) -> bool:
        """Tell whether the time ran out."""
        return self._is_over

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def check(self) -> None:
        """Cut again: the connection may have been replaced by its encrypted self while it was cut."""
        if self._is_over:
            self._cut()

    def _cut(self) -> None:
        self._is_over = True
        if self._client.sock is not None:
            with contextlib.suppress(OSError):
                self._client.sock.shutdown(socket.SHUT_RDWR)
