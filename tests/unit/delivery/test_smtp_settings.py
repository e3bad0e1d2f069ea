from pathlib import Path

import pytest

from billow.delivery.channels.outbox.channel import OutboxChannel
from billow.delivery.channels.smtp.channel import SmtpChannel
from billow.delivery.channels.smtp.settings import Tls, UnableToReadSmtpUrl, read_smtp_url
from billow.delivery.channels.table import channel_for


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, Tls.STARTTLS),
        ("smtp://mail.example.com?tls=none", "mail.example.com", 25, Tls.NONE),
        ("smtp://mail.example.com:2525?tls=starttls", "mail.example.com", 2525, Tls.STARTTLS),
        ("smtps://mail.example.com", "mail.example.com", 465, Tls.IMPLICIT),
        ("smtps://[::1]:4650/", "::1", 4650, Tls.IMPLICIT),
    ],
)
def test_a_url_says_server_port_and_protection(url: str, host: str, port: int, tls: Tls) -> None:
    settings = read_smtp_url(url=url)
    assert (settings.host, settings.port, settings.tls) == (host, port, tls)


def test_user_and_password_may_hold_any_character_once_written_for_a_url() -> None:
    settings = read_smtp_url(url="smtps://joe%40example.com:p%2Fa%3Fs%23s%3A@mail.example.com?timeout_s=7")
    assert (settings.user, settings.password) == ("joe@example.com", "p/a?s#s:")
    assert settings.reply_timeout_s == 7
    assert "p/a" not in repr(settings)
    assert "p/a" not in repr(SmtpChannel(settings))


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://joe:secret/word@mail.example.com",
        "smtp://joe:sec?secret@mail.example.com",
        "smtp://joe:12?secret@mail.example.com",
        "smtp://joe:secret#word@mail.example.com",
        "smtp://mail.example.com:secret",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com/secret",
        "smtp://mail.example.com?tls=secret",
        "smtp://mail.example.com?secret=1",
        "smtp://mail.example.com?timeout_s=secret",
        "smtp://mail.example.com?timeout_s=0",
        "smtps://mail.example.com?tls=none",
        "smtp://joe:secret@mail.example.com?tls=none",
        "smtps://joe:secr%C3%A9t@mail.example.com",
    ],
)
def test_nonsense_is_refused_without_repeating_what_may_be_a_password(url: str) -> None:
    with pytest.raises(UnableToReadSmtpUrl) as caught:
        read_smtp_url(url=url)
    assert "BILLOW_SMTP_URL" in str(caught.value)
    assert "secr" not in str(caught.value)
    assert "sec?" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_may_cross_this_machine_unprotected() -> None:
    assert read_smtp_url(url="smtp://joe:secret@127.0.0.1?tls=none").user == "joe"
    assert read_smtp_url(url="smtp://joe:secret@localhost?tls=none").user == "joe"


def test_a_missing_certificate_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnableToReadSmtpUrl, match="there is no such file"):
        read_smtp_url(url="smtps://mail.example.com", ca_file=str(tmp_path / "none.pem"))


def test_without_a_mail_server_mails_go_to_the_folder(tmp_path: Path) -> None:
    assert isinstance(channel_for(smtp_url="", smtp_ca_file="", outbox=tmp_path), OutboxChannel)
    chosen = channel_for(smtp_url="smtps://mail.example.com", smtp_ca_file="", outbox=tmp_path)
    assert isinstance(chosen, SmtpChannel)
    assert chosen.transmit_timeout_s > chosen.prepare_timeout_s > chosen.settings.reply_timeout_s
