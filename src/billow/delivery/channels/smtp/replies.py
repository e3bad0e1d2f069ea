"""What a mail server's answers and silences mean: try again, give up, or nobody knows."""

import base64
import re
import ssl
from dataclasses import dataclass
from typing import TypeVar

from billow.delivery.channel import DeliveryError
from billow.delivery.channels.smtp.settings import SmtpSettings

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_REPLY_CHARACTERS = 500
_SHUTTING_DOWN = 421

ErrorT = TypeVar("ErrorT", bound=BaseException)

RESEND_ADVICE = "Ask the recipient whether it arrived; if it did not, press Email PDF."


@dataclass(frozen=True, slots=True)
class Reply:
    """A three-digit code and its text, fit to be shown."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


def read_reply(answer: tuple[int, bytes | str], *, secret: str = "") -> Reply:
    """Return an answer of smtplib as one printable line without the secret, plain or in base64."""
    code, raw = answer
    text = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else raw
    if secret:
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            text = text.replace(form, "***")
    return Reply(code, _UNPRINTABLE.sub(" ", text).strip()[:_REPLY_CHARACTERS])


def refused(reply: Reply, *, code: str, hint: str = "", affects_all: bool = False) -> DeliveryError:
    """Return what a refusing reply means: 5xx is final, everything else may change."""
    return DeliveryError(
        code,
        f"{reply}. {hint}" if hint else str(reply),
        permanent=500 <= reply.code < 600,
        affects_all=affects_all or reply.code == _SHUTTING_DOWN,
    )


def unreachable(error: Exception, *, settings: SmtpSettings) -> DeliveryError:
    """Return what it means that no protected conversation came about."""
    server = f"{settings.host}:{settings.port}"
    if untrusted := _find(error, ssl.SSLCertVerificationError):
        code, message = (
            "tls_untrusted",
            (
                f"The certificate of {server} is not trusted ({untrusted.verify_message}). "
                "Name the file of its authority in BILLOW_SMTP_CA_FILE."
            ),
        )
    elif _find(error, ssl.SSLError):
        code, message = "tls_failed", f"{server} does not speak TLS as BILLOW_SMTP_URL says. Check scheme and port."
    elif _find(error, TimeoutError):
        code, message = "timeout", f"{server} did not answer within {settings.reply_timeout_s} s."
    else:
        code, message = "unreachable", f"{server} cannot be reached: {_reason(error)}."
    return DeliveryError(code, message, permanent=False, affects_all=True)


def lost(error: Exception) -> DeliveryError:
    """Return what it means that the connection failed before the whole message had left."""
    if _find(error, TimeoutError):
        return DeliveryError(
            "timeout", "The mail server stopped answering before it had the message.", permanent=False, affects_all=True
        )
    return DeliveryError(
        "connection_lost",
        f"The mail server ended the connection before it had the message: {_reason(error)}.",
        permanent=False,
    )


def outcome_unknown(error: Exception) -> DeliveryError:
    """Return what it means that the whole message left and no reply came."""
    return DeliveryError(
        "outcome_unknown",
        f"The whole message had left when the connection failed ({_reason(error)}), so it may have been delivered and "
        f"is not sent again by itself. {RESEND_ADVICE}",
        permanent=True,
        unknown=True,
    )


def _find(error: BaseException | None, kind: type[ErrorT]) -> ErrorT | None:
    """Return the first error of a kind among the error and what it was raised from."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _reason(error: Exception) -> str:
    return _UNPRINTABLE.sub(" ", str(error)).strip()[:_REPLY_CHARACTERS].rstrip(".") or type(error).__name__
