"""Rules as text: what is written is read back the same, and what is no TOML is told by its line."""

import tomllib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.billingrules.text_form import file_name, read_toml, write_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = st.one_of(TEXTS, st.booleans(), st.dates(), st.lists(TEXTS, max_size=4))


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_whatever_is_written_is_read_back(entries: dict[str, object]) -> None:
    written = write_toml(entries=entries, heading="Rules")
    assert read_toml(text=written, path="a.toml") == (entries, ())


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18))
def test_money_is_text_with_every_digit(amount: Decimal) -> None:
    assert tomllib.loads(write_toml(entries={"amount": amount})) == {"amount": f"{amount:f}"}


def test_nothing_is_written_for_what_is_empty() -> None:
    entries = {"title": "A", "service": None, "start_date": date(2026, 1, 2), "apply_to_all": False}
    assert write_toml(entries=entries) == 'title = "A"\nstart_date = 2026-01-02\napply_to_all = false\n'


def test_text_of_several_lines_stands_as_it_is() -> None:
    sql = "-- all of \"it\"\nDELETE FROM costs\n\tWHERE costs.service LIKE '%\\_%' -- it's\n"
    assert write_toml(entries={"sql_query": sql}) == f"sql_query = '''\n{sql}'''\n"


@pytest.mark.parametrize("text", ["a\n'''", "a\n'", "a\r\nb", "a\n\x00", "a\n\x7f", "\n", "\n\n", "a\n\\"])
def test_text_that_could_come_back_otherwise_is_escaped(text: str) -> None:
    written = write_toml(entries={"sql_query": text})
    assert read_toml(text=written, path="a.toml") == ({"sql_query": text}, ())


def test_a_list_of_tables_is_read_back() -> None:
    tiers = [{"up_to": "10000", "percentage": "10"}, {"percentage": "7"}]
    written = write_toml(entries={"fee_tiers": tiers})
    assert written == 'fee_tiers = [\n  { up_to = "10000", percentage = "10" },\n  { percentage = "7" },\n]\n'
    assert read_toml(text=written, path="a.toml") == ({"fee_tiers": tiers}, ())


def test_a_number_that_was_written_without_quotes_is_exact() -> None:
    assert read_toml(text="percentage = 107.10\n", path="a.toml") == ({"percentage": Decimal("107.10")}, ())


def test_a_line_that_is_no_toml_is_named() -> None:
    keys, (issue,) = read_toml(text='title = "A"\n\namount = ,\n', path="fee.toml")
    assert keys == {}
    assert (issue.code, issue.path, issue.row, issue.is_error) == ("not_toml", "fee.toml", 3, True)


def test_a_value_without_a_text_form_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="object has no text form"):
        write_toml(entries={"title": object()})


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Markup 10 %", "markup-10-0123456789abcdef.toml"),
        ("../../etc/passwd", "etc-passwd-0123456789abcdef.toml"),
        ("日本", "rule-0123456789abcdef.toml"),
        ("x" * 300, f"{'x' * 60}-0123456789abcdef.toml"),
    ],
)
def test_a_file_is_named_by_title_and_token(title: str, name: str) -> None:
    assert file_name(title=title, token="bllng_rule_0123456789abcdef") == name
