from email import message_from_bytes
from pathlib import Path

import pytest

from billow.delivery.address import read_address
from billow.delivery.channel import DeliveryError, Envelope
from billow.delivery.channels.outbox.channel import OutboxChannel, file_name
from billow.delivery.channels.outbox.settings import OutboxSettings

CONTENT = b"Subject: hello\r\n\r\nbody\r\n"


def envelope(*, message_id: str = "<1@msp.example>", reference: str = "INV-2026-00012") -> Envelope:
    return Envelope(
        sender=read_address(text="billing@msp.example"),
        recipient=read_address(text="ap@kunde.example"),
        message_id=message_id,
        reference=reference,
        size_bytes=len(CONTENT),
        needs_smtputf8=False,
    )


def write(folder: Path, **options: str) -> str:
    with OutboxChannel(OutboxSettings(folder=folder)).prepare(envelope=envelope(**options)) as transmission:
        return transmission.transmit(content=CONTENT)


def test_a_mail_becomes_a_file_named_after_the_invoice(tmp_path: Path) -> None:
    receipt = write(tmp_path / "outbox")
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name.startswith("INV-2026-00012-")
    assert file.suffix == ".eml"
    assert receipt == f"written to {file.name}"
    assert file.read_bytes() == CONTENT
    assert message_from_bytes(file.read_bytes())["Subject"] == "hello"


def test_two_messages_are_two_files_and_one_message_is_one(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path)
    write(tmp_path, message_id="<2@msp.example>")
    assert len(list(tmp_path.iterdir())) == 2


def test_no_number_leads_out_of_the_folder() -> None:
    assert "/" not in file_name(envelope=envelope(reference="../../etc/passwd"))
    assert not file_name(envelope=envelope(reference="..")).startswith(".")


def test_a_folder_that_cannot_be_made_may_be_mended(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(DeliveryError) as caught:
        write(tmp_path / "outbox")
    error = caught.value
    assert (error.code, error.permanent, error.affects_all) == ("outbox_unwritable", False, True)


def test_a_full_disk_leaves_no_half_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DeliveryError, match="No space left on device"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []
