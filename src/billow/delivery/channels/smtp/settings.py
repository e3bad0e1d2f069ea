"""How to reach the mail server, read from one URL."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_EXAMPLE = "smtp://user:password@mail.example.com:587?tls=starttls or smtps://user:password@mail.example.com"


class UnableToReadSmtpUrl(Exception):
    """The URL is not one of a mail server; the message never repeats it, since it may hold a password."""


class Tls(StrEnum):
    """How the connection is protected."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """A mail server and how to speak to it.

    ``reply_timeout_s`` bounds the connecting and every wait for a reply, except for the reply to a whole message.
    """

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    reply_timeout_s: int = 30

    @property
    def prepare_timeout_s(self) -> int:
        """Return how long everything before the message may take, however often the server says something."""
        return 4 * self.reply_timeout_s

    @property
    def transmit_timeout_s(self) -> int:
        """Return how long the message and its reply may take: servers look into a message before they answer."""
        return 10 * self.reply_timeout_s


def read_smtp_url(*, url: str, ca_file: str = "") -> SmtpSettings:
    """Return the settings that a URL and a file of trusted certificates stand for; raise UnableToReadSmtpUrl."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Without its cause: the cause may quote a part of the URL.
        raise UnableToReadSmtpUrl(f"BILLOW_SMTP_URL is not a URL with a port number; write {_EXAMPLE}") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise UnableToReadSmtpUrl(f"BILLOW_SMTP_URL must name a mail server; write {_EXAMPLE}")
    if parts.path.strip("/") or parts.fragment:
        raise UnableToReadSmtpUrl(
            "BILLOW_SMTP_URL has text after the server's name; write /, # and ? inside a password as %2F, %23 and %3F"
        )
    tls, timeout_s = _options(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and tls is Tls.NONE and not _is_this_machine(parts.hostname):
        raise UnableToReadSmtpUrl("BILLOW_SMTP_URL would send a password unprotected; use tls=starttls or smtps://")
    if not user.isascii() or not password.isascii():
        raise UnableToReadSmtpUrl(
            "BILLOW_SMTP_URL has letters outside ASCII in user or password; servers disagree on them"
        )
    return SmtpSettings(
        host=parts.hostname,
        port=port or _PORTS[tls],
        tls=tls,
        user=user,
        password=password,
        ca_file=_existing_file(ca_file),
        reply_timeout_s=timeout_s,
    )


def _options(parts: SplitResult) -> tuple[Tls, int]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(options) - {"tls", "timeout_s"}:
        raise UnableToReadSmtpUrl("BILLOW_SMTP_URL has an unknown option after the ?; known are tls and timeout_s")
    allowed = ("implicit",) if parts.scheme == "smtps" else ("starttls", "none")
    tls = options.get("tls", allowed[0])
    if tls not in allowed:
        raise UnableToReadSmtpUrl(f"BILLOW_SMTP_URL has another tls than {parts.scheme}:// knows: {', '.join(allowed)}")
    timeout_s = options.get("timeout_s", "30")
    if not timeout_s.isdecimal() or not 1 <= int(timeout_s) <= 60:
        raise UnableToReadSmtpUrl("BILLOW_SMTP_URL has a timeout_s that is not a number of seconds from 1 to 60")
    return Tls(tls), int(timeout_s)


def _existing_file(text: str) -> Path | None:
    if not text:
        return None
    file = Path(text).expanduser()
    if not file.is_file():
        raise UnableToReadSmtpUrl(f"BILLOW_SMTP_CA_FILE is {text!r}, and there is no such file")
    return file


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
