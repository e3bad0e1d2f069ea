"""Sign what is sent as the Standard Webhooks specification says, so that receivers can use its libraries."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, not one
SECRET_BYTES = 32


def secret_text(key: bytes) -> str:
    """Return the key as people copy it: ``whsec_`` and base64."""
    return SECRET_PREFIX + base64.b64encode(key).decode("ascii")


def signed_headers(body: bytes, *, message_id: str, timestamp: int, secrets: Sequence[str]) -> Mapping[str, str]:
    """Return the three headers of a signed message; ``timestamp`` is in seconds, of this attempt.

    Each secret adds a signature, so that a receiver that knows any of them can check the message.
    """
    signed = f"{message_id}.{timestamp}.".encode("ascii") + body
    signatures = [hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join("v1," + base64.b64encode(each).decode("ascii") for each in signatures),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
