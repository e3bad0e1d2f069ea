"""What every channel offers: prepare, then transmit, so that the caller can note the moment between the two."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from billow.delivery.address import Address


class DeliveryError(Exception):
    """The message was not delivered, or nobody can know.

    ``code`` is a stable word, ``message`` what the other side said and what to do. ``permanent``: trying again cannot
    help. ``affects_all``: the channel itself is out of order, so other messages would meet the same. ``unknown``: the
    whole message had left when the connection failed, so it may have been accepted.
    """

    def __init__(
        self, code: str, message: str, *, permanent: bool, affects_all: bool = False, unknown: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        self.affects_all = affects_all
        self.unknown = unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sends to whom, and how large the message is; ``reference`` is the invoice's number."""

    sender: Address
    recipient: Address
    message_id: str
    reference: str
    size_bytes: int
    needs_smtputf8: bool


class Transmission(Protocol):
    """A message that the other side is ready to take."""

    def transmit(self, *, content: bytes) -> str:
        """Hand over the message's bytes and return the receipt; raise DeliveryError."""


class Channel(Protocol):
    """A way to bring messages to people; the two times bound how long each step can take."""

    @property
    def prepare_timeout_s(self) -> int:
        """Return the longest time that preparing takes."""

    @property
    def transmit_timeout_s(self) -> int:
        """Return the longest time that transmitting takes."""

    def prepare(self, *, envelope: Envelope) -> AbstractContextManager[Transmission]:
        """Do everything up to just before the message's bytes: nothing is sent yet. Raise DeliveryError."""
