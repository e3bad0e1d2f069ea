"""Mail through a real server on this machine, obedient or not."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from billow.delivery.address import read_address
from billow.delivery.channel import DeliveryError, Envelope
from billow.delivery.channels.smtp.channel import SmtpChannel
from billow.delivery.channels.smtp.settings import read_smtp_url
from tests.mail_server import (
    PASSWORD,
    USER,
    MailServer,
    mail_server,
    make_certificate,
    only_with_password,
    scripted_server,
)

CONTENT = b"Subject: hello\r\n\r\nfirst\r\n.a line that begins with a dot\r\n.\r\nlast\r\n"
EHLO = b"250-server\r\n250 8BITMIME\r\n"


def envelope(*, recipient: str = "ap@kunde.example", content: bytes = CONTENT) -> Envelope:
    address = read_address(text=recipient)
    return Envelope(
        sender=read_address(text="billing@msp.example"),
        recipient=address,
        message_id="<1@msp.example>",
        reference="INV-1",
        size_bytes=len(content),
        needs_smtputf8=address.needs_smtputf8,
    )


def deliver(url: str, *, ca_file: str = "", recipient: str = "ap@kunde.example", content: bytes = CONTENT) -> str:
    channel = SmtpChannel(read_smtp_url(url=url, ca_file=ca_file))
    with channel.prepare(envelope=envelope(recipient=recipient, content=content)) as transmission:
        return transmission.transmit(content=content)


def failure(url: str, **options: object) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        deliver(url, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_server_takes_the_message_byte_for_byte() -> None:
    with mail_server() as server:
        receipt = deliver(server.url())
    assert server.taken == [("ap@kunde.example", CONTENT)]
    assert receipt == "250 2.0.0 taken as number 1"


@pytest.mark.parametrize(
    ("command", "answer", "code", "permanent"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", "recipient_refused", True),
        ("RCPT", "451 4.7.1 greylisted, come back", "recipient_refused", False),
        ("MAIL", "553 not your domain", "sender_refused", True),
        ("MAIL", "552 message exceeds the limit", "message_too_large", True),
        ("DATA", "554 looks like spam", "message_refused", True),
        ("DATA", "452 disk full", "message_refused", False),
    ],
)
def test_a_refusal_is_final_or_not_by_its_first_digit(command: str, answer: str, code: str, permanent: bool) -> None:
    with mail_server(server=MailServer(answers={command: [answer]})) as server:
        error = failure(server.url())
    assert (error.code, error.permanent, error.unknown) == (code, permanent, False)
    assert error.message == answer
    assert server.taken == []


def test_a_server_that_is_shutting_down_stops_all_mails_for_now() -> None:
    with mail_server(server=MailServer(answers={"RCPT": ["421 shutting down"]})) as server:
        error = failure(server.url())
    assert (error.permanent, error.affects_all) == (False, True)


def test_nobody_listening_is_a_failure_that_may_pass() -> None:
    with mail_server() as server:
        url = server.url()
    error = failure(url)
    assert (error.code, error.permanent, error.affects_all) == ("unreachable", False, True)


def test_a_greeting_that_refuses_is_told() -> None:
    with scripted_server(b"554 go away\r\n") as port:
        error = failure(f"smtp://127.0.0.1:{port}?tls=none&timeout_s=1")
    assert (error.code, error.permanent, error.message) == ("connection_refused", True, "554 go away")


@pytest.mark.parametrize(
    "script",
    [
        (None,),
        (b"220 hello\r\n", None),
        (b"220 hello\r\n", EHLO, None),
        (b"220 hello\r\n", EHLO, b"250 ok\r\n", None),
        (b"220 hello\r\n", EHLO, b"250 ok\r\n", b"250 ok\r\n", None),
    ],
    ids=["greeting", "EHLO", "MAIL", "RCPT", "DATA"],
)
def test_a_server_that_hangs_is_left_after_the_timeout(script: tuple[bytes | None, ...]) -> None:
    started = time.monotonic()
    with scripted_server(*script) as port:
        error = failure(f"smtp://127.0.0.1:{port}?tls=none&timeout_s=1")
    assert (error.code, error.permanent, error.affects_all, error.unknown) == ("timeout", False, True, False)
    assert time.monotonic() - started < 5


def test_a_server_that_talks_without_end_is_left_too() -> None:
    with scripted_server(b"220 hello\r\n", *[b"250-and another thing\r\n"] * 50) as port:
        channel = SmtpChannel(read_smtp_url(url=f"smtp://127.0.0.1:{port}?tls=none&timeout_s=1"))
        started = time.monotonic()
        with pytest.raises(DeliveryError) as caught, channel.prepare(envelope=envelope()):
            pass
    assert not caught.value.permanent
    assert time.monotonic() - started < channel.prepare_timeout_s + 3


def test_a_connection_lost_in_the_middle_of_the_message_may_be_tried_again() -> None:
    content = b"x" * 70 + b"\r\n"
    content = content * 200_000
    script = (b"220 hello\r\n", EHLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", 100_000)
    with scripted_server(*script) as port:
        error = failure(f"smtp://127.0.0.1:{port}?tls=none&timeout_s=5", content=content)
    assert (error.code, error.permanent, error.unknown) == ("connection_lost", False, False)


def test_a_connection_lost_after_the_whole_message_leaves_the_outcome_unknown() -> None:
    with mail_server(server=MailServer(drops_after_message=True)) as server:
        error = failure(server.url())
    assert (error.code, error.permanent, error.unknown) == ("outcome_unknown", True, True)
    assert "press Email PDF" in error.message
    assert len(server.taken) == 1


def test_the_size_that_a_server_announces_is_respected() -> None:
    with mail_server(size_limit=1_000) as server:
        error = failure(server.url(), content=b"x" * 1_001)
    assert (error.code, error.permanent) == ("message_too_large", True)
    assert "1,000" in error.message


def test_an_international_mailbox_needs_a_server_that_knows_it() -> None:
    with mail_server(smtputf8=True) as server:
        deliver(server.url(), recipient="jörg@bücher.example")
    assert server.recipients == ["jörg@xn--bcher-kva.example"]
    with mail_server() as server:
        error = failure(server.url(), recipient="jörg@bücher.example")
    assert (error.code, error.permanent) == ("smtputf8_unsupported", True)


def test_login_works_and_a_wrong_password_is_final_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    options: dict[str, Any] = {"authenticator": only_with_password, "auth_require_tls": False}
    with mail_server(**options) as server:
        deliver(server.url(login=f"{USER}:{PASSWORD}@"))
        error = failure(server.url(login=f"{USER}:wrong-secret@"))
    assert len(server.taken) == 1
    assert (error.code, error.permanent, error.affects_all) == ("auth_failed", True, True)
    assert "BILLOW_SMTP_URL" in error.message
    chain = [error, error.__cause__, error.__context__]
    assert "wrong-secret" not in caplog.text + "".join(map(repr, chain[:2])) + repr(
        read_smtp_url(url=server.url(login=f"{USER}:wrong-secret@"))
    )


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_error() -> None:
    script = (b"220 hello\r\n", b"250-server\r\n250 AUTH PLAIN\r\n", b"535 s3cret! is wrong, czNjcmV0IQ== too\r\n")
    with scripted_server(*script) as port:
        error = failure(f"smtp://joe:s3cret%21@127.0.0.1:{port}?tls=none&timeout_s=1")
    assert error.code == "auth_failed"
    assert "s3cret!" not in error.message
    assert "czNjcmV0IQ" not in error.message


def test_a_server_without_login_is_told_apart() -> None:
    with mail_server() as server:
        error = failure(server.url(login=f"{USER}:{PASSWORD}@"))
    assert (error.code, error.permanent) == ("auth_unsupported", True)


def test_starttls_protects_the_login(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    options: dict[str, Any] = {
        "tls_context": certificate.context,
        "require_starttls": True,
        "authenticator": only_with_password,
    }
    with mail_server(**options) as server:
        url = server.url(options="tls=starttls&timeout_s=5", login=f"{USER}:{PASSWORD}@", host="localhost")
        deliver(url, ca_file=str(certificate.file))
        untrusted = failure(url)
    assert len(server.taken) == 1
    assert (untrusted.code, untrusted.permanent, untrusted.affects_all) == ("tls_untrusted", False, True)
    assert "BILLOW_SMTP_CA_FILE" in untrusted.message


def test_implicit_tls_protects_from_the_first_byte(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with mail_server(ssl_context=certificate.context) as server:
        url = f"smtps://127.0.0.1:{server.port}?timeout_s=5"
        deliver(url, ca_file=str(certificate.file))
        untrusted = failure(url)
    assert len(server.taken) == 1
    assert untrusted.code == "tls_untrusted"


def test_a_server_without_starttls_gets_nothing() -> None:
    with mail_server() as server:
        error = failure(server.url(options="tls=starttls&timeout_s=2"))
    assert (error.code, error.permanent) == ("starttls_missing", False)
    assert server.taken == []


def test_speaking_tls_to_a_server_without_it_is_told() -> None:
    with mail_server() as server:
        error = failure(f"smtps://127.0.0.1:{server.port}?timeout_s=2")
    assert (error.code, error.affects_all) == ("tls_failed", True)


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    file.write_text("nothing here")
    with mail_server() as server:
        error = failure(f"smtps://127.0.0.1:{server.port}?timeout_s=2", ca_file=str(file))
    assert (error.code, error.permanent) == ("tls_failed", False)
