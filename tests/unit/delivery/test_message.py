import dataclasses
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.delivery.address import read_address
from billow.delivery.message import (
    ATTACHMENT_LIMIT_BYTES,
    Attachment,
    Message,
    UnableToBuildMessage,
    attachment_name,
    message_id,
    mime_bytes,
)

PDF = b"%PDF-1.7\r\n\x00\xff lone \r and \n\r\n.\r\n"
MESSAGE = Message(
    message_id="<0123456789abcdef@msp.example>",
    date=datetime(2026, 4, 2, 9, 30, tzinfo=UTC),
    sender_name="Nordlicht Cloud GmbH",
    sender=read_address(text="billing@msp.example"),
    reply_to=read_address(text="accounts@nordlicht.example"),
    recipient=read_address(text="ap@kunde.example"),
    subject="Invoice INV-2026-00012 from Nordlicht Cloud GmbH",
    text="Hello Kunde & Söhne,\n\n.a line with a dot\nTotal: 1.234,50 €\n",
    html="<p>Hello Kunde &amp; Söhne</p>",
    attachments=(Attachment(name="invoice-INV-2026-00012.pdf", content_type="application/pdf", content=PDF),),
)


def parsed(message: Message) -> EmailMessage:
    return message_from_bytes(mime_bytes(message=message), policy=policy.default)


def test_the_bytes_are_what_they_always_were() -> None:
    head = mime_bytes(message=MESSAGE).decode("ascii").split("\r\n\r\n")[0]
    assert head.split("\r\n") == [
        'From: "Nordlicht Cloud GmbH"',
        " <billing@msp.example>",
        "To: ap@kunde.example",
        "Reply-To: accounts@nordlicht.example",
        "Subject: Invoice INV-2026-00012 from Nordlicht Cloud GmbH",
        "Date: Thu, 02 Apr 2026 09:30:00 +0000",
        "Message-ID: <0123456789abcdef@msp.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed;",
        ' boundary="=_mixed-c3cb1daa1d13f6979c07d30376125403"',
    ]


def test_building_twice_gives_the_same_bytes() -> None:
    assert mime_bytes(message=MESSAGE) == mime_bytes(message=dataclasses.replace(MESSAGE))


def test_the_mail_has_text_then_html_then_the_pdf() -> None:
    mail = parsed(MESSAGE)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]
    text, html, pdf = (part for part in mail.walk() if not part.is_multipart())
    assert text.get_content() == MESSAGE.text.replace("\n", "\r\n")
    assert html.get_content().strip() == MESSAGE.html
    assert pdf.get_filename() == "invoice-INV-2026-00012.pdf"
    assert pdf.get_content() == PDF
    assert not mail.defects


def test_lines_end_in_crlf_and_are_short_ascii() -> None:
    content = mime_bytes(message=dataclasses.replace(MESSAGE, subject="é" * 500, sender_name="漢" * 300))
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


@given(name=st.text(max_size=120), subject=st.text(max_size=300))
def test_no_name_or_subject_can_add_a_header_or_get_lost(name: str, subject: str) -> None:
    mail = parsed(dataclasses.replace(MESSAGE, sender_name=name, subject=subject))
    assert [key for key, _ in mail.items()] == [key for key, _ in parsed(MESSAGE).items()]
    assert mail["From"].addresses[0].addr_spec == "billing@msp.example"
    assert len(mail["From"].addresses) == 1
    assert visible(mail["Subject"]) == visible(subject)
    assert visible(mail["From"].addresses[0].display_name) == visible(name)


def visible(text: str) -> str:
    """Return the text without blanks and control characters, and with what cannot be encoded as a question mark."""
    kept = "".join(character for character in text if character.isprintable() or ord(character) > 0x9F)
    return "".join(kept.split()).encode(errors="replace").decode().replace("\u2028", "").replace("\u2029", "")


@given(content=st.binary(max_size=2000), text=st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_content_arrives_as_it_left(content: bytes, text: str) -> None:
    attachment = Attachment(name="a.pdf", content_type="application/pdf", content=content)
    mail = parsed(dataclasses.replace(MESSAGE, text=text, attachments=(attachment,)))
    arrived = [part for part in mail.walk() if not part.is_multipart()]
    assert arrived[2].get_content() == content
    assert arrived[0].get_content().splitlines() == text.splitlines() or not text


def test_an_international_mailbox_is_written_as_utf8() -> None:
    message = dataclasses.replace(MESSAGE, recipient=read_address(text="jörg@bücher.example"))
    assert message.needs_smtputf8
    assert "To: jörg@xn--bcher-kva.example\r\n".encode() in mime_bytes(message=message)
    assert not MESSAGE.needs_smtputf8


def test_without_reply_address_there_is_no_such_header() -> None:
    assert parsed(dataclasses.replace(MESSAGE, reply_to=None))["Reply-To"] is None


def test_an_attachment_that_no_gateway_takes_is_refused() -> None:
    large = Attachment(name="a.pdf", content_type="application/pdf", content=b"x" * (ATTACHMENT_LIMIT_BYTES + 1))
    with pytest.raises(UnableToBuildMessage, match="7,000,001 bytes") as caught:
        mime_bytes(message=dataclasses.replace(MESSAGE, attachments=(large,)))
    assert caught.value.code == "message_too_large"


def test_the_message_id_is_one_per_recipient_version_and_wish() -> None:
    facts = {
        "invoice_token": "msp_inv_0123456789abcdef",
        "fingerprint": "f" * 64,
        "recipient": "ap@kunde.example",
        "wish": "dlvry_0123456789abcdef",
        "sender": "billing@bücher.example",
    }
    first = message_id(**facts)
    assert first == message_id(**{**facts, "recipient": "AP@Kunde.example"})
    assert first.endswith("@xn--bcher-kva.example>")
    others = {message_id(**{**facts, name: "x@y"}) for name in facts if name != "sender"}
    assert len(others | {first}) == 5


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV-2026-00012", "invoice-INV-2026-00012.pdf"),
        ("../../etc/passwd", "invoice-etc-passwd.pdf"),
        ('R"12\r\nX: y', "invoice-R-12-X-y.pdf"),
        ("№ 7", "invoice-7.pdf"),
        ("№", "invoice-document.pdf"),
    ],
)
def test_the_file_is_named_after_the_number_in_plain_ascii(number: str, name: str) -> None:
    assert attachment_name(number=number) == name
