"""Calls to receivers that misbehave: every one ends in time, with a word for what happened."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from billow.delivery.channel import DeliveryError
from billow.delivery.channels.webhook.channel import WebhookChannel
from billow.delivery.channels.webhook.settings import (
    UnableToReadWebhookSettings,
    WebhookSettings,
    read_webhook_settings,
)
from billow.delivery.channels.webhook.signature import secret_text, signed_headers
from billow.delivery.channels.webhook.target import UnableToReadTarget, read_target
from tests.mail_server import make_certificate
from tests.webhook_server import webhook_receiver

LOOPBACK = WebhookSettings(allowed_networks=(ip_network("127.0.0.0/8"),), timeout_s=1)
PUBLIC_ONLY = WebhookSettings()


def failure(url: str, settings: WebhookSettings = LOOPBACK) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        WebhookChannel(settings).post(url=url, headers={}, body=b"{}")
    return error.value


@contextmanager
def raw_server(*script: bytes, pause_s: float = 0.0, then_hold: bool = False) -> Iterator[str]:
    """Answer each connection with these bytes, whatever it asks."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    for part in script:
                        connection.sendall(part)
                        ended.wait(pause_s)
                    if then_hold:
                        ended.wait(10)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_the_signature_is_the_one_of_the_specification() -> None:
    headers = signed_headers(
        b'{"event_type":"ping","data":{"success":true}}',
        message_id="msg_loFOjxBNrRLzqYUf",
        timestamp=1731705121,
        secrets=["whsec_plJ3nmyCDGBKInavdOK15jsl"],
    )
    assert headers == {
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


def test_each_secret_adds_a_signature() -> None:
    secrets = [secret_text(bytes(32)), secret_text(b"x" * 32)]
    both = signed_headers(b"{}", message_id="m", timestamp=1, secrets=secrets)["webhook-signature"].split(" ")
    assert both == [
        signed_headers(b"{}", message_id="m", timestamp=1, secrets=[secret])["webhook-signature"] for secret in secrets
    ]


def test_a_call_arrives_whole_and_its_answer_is_kept() -> None:
    with webhook_receiver() as receiver:
        receiver.will_answer(202, body=b"queued as \x1b[31m7\n")
        answer = WebhookChannel(LOOPBACK).post(url=receiver.url, headers={"webhook-id": "m"}, body='{"a":"ä"}'.encode())
    assert (answer.status, answer.is_accepted, answer.excerpt) == (202, True, "queued as  [31m7")
    (request,) = receiver.received
    assert (request.path, request.body) == ("/hooks?key=1", '{"a":"ä"}'.encode())
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "m"


def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    with webhook_receiver() as elsewhere, webhook_receiver() as receiver:
        receiver.will_answer(307, Location=elsewhere.url)
        answer = WebhookChannel(LOOPBACK).post(url=receiver.url, headers={}, body=b"{}")
    assert (answer.status, answer.is_accepted) == (307, False)
    assert elsewhere.received == []


@pytest.mark.parametrize(("text", "seconds"), [("120", 120), ("999999", 86_400), ("soon", 0), ("-5", 0), ("1" * 30, 0)])
def test_the_wish_to_be_left_alone_is_heard_for_a_day_at_most(text: str, seconds: int) -> None:
    with webhook_receiver() as receiver:
        receiver.will_answer(503, Retry_After=text)
        answer = WebhookChannel(LOOPBACK).post(url=receiver.url, headers={}, body=b"{}")
    assert answer.retry_after_s == seconds


def test_only_a_little_of_a_long_answer_is_read() -> None:
    with webhook_receiver() as receiver:
        receiver.will_answer(500, body=b"x" * 5_000_000)
        answer = WebhookChannel(LOOPBACK).post(url=receiver.url, headers={}, body=b"{}")
    assert answer.excerpt == "x" * 500


def test_who_never_answers_is_given_up_in_time() -> None:
    with raw_server(b"", then_hold=True) as url:
        begun = time.monotonic()
        assert failure(url).code == "timeout"
        assert time.monotonic() - begun < 3


def test_who_drips_one_byte_after_the_other_is_given_up_in_time() -> None:
    with raw_server(*[b"HTTP/1.1 200 OK\r\nX-Slow: "[i : i + 1] for i in range(25)], pause_s=0.3) as url:
        begun = time.monotonic()
        assert failure(url).code == "timeout"
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "answer", [b"SMTP ready\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200]
)
def test_what_is_no_http_is_called_so(answer: bytes) -> None:
    with raw_server(answer) as url:
        assert failure(url).code == "not_http"


def test_who_hangs_up_and_who_is_not_there_are_told_apart() -> None:
    with raw_server() as url:
        assert failure(url).code == "connection_lost"
    assert failure(url).code == "unreachable"


def test_https_needs_a_trusted_certificate_for_the_name(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    trusting = WebhookSettings(allowed_networks=LOOPBACK.allowed_networks, ca_file=certificate.file, timeout_s=2)
    with webhook_receiver(context=certificate.context) as receiver:
        url = receiver.url.replace("http://", "https://")
        assert WebhookChannel(trusting).post(url=url, headers={}, body=b"{}").is_accepted
        assert failure(url).code == "tls_untrusted"
        assert len(receiver.received) == 1


def test_who_speaks_no_tls_on_a_tls_port_fails() -> None:
    with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        assert failure(url.replace("http://", "https://")).code == "tls_failed"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.5",
        "172.16.4.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.5]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a00:5]",
        "[2002:7f00:1::]",
        "[ff02::1]",
    ],
)
def test_addresses_inside_the_network_are_refused_when_written_down(host: str) -> None:
    with pytest.raises(UnableToReadTarget, match="not an address of the public internet"):
        read_target(f"https://{host}/", settings=PUBLIC_ONLY)
    assert failure(f"https://{host}/", PUBLIC_ONLY).code == "address_refused"


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_other_ways_to_write_this_machine_are_refused_when_looked_up(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the system's resolver makes of all of these.
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    assert failure(f"https://{host}/", PUBLIC_ONLY).code == "address_refused"


def test_a_name_with_one_address_inside_is_refused_whatever_its_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert failure("https://example.com/", PUBLIC_ONLY).code == "address_refused"


def test_the_name_is_looked_up_once_and_its_address_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        port = int(url.rstrip("/").rpartition(":")[2])

        def rebinding(host: str, *_: object, **__: object) -> list[object]:
            """Name the server when the name is asked for first, and an address inside the network ever after."""
            asked.append(host)
            address = "10.0.0.5" if asked.count("hooks.example.com") > 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        # It was reached: it speaks no TLS, and says so.
        assert failure(f"https://hooks.example.com:{port}/").code == "tls_failed"
    assert asked == ["hooks.example.com", "127.0.0.1"]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://example.com/", "begin with https://"),
        ("http://93.184.215.14/", "begin with https://"),
        ("ftp://example.com/", "begin with https://"),
        ("https:///path", "name a host"),
        ("example.com", "begin with https://"),
        ("https://user:word@example.com/", "no user"),
        ("https://example.com/#part", "no #"),
        ("https://example.com:0/", "port 0"),
        ("https://example.com:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://exa mple.com/", "printable ASCII"),
        ("https://example.com/\r\nX-Injected: 1", "printable ASCII"),
        ("https://bücher.example/", "printable ASCII"),
        ("https://example.com/" + "x" * 2000, "at most 2000"),
        ("", "printable ASCII"),
    ],
)
def test_a_url_that_cannot_be_called_is_refused_with_the_reason(url: str, complaint: str) -> None:
    with pytest.raises(UnableToReadTarget, match=complaint):
        read_target(url, settings=PUBLIC_ONLY)


def test_a_named_network_may_be_called_by_https_and_this_machine_by_http() -> None:
    inside = WebhookSettings(allowed_networks=(ip_network("10.20.0.0/16"), ip_network("127.0.0.1/32")))
    assert read_target("https://10.20.3.4:8443/a", settings=inside).port == 8443
    assert not read_target("http://127.0.0.1:8080/", settings=inside).is_encrypted
    for refused in ("http://10.20.3.4/", "https://10.21.0.1/", "http://127.0.0.2/"):
        with pytest.raises(UnableToReadTarget):
            read_target(refused, settings=inside)


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "example.com", "10.0.0.1/8"])
def test_a_setting_that_names_no_network_is_refused_by_its_name(networks: str) -> None:
    with pytest.raises(UnableToReadWebhookSettings, match="BILLOW_WEBHOOK_NETWORKS"):
        read_webhook_settings(networks=networks, ca_file="", timeout_s=5)


def test_settings_are_read_with_commas_or_spaces(tmp_path: Path) -> None:
    settings = read_webhook_settings(networks="10.0.0.0/8, fd00::/8", ca_file="", timeout_s=5)
    assert settings.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    with pytest.raises(UnableToReadWebhookSettings, match="BILLOW_WEBHOOK_CA_FILE"):
        read_webhook_settings(networks="", ca_file=str(tmp_path / "none.pem"), timeout_s=5)


def test_the_check_that_the_documents_show_to_receivers_works() -> None:
    document = (Path(__file__).parents[3] / "docs" / "extensions.md").read_text(encoding="utf-8")
    shown: dict[str, Any] = {}
    exec(document.partition("```python\n")[2].partition("```")[0], shown)
    old, new = secret_text(b"o" * 32), secret_text(b"n" * 32)
    headers = signed_headers(b"{}", message_id="m", timestamp=5, secrets=[new, old])
    assert shown["is_genuine"](headers, b"{}", old)
    assert shown["is_genuine"](headers, b"{}", new)
    assert not shown["is_genuine"](headers, b"{ }", new)
    assert not shown["is_genuine"](headers, b"{}", secret_text(b"x" * 32))
