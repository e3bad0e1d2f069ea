"""Mail servers on this machine that misbehave as told, and count what they take."""

import asyncio
import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "billow", "correct-horse"


@dataclass
class MailServer:
    """A real SMTP server in a thread; what it was told decides what it answers.

    ``before_answer`` runs when a whole message has arrived and before the server says so, ``before_recipient`` before
    a recipient is answered. ``answers`` hold replies
    by command (``MAIL``, ``RCPT``, ``DATA``), used up one by one.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    before_recipient: Callable[[], None] = lambda: None
    drops_after_message: bool = False
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for _, content in self.taken]

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    def url(self, *, options: str = "tls=none&timeout_s=2", login: str = "", host: str = "127.0.0.1") -> str:
        return f"smtp://{login}{host}:{self.port}?{options}"

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if answer := self._answer("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        await asyncio.get_running_loop().run_in_executor(None, self.before_recipient)
        if answer := self._answer("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := self._answer("DATA"):
            return answer
        self.taken.extend((recipient, envelope.content) for recipient in envelope.rcpt_tos)
        await asyncio.get_running_loop().run_in_executor(None, self.before_answer)
        if self.drops_after_message:
            server.transport.abort()  # type: ignore[union-attr]
        return f"250 2.0.0 taken as number {len(self.taken)}"

    def _answer(self, command: str) -> str:
        waiting = self.answers.get(command, [])
        return waiting.pop(0) if waiting else ""


@contextlib.contextmanager
def mail_server(
    *, server: MailServer | None = None, size_limit: int = 33_554_432, smtputf8: bool = False, **options: Any
) -> Iterator[MailServer]:
    """Run a mail server on a free port. ``options`` are aiosmtpd's: tls_context, authenticator…"""
    server = server or MailServer()
    controller = _Controller(
        server, hostname="127.0.0.1", port=0, data_size_limit=size_limit, enable_SMTPUTF8=smtputf8, **options
    )
    controller.start()
    server.port = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        yield server
    finally:
        controller.stop()


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # The original connects to the port it was given; ours was chosen by the system.
        host, port = self.server.sockets[0].getsockname()[:2]  # type: ignore[union-attr]
        with socket.create_connection((host, port), 1.0) as probe:
            probe.recv(1024)


def only_with_password(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Let in whoever knows the password."""
    assert isinstance(data, LoginPassword)
    known = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=False)


@contextlib.contextmanager
def scripted_server(*script: bytes | int | None) -> Iterator[int]:
    """Run a server for one connection after another and give its port.

    The script is what to do at the greeting and after each line that arrives: bytes are sent, a number takes that
    many bytes more and ends the connection, None stays silent for ever.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, script, ended), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        listener.close()
        thread.join(timeout=10)


def _serve(listener: socket.socket, script: tuple[bytes | int | None, ...], ended: threading.Event) -> None:
    while True:
        try:
            listener.settimeout(0.2)
            connection, _ = listener.accept()
        except TimeoutError:
            if ended.is_set():
                return
            continue
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            _play(connection, script, ended)


def _play(connection: socket.socket, script: tuple[bytes | int | None, ...], ended: threading.Event) -> None:
    with connection.makefile("rb") as lines:
        for step, action in enumerate(script):
            if step and not lines.readline():
                return
            if action is None:
                ended.wait(20)
                return
            if isinstance(action, int):
                lines.read(action)
                return
            connection.sendall(action)


@dataclass(frozen=True)
class Certificate:
    """A self-made certificate for this machine, and the context of a server that shows it."""

    file: Path
    context: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate that only whoever is given its file trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return Certificate(file=file, context=context)
