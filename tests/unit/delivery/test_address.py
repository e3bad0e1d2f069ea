import pytest

from billow.delivery.address import UnableToReadAddress, read_address


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ap@kunde.example", "ap@kunde.example"),
        ("  Anna.Berg+bills@Kunde.Example ", "Anna.Berg+bills@kunde.example"),
        ("billing@localhost", "billing@localhost"),
        ("ap@office.local", "ap@office.local"),
        ("ap@straße.example", "ap@xn--strae-oqa.example"),
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_as_mail_servers_take_it(text: str, written: str) -> None:
    assert str(read_address(text=text)) == written


def test_only_a_mailbox_name_outside_ascii_needs_smtputf8() -> None:
    assert read_address(text="jörg@kunde.example").needs_smtputf8
    assert not read_address(text="joerg@bücher.example").needs_smtputf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kunde.example",
        "@kunde.example",
        "ap@",
        "a p@kunde.example",
        "ap@kunde.example\nBcc: all@example.com",
        "ap\r\n@kunde.example",
        "Anna <ap@kunde.example>",
        "ap@kunde..example",
        "ap@-kunde.example",
        "a@b@kunde.example",
        "ap.@kunde.example",
        "ap@[127.0.0.1]",
        "x" * 65 + "@kunde.example",
        "ap@" + "x" * 64 + ".example",
        "ap@bücher..example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UnableToReadAddress):
        read_address(text=text)
