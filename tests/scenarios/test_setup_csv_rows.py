import pytest

from billow.usecases.csv_rows import CsvRow, read_csv_rows
from billow.usecases.refused import Refused

COLUMNS = ("name", "email")


def read(data: bytes, *, most_rows: int = 10, free_prefix: str | None = None) -> tuple[CsvRow, ...]:
    return read_csv_rows(data=data, columns=COLUMNS, required=COLUMNS, most_rows=most_rows, free_prefix=free_prefix)


@pytest.mark.parametrize(
    "data",
    [
        b"name,email\nAda,a@b\n",
        b"\xef\xbb\xbfEMAIL;Name\r\na@b;Ada\r\n",
        b'email\tname\na@b\t"Ada"',
        b"\n\nname,email\n\n Ada , a@b \n,\n",
    ],
)
def test_header_order_case_separator_mark_and_blank_lines_do_not_matter(data: bytes) -> None:
    assert [(row.number, row.cells["name"], row.cells["email"]) for row in read(data)] == [(1, "Ada", "a@b")]


def test_quoted_cells_may_hold_separators_and_line_ends() -> None:
    assert read(b'name,email\n"Ada, ""the"" first\nCountess",a@b\n')[0].cells["name"] == 'Ada, "the" first\nCountess'


def test_a_free_column_keeps_its_spelling() -> None:
    (row,) = read(b"name,email,custom:VAT ID\nAda,a@b,DE1\n", free_prefix="custom:")
    assert row.cells["custom:VAT ID"] == "DE1"


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", ["empty_file"]),
        (b"\n \n", ["empty_file"]),
        (b"name,email\n", ["no_rows"]),
        (b"name\nAda\n", ["missing_column"]),
        (b"name,email,name,phone\nAda,a,b,c\n", ["unknown_column", "double_column"]),
        (b"name,email\nAda\nBob,b@b,x\n", ["ragged_row", "ragged_row"]),
        (b"name,email\n" + b"Ada,a@b\n" * 11, ["too_many_rows"]),
        ("name,email\nJörg,a@b\n".encode("latin-1"), ["not_utf8"]),
        ("name,email\nAda,a@b\n".encode("utf-16"), ["not_utf8"]),
        (b'name,email\n"Ada,a@b\n', ["not_csv"]),
        (b"name,email\nA\x00da,a@b\n", ["not_utf8"]),
    ],
)
def test_what_is_wrong_with_a_file_is_told(data: bytes, codes: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        read(data)
    assert [issue.code for issue in refused.value.issues] or [refused.value.code] == codes
    if refused.value.issues:
        assert [issue.code for issue in refused.value.issues] == codes
