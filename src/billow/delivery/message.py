"""One mail as a value, and its bytes: the same value always gives the same bytes."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from billow.delivery.address import Address, read_address

ATTACHMENT_LIMIT_BYTES = 7_000_000
"""Many receiving gateways stop at 10 MB, and base64 adds a third."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_ENCODED_WORD_OCTETS = 39
"""UTF-8 octets in one encoded word, so that it stays within the 75 characters of RFC 2047."""


class UnableToBuildMessage(Exception):
    """The message would be refused everywhere; ``code`` says in a word why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of the mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail to one recipient. ``reply_to`` may be absent; ``date`` is aware."""

    message_id: str
    date: datetime
    sender_name: str
    sender: Address
    reply_to: Address | None
    recipient: Address
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether a header holds an address that ASCII cannot write."""
        addresses = (self.sender, self.recipient, self.reply_to)
        return any(address.needs_smtputf8 for address in addresses if address is not None)


def message_id(*, invoice_token: str, fingerprint: str, recipient: str, wish: str, sender: str) -> str:
    """Return the Message-ID of one wish to one recipient: equal on every attempt, so receivers can drop doubles."""
    parts = "\n".join((invoice_token, fingerprint, recipient.casefold(), wish))
    digest = hashlib.sha256(parts.encode()).hexdigest()[:40]
    return f"<{digest}@{read_address(text=sender).domain}>"


def attachment_name(*, number: str) -> str:
    """Return the file name of an invoice's PDF, in ASCII that every mail program keeps."""
    return f"invoice-{_SAFE_NAME.sub('-', number).strip('-.') or 'document'}.pdf"


def mime_bytes(*, message: Message) -> bytes:
    """Return the message as MIME with CRLF line ends; raise UnableToBuildMessage if it is too large to travel."""
    size_bytes = sum(len(attachment.content) for attachment in message.attachments)
    if size_bytes > ATTACHMENT_LIMIT_BYTES:
        raise UnableToBuildMessage(
            "message_too_large",
            f"The attachment has {size_bytes:,} bytes and mail servers take about {ATTACHMENT_LIMIT_BYTES:,}. "
            "Download the PDF and bring it to the customer another way.",
        )
    boundary = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
    alternative = _multipart(
        "alternative",
        boundary=f"=_alternative-{boundary}",
        parts=[_text_part("plain", message.text), _text_part("html", message.html)],
    )
    files = [_file_part(attachment) for attachment in message.attachments]
    mixed = _multipart("mixed", boundary=f"=_mixed-{boundary}", parts=[alternative, *files])
    return "".join(f"{line}\r\n" for line in [*_headers(message), mixed]).encode()


def _headers(message: Message) -> Iterator[str]:
    yield f"From: {_phrase(message.sender_name)}<{message.sender}>"
    yield f"To: {message.recipient}"
    if message.reply_to is not None:
        yield f"Reply-To: {message.reply_to}"
    yield f"Subject: {_words(message.subject)}"
    yield f"Date: {format_datetime(message.date)}"
    yield f"Message-ID: {_one_line(message.message_id)}"
    yield "Auto-Submitted: auto-generated"
    yield "MIME-Version: 1.0"


def _one_line(text: str) -> str:
    """Replace everything that could end a header by a space."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _phrase(name: str) -> str:
    line = _one_line(name)
    if not line:
        return ""
    if _is_plain(line):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"\r\n '
    return f"{_words(line)}\r\n "


def _words(text: str) -> str:
    """Return a header's text: as it is when short ASCII, else as encoded words of RFC 2047, one a line."""
    line = _one_line(text)
    if _is_plain(line):
        return line
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(octets).decode()}?=" for octets in _chunks(line))


def _is_plain(line: str) -> bool:
    return line.isascii() and "=?" not in line and len(line) <= 200


def _chunks(line: str) -> Iterator[bytes]:
    chunk = b""
    for character in line:
        octets = character.encode(errors="replace")
        if len(chunk) + len(octets) > _ENCODED_WORD_OCTETS:
            yield chunk
            chunk = b""
        chunk += octets
    yield chunk


def _multipart(kind: str, *, boundary: str, parts: list[str]) -> str:
    bodies = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n{bodies}--{boundary}--'


def _text_part(kind: str, text: str) -> str:
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{_base64(lines.encode(errors='replace'))}"
    )


def _file_part(attachment: Attachment) -> str:
    name = _SAFE_NAME.sub("-", attachment.name)
    return (
        f"Content-Type: {_one_line(attachment.content_type)}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{_base64(attachment.content)}'
    )


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode().replace("\n", "\r\n")
