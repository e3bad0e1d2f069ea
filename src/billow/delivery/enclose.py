"""Put a message, or a letter of the company's own, into its envelope."""

import hashlib
from datetime import datetime

from billow.delivery.address import Address
from billow.delivery.channel import Envelope
from billow.delivery.letter import Letter
from billow.delivery.message import Message, mime_bytes

_DIGEST_SIGNS = 40


def enclosed(*, message: Message, reference: str) -> tuple[Envelope, bytes]:
    """Return the envelope and the bytes of a message; raise UnableToBuildMessage."""
    content = mime_bytes(message=message)
    envelope = Envelope(
        sender=message.sender,
        recipient=message.recipient,
        message_id=message.message_id,
        reference=reference,
        size_bytes=len(content),
        needs_smtputf8=message.needs_smtputf8,
    )
    return envelope, content


def enclosed_letter(
    *, letter: Letter, company: str, sender: Address, recipient: Address, seed: str, reference: str, now: datetime
) -> tuple[Envelope, bytes]:
    """Return a letter without attachments in its envelope; the same ``seed`` gives the same message id."""
    digest = hashlib.sha256(seed.encode()).hexdigest()[:_DIGEST_SIGNS]
    message = Message(
        message_id=f"<{digest}@{sender.domain}>",
        date=now,
        sender_name=company,
        sender=sender,
        reply_to=None,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        attachments=(),
    )
    return enclosed(message=message, reference=reference)
