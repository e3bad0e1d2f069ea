"""The filter language: what it says, and where it says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billow.coststore.condition import AllOf, AnyOf, CostField, FieldTest, Match, TagTest, TextTest
from billow.coststore.vql import MOST_BRACKETS, UnableToReadFilter, read_filter

AWS = FieldTest(CostField.PROVIDER, TextTest(match=Match.EQUALS, values=("aws",)))
GCP = FieldTest(CostField.PROVIDER, TextTest(match=Match.EQUALS, values=("gcp",)))


def test_a_provider_alone_is_a_filter() -> None:
    assert read_filter("costs.provider = 'aws'") == AWS
    assert read_filter("  (( COSTS.Provider='aws' ))  ") == AWS


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("= 'S3'", TextTest(match=Match.EQUALS, values=("S3",))),
        ("!= 'S3'", TextTest(match=Match.EQUALS, values=("S3",), negated=True)),
        ("<> 'S3'", TextTest(match=Match.EQUALS, values=("S3",), negated=True)),
        ("IN ('S3', 'EC2')", TextTest(match=Match.EQUALS, values=("S3", "EC2"))),
        ("not in ('S3')", TextTest(match=Match.EQUALS, values=("S3",), negated=True)),
        ("LIKE '%S3%'", TextTest(match=Match.LIKE, values=("%S3%",))),
        ("NOT LIKE 'S_'", TextTest(match=Match.LIKE, values=("S_",), negated=True)),
        ("~* 's3'", TextTest(match=Match.CONTAINS, values=("s3",))),
        ("!~* ('s3', 'ec2')", TextTest(match=Match.CONTAINS, values=("s3", "ec2"), negated=True)),
        ("= 'it''s; DROP TABLE costs --'", TextTest(match=Match.EQUALS, values=("it's; DROP TABLE costs --",))),
    ],
)
def test_every_operator_compares_a_field(operator: str, expected: TextTest) -> None:
    condition = read_filter(f"costs.provider = 'aws' AND costs.service {operator}")
    assert condition == AllOf((AWS, FieldTest(CostField.SERVICE, expected)))


def test_and_binds_closer_than_or() -> None:
    region = FieldTest(CostField.REGION, TextTest(match=Match.EQUALS, values=("eu",)))
    written = "costs.provider = 'aws' OR costs.provider = 'gcp' AND costs.region = 'eu'"
    assert read_filter(written) == AnyOf((AWS, AllOf((GCP, region))))
    bracketed = "(costs.provider = 'aws' OR costs.provider = 'gcp') AND costs.region = 'eu'"
    assert read_filter(bracketed) == AllOf((AnyOf((AWS, GCP)), region))


def test_a_tag_is_named_and_then_compared() -> None:
    condition = read_filter(
        "costs.provider = 'aws' AND tags.name = 'team' AND tags.value IN ('a', 'b') AND tags.name = 'env'"
    )
    team = TagTest(TextTest(match=Match.EQUALS, values=("team",)), (TextTest(match=Match.EQUALS, values=("a", "b")),))
    assert condition == AllOf((AWS, team, TagTest(TextTest(match=Match.EQUALS, values=("env",)))))


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 1, "the filter ends"),
        ("costs.service = 'S3'", 1, "must name its provider"),
        ("costs.provider = 'aws' OR costs.service = 'S3'", 1, "must name its provider"),
        ("costs.provider IN ('aws', 'gcp')", 16, "named with =, one by one"),
        ("costs.provider != 'aws'", 16, "named with ="),
        ("costs.provider LIKE 'a%'", 16, "named with ="),
        ("costs.provider = aws", 18, "single quotes"),
        ('costs.provider = "aws"', 18, "single quotes"),
        ("costs.provider = 'aws", 18, "never closed"),
        ("costs.provider = 'aws' AND costs.colour = 'red'", 28, "expected one of costs.provider"),
        ("costs.provider = 'aws' costs.region = 'eu'", 24, "expected AND, OR or the end"),
        ("(costs.provider = 'aws'", 1, "never closed"),
        ("(costs.provider = 'aws' ')'", 1, "never closed"),
        ("costs.provider = 'aws' AND costs.service IN 'S3'", 45, "a list"),
        ("costs.provider = 'aws' AND costs.service IN ()", 46, "a text in single quotes"),
        ("costs.provider = 'aws' AND costs.service IN ('a' 'b')", 50, ", or )"),
        ("costs.provider = 'aws' AND costs.service > 'S3'", 42, "means nothing here"),
        ("costs.provider = 'aws' AND tags.value = 'x'", 28, "which tag"),
        ("costs.provider = 'aws' AND costs.marketplace = 'maybe'", 46, "= true or = false"),
        ("costs.provider = 'a\x00ws'", 18, "control character"),
        ("costs.provider = 'aws'; DROP TABLE costs", 23, "';' means nothing"),
        ("costs.provider = 'aws' AND costs.service LIKE '" + "%a" * 20 + "'", 47, "at most"),
        ("costs.provider = 'aws'" + " " * 10_000, 10_001, "at most 10000 characters"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(text: str, position: int, said: str) -> None:
    with pytest.raises(UnableToReadFilter, match=f"Filter, position {position}: ") as refused:
        read_filter(text)
    assert said in str(refused.value)
    assert refused.value.position == position


def test_brackets_without_end_are_refused_and_not_followed() -> None:
    with pytest.raises(UnableToReadFilter, match=f"at most {MOST_BRACKETS} deep"):
        read_filter("(" * 4_000 + "costs.provider = 'aws'")


def test_marketplace_is_yes_or_no() -> None:
    for written in ("true", "'true'", "TRUE"):
        condition = read_filter(f"costs.provider = 'aws' AND costs.marketplace = {written}")
        test = TextTest(match=Match.EQUALS, values=("true",))
        assert condition == AllOf((AWS, FieldTest(CostField.MARKETPLACE, test)))


@given(st.text(max_size=80))
def test_any_text_is_either_read_or_refused_with_a_place(text: str) -> None:
    try:
        read_filter(text)
    except UnableToReadFilter as refused:
        assert 1 <= refused.position <= len(text) + 1
