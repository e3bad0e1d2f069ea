"""Mail through the installation's mail server."""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from billow.delivery.channel import DeliveryError, Envelope
from billow.delivery.channels.smtp.replies import Reply, lost, outcome_unknown, read_reply, refused, unreachable
from billow.delivery.channels.smtp.settings import SmtpSettings, Tls
from billow.delivery.deadline import Deadline

_LINE_STARTS_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)
_CHUNK_BYTES = 64 * 1024
_FAREWELL_S = 2


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """Opens one connection per message, so that no message's trouble reaches another."""

    settings: SmtpSettings

    @property
    def prepare_timeout_s(self) -> int:
        """Return the longest time that preparing takes."""
        return self.settings.prepare_timeout_s

    @property
    def transmit_timeout_s(self) -> int:
        """Return the longest time that transmitting takes."""
        return self.settings.transmit_timeout_s

    @contextlib.contextmanager
    def prepare(self, *, envelope: Envelope) -> Iterator["SmtpTransmission"]:
        """Connect, protect the connection, log in, and name sender and recipient."""
        client = _client(self.settings, envelope=envelope)
        try:
            with Deadline(client, seconds=self.prepare_timeout_s) as deadline:
                for step in (_connect, _protect, _log_in):
                    step(client, self.settings)
                    deadline.check()
                _check_extensions(client, envelope)
                _name_parties(client, envelope)
                deadline.check()
            yield SmtpTransmission(client, self.settings)
        finally:
            _leave(client)


@dataclass(frozen=True, slots=True)
class SmtpTransmission:
    """A mail server that waits for the message."""

    client: smtplib.SMTP
    settings: SmtpSettings

    def transmit(self, *, content: bytes) -> str:
        """Send the message and return what the server said when it took it.

        Until the closing dot has left, a lost connection means that the server has no whole message and must forget
        it; afterwards only its reply tells.
        """
        with Deadline(self.client, seconds=self.settings.transmit_timeout_s):
            try:
                _must_be(354, self._command("data"), code="message_refused")
                stuffed = _LINE_STARTS_WITH_DOT.sub(b"..", content)
                for start in range(0, len(stuffed), _CHUNK_BYTES):
                    self.client.send(stuffed[start : start + _CHUNK_BYTES])
            except (OSError, smtplib.SMTPException) as broken:
                raise lost(broken) from broken
            try:
                if self.client.sock is not None:
                    self.client.sock.settimeout(self.settings.transmit_timeout_s)
                self.client.send(b".\r\n")
                reply = read_reply(self.client.getreply())
            except (OSError, smtplib.SMTPException) as broken:
                raise outcome_unknown(broken) from broken
        _must_be(250, reply, code="message_refused")
        return str(reply)

    def _command(self, command: str) -> Reply:
        return read_reply(self.client.docmd(command))


def _client(settings: SmtpSettings, *, envelope: Envelope) -> smtplib.SMTP:
    # The sender's domain, because asking the system for its own name can hang on a broken resolver.
    name = envelope.sender.domain if "." in envelope.sender.domain else "[127.0.0.1]"
    if settings.tls is Tls.IMPLICIT:
        return smtplib.SMTP_SSL(local_hostname=name, timeout=settings.reply_timeout_s, context=_context(settings))
    return smtplib.SMTP(local_hostname=name, timeout=settings.reply_timeout_s)


def _context(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (ssl.SSLError, OSError) as wrong:
        raise DeliveryError(
            "tls_failed",
            f"BILLOW_SMTP_CA_FILE {settings.ca_file} does not hold certificates in PEM form.",
            permanent=False,
            affects_all=True,
        ) from wrong


def _connect(client: smtplib.SMTP, settings: SmtpSettings) -> None:
    try:
        # smtplib checks a certificate against this name, and only learns it from the constructor.
        client._host = settings.host  # type: ignore[attr-defined]
        greeting = read_reply(client.connect(settings.host, settings.port))
        if client.sock is not None:
            # The closing dot is a packet of its own and must not wait for an answer to the one before.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _must_be(220, greeting, code="connection_refused", affects_all=True)
        client.ehlo_or_helo_if_needed()
    except smtplib.SMTPResponseException as no:
        raise refused(read_reply((no.smtp_code, no.smtp_error)), code="connection_refused", affects_all=True) from no
    except (OSError, smtplib.SMTPException) as broken:
        raise unreachable(broken, settings=settings) from broken


def _protect(client: smtplib.SMTP, settings: SmtpSettings) -> None:
    if settings.tls is not Tls.STARTTLS:
        return
    if not client.has_extn("starttls"):
        raise DeliveryError(
            "starttls_missing",
            f"The mail server {settings.host}:{settings.port} offers no STARTTLS. Use smtps:// or another port.",
            permanent=False,
            affects_all=True,
        )
    try:
        client.starttls(context=_context(settings))
        client.ehlo_or_helo_if_needed()
    except smtplib.SMTPResponseException as no:
        raise refused(read_reply((no.smtp_code, no.smtp_error)), code="tls_failed", affects_all=True) from no
    except (OSError, smtplib.SMTPException) as broken:
        raise unreachable(broken, settings=settings) from broken


def _log_in(client: smtplib.SMTP, settings: SmtpSettings) -> None:
    if not settings.user:
        return
    hint = "Check user and password in BILLOW_SMTP_URL."
    try:
        client.login(settings.user, settings.password)
    except smtplib.SMTPServerDisconnected as broken:
        raise lost(broken) from broken
    except smtplib.SMTPAuthenticationError as no:
        # Without its cause and with the secret removed: some servers repeat what they were sent.
        reply = read_reply((no.smtp_code, no.smtp_error), secret=settings.password)
        raise refused(reply, code="auth_failed", hint=hint, affects_all=True) from None
    except smtplib.SMTPException:
        raise DeliveryError(
            "auth_unsupported",
            f"The mail server {settings.host} takes no login here. {hint}",
            permanent=True,
            affects_all=True,
        ) from None
    except OSError as broken:
        raise lost(broken) from broken


def _check_extensions(client: smtplib.SMTP, envelope: Envelope) -> None:
    if envelope.needs_smtputf8 and not client.has_extn("smtputf8"):
        raise DeliveryError(
            "smtputf8_unsupported",
            f"The mail server cannot send to {envelope.recipient}: it lacks SMTPUTF8. Use an address in ASCII.",
            permanent=True,
        )
    limit = client.esmtp_features.get("size", "").strip()
    if limit.isdecimal() and 0 < int(limit) < envelope.size_bytes:
        raise DeliveryError(
            "message_too_large",
            f"The message has {envelope.size_bytes:,} bytes and the mail server takes {int(limit):,}. "
            "Download the PDF and bring it to the customer another way.",
            permanent=True,
        )


def _name_parties(client: smtplib.SMTP, envelope: Envelope) -> None:
    options = [f"size={envelope.size_bytes}"] if client.has_extn("size") else []
    if envelope.needs_smtputf8:
        options.append("SMTPUTF8")
    try:
        sender = read_reply(client.mail(str(envelope.sender), options))
        too_large = sender.code == 552
        _must_be(250, sender, code="message_too_large" if too_large else "sender_refused")
        recipient = read_reply(client.rcpt(str(envelope.recipient)))
        if recipient.code not in {250, 251}:
            raise refused(recipient, code="recipient_refused")
    except (OSError, smtplib.SMTPException) as broken:
        raise lost(broken) from broken


def _must_be(code_expected: int, reply: Reply, *, code: str, affects_all: bool = False) -> None:
    if reply.code != code_expected:
        raise refused(reply, code=code, affects_all=affects_all)


def _leave(client: smtplib.SMTP) -> None:
    # The outcome is known by now; a farewell that fails changes nothing.
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if client.sock is not None:
            client.sock.settimeout(_FAREWELL_S)
            client.quit()
    client.close()
