"""Mails as files, for an installation without a mail server: every mail program opens them."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from billow.delivery.channel import DeliveryError, Envelope
from billow.delivery.channels.outbox.settings import OutboxSettings

_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class OutboxChannel:
    """Writes each message to a file of its own."""

    settings: OutboxSettings
    prepare_timeout_s: ClassVar[int] = 30
    transmit_timeout_s: ClassVar[int] = 60

    @contextlib.contextmanager
    def prepare(self, *, envelope: Envelope) -> Iterator["OutboxFile"]:
        """Make sure that the folder is there and choose the file's name."""
        try:
            self.settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as wrong:
            raise _unwritable(self.settings.folder, wrong) from wrong
        yield OutboxFile(self.settings.folder / file_name(envelope=envelope))


@dataclass(frozen=True, slots=True)
class OutboxFile:
    """The file that one message will be."""

    path: Path

    def transmit(self, *, content: bytes) -> str:
        """Write the whole file or none, and return its name. The same message again is the same file."""
        temporary: Path | None = None
        try:
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=".", delete=False) as file:
                temporary = Path(file.name)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as wrong:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    temporary.unlink()
            raise _unwritable(self.path.parent, wrong) from wrong
        return f"written to {self.path.name}"


def file_name(*, envelope: Envelope) -> str:
    """Return the name of a message's file: the invoice's number, and a hash that tells messages apart."""
    digest = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:12]
    return f"{_SAFE_NAME.sub('-', envelope.reference).strip('-.') or 'mail'}-{digest}.eml"


def _unwritable(folder: Path, wrong: OSError) -> DeliveryError:
    return DeliveryError(
        "outbox_unwritable",
        f"The outbox folder {folder} cannot be written ({wrong.strerror}). Make room or mend its permissions.",
        permanent=False,
        affects_all=True,
    )
