"""Post signed messages to HTTPS servers that nobody here controls: every wait and every answer has a bound."""

import contextlib
import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from billow import __version__
from billow.delivery.channel import DeliveryError
from billow.delivery.channels.webhook.settings import WebhookSettings
from billow.delivery.channels.webhook.target import Target, UnableToReadTarget, addresses_of, read_target
from billow.delivery.deadline import Deadline

_EXCERPT_BYTES = 2000
_EXCERPT_CHARACTERS = 500
_MOST_ADDRESSES = 3
_LONGEST_RETRY_AFTER_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the receiver said; ``retry_after_s`` is how long it asks to be left alone."""

    status: int
    excerpt: str
    retry_after_s: int = 0

    @property
    def is_accepted(self) -> bool:
        """Tell whether the receiver took the message."""
        return 200 <= self.status < 300


@dataclass(slots=True)
class _Line:
    """The socket in use, which becomes another one when it is encrypted."""

    sock: socket.socket | None


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts to an address that is looked up once and checked; follows no redirect and uses no proxy."""

    settings: WebhookSettings

    def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send the body and return the answer, whatever its status; raise DeliveryError where there is none."""
        try:
            target = read_target(url, settings=self.settings)
        except UnableToReadTarget as refused:
            raise DeliveryError("address_refused", str(refused), permanent=False) from refused
        raw = self._connect(target)
        line = _Line(raw)
        try:
            with Deadline(line, seconds=self.settings.timeout_s) as deadline:
                try:
                    line.sock = self._encrypted(raw, target) if target.is_encrypted else raw
                    deadline.check()
                    if isinstance(line.sock, ssl.SSLSocket):
                        line.sock.do_handshake()
                    return _exchange(line.sock, target=target, headers=headers, body=body)
                except (OSError, http.client.HTTPException, ValueError) as broken:
                    raise self._lost(broken, target=target, is_over=deadline.is_over) from broken
        finally:
            with contextlib.suppress(OSError):
                (line.sock or raw).close()

    def _connect(self, target: Target) -> socket.socket:
        failure: OSError | None = None
        addresses = addresses_of(target, settings=self.settings)[:_MOST_ADDRESSES]
        for address in addresses:
            try:
                return socket.create_connection((address, target.port), timeout=self.settings.timeout_s)
            except OSError as failed:
                failure = failed
        if isinstance(failure, TimeoutError):
            raise self._timeout(target) from failure
        reason = failure.strerror or type(failure).__name__ if failure else "it has no address"
        raise DeliveryError(
            "unreachable", f"{target.host}:{target.port} cannot be reached: {reason}.", permanent=False
        ) from failure

    def _encrypted(self, raw: socket.socket, target: Target) -> socket.socket:
        try:
            context = ssl.create_default_context(cafile=self.settings.ca_file)
        except (ssl.SSLError, OSError) as wrong:
            raise DeliveryError(
                "tls_failed", "BILLOW_WEBHOOK_CA_FILE does not hold certificates in PEM form.", permanent=False
            ) from wrong
        # The handshake comes later, when the deadline knows the socket that it happens on.
        return context.wrap_socket(raw, server_hostname=target.host, do_handshake_on_connect=False)

    def _lost(self, broken: Exception, *, target: Target, is_over: bool) -> DeliveryError:
        if is_over or isinstance(broken, TimeoutError):
            return self._timeout(target)
        if isinstance(broken, ssl.SSLCertVerificationError):
            return DeliveryError(
                "tls_untrusted",
                f"The certificate of {target.host} is not trusted: {broken.verify_message}.",
                permanent=False,
            )
        if isinstance(broken, ssl.SSLError):
            return DeliveryError("tls_failed", f"{target.host} and Billow found no common TLS.", permanent=False)
        if isinstance(broken, OSError):
            reason = broken.strerror or type(broken).__name__
            return DeliveryError("connection_lost", f"{target.host} ended the connection: {reason}.", permanent=False)
        return DeliveryError("not_http", f"What {target.host} answered is no HTTP.", permanent=False)

    def _timeout(self, target: Target) -> DeliveryError:
        message = f"{target.host} did not answer within {self.settings.timeout_s} seconds."
        return DeliveryError("timeout", message, permanent=False)


def _exchange(sock: socket.socket, *, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    always = {
        "Host": target.host_header,
        "Content-Type": "application/json",
        "User-Agent": f"Billow/{__version__}",
        "Accept": "*/*",
        "Connection": "close",
    }
    connection.request("POST", target.path, body=body, headers={**always, **headers})
    with contextlib.closing(connection.getresponse()) as response:
        # What an answer says is shown to people; how long it is, is nobody's business but the sender's.
        excerpt = response.read(_EXCERPT_BYTES).decode("utf-8", errors="replace")
        return Answer(
            status=response.status,
            excerpt="".join(sign if sign.isprintable() else " " for sign in excerpt)[:_EXCERPT_CHARACTERS].strip(),
            retry_after_s=_seconds(response.headers.get("Retry-After", "")),
        )


def _seconds(text: str) -> int:
    wanted = text.strip()
    return (
        min(int(wanted), _LONGEST_RETRY_AFTER_S) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 9 else 0
    )
