"""Rules written to do harm, put through a whole month of two customers: at most their own customer has no result."""

import builtins
import io
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import BillingRule, CustomRule
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedCosts, RatedMonth
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, write_bill
from tests.engines.rated_bills import aws_line, sql, total
from tests.hostile_rules import HARMLESS, REFUSED

pytestmark = pytest.mark.timeout(60)

PLAIN = sql("UPDATE costs SET costs.amount = costs.amount * 1.1", "plain")
LONG = "ab" * 900 + "é%_\\'\n" + "ba" * 900


def the_bill() -> list[dict[str, Any]]:
    mine = [
        aws_line("10"),
        aws_line("-3", "Credit"),
        a_charge(BilledCost=Decimal("0"), ConsumedQuantity=Decimal(0)),
        a_charge(BilledCost=Decimal("12345678901234567890.123456789012345678"), ServiceName="Huge"),
        a_charge(BilledCost=Decimal(7), ResourceId=LONG, Tags='{"rate": "none", "team": "red"}'),
        a_charge(BilledCost=Decimal(5), ConsumedQuantity=Decimal(2), Tags='{"rate": "2.5"}'),
    ]
    return [
        {**charge, "SubAccountId": account, **({"lineItem/UsageAccountId": account} if _is_aws(charge) else {})}
        for account in ("mine", "theirs")
        for charge in mine
    ]


def _is_aws(charge: dict[str, Any]) -> bool:
    return "lineItem/LineItemType" in charge


@pytest.fixture(scope="module")
def month_with(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("bill")
    partition = write_bill(folder, the_bill())

    def rated(*rules: BillingRule) -> RatedMonth:
        agreed = {"mine": rules, "theirs": (PLAIN,)}
        return rate(
            store=FilesOnly(folder / "spill"),
            partitions=[partition],
            period=MARCH,
            agreements=[Agreement(account_token=account, currency="USD", rules=own) for account, own in agreed.items()],
            delegations=[
                Delegation(
                    integration_token=INTEGRATION,
                    account_token=account,
                    billing_account_id="payer",
                    sub_account_id=account,
                )
                for account in agreed
            ],
        )

    return rated


@pytest.fixture(scope="module")
def undisturbed(month_with: Any) -> RatedCosts:
    """Give what the other customer pays in a month in which nobody does harm."""
    month: RatedMonth = month_with(PLAIN)
    return month.by_account["theirs"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Tell every file that Python opens while a test runs."""
    seen: list[str] = []

    def watching(original: Any) -> Any:
        def opener(file: Any, *arguments: Any, **options: Any) -> Any:
            seen.append(str(file))
            return original(file, *arguments, **options)

        return opener

    monkeypatch.setattr(builtins, "open", watching(builtins.open))
    monkeypatch.setattr(io, "open", watching(io.open))
    monkeypatch.setattr(os, "open", watching(os.open))
    yield seen


def no_secret_was_opened(opened: list[str]) -> bool:
    return not any(name in path for path in opened for name in ("passwd", "/etc/", "stolen", "other.db", ".so"))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in REFUSED])
def test_a_hostile_text_that_was_never_checked_still_never_runs(month_with: Any, opened: list[str], text: str) -> None:
    with pytest.raises(UnableToRate, match="The SQL of Hostile cannot be run"):
        month_with(sql(text, "hostile"))
    assert no_secret_was_opened(opened)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HARMLESS])
def test_a_text_that_only_looks_hostile_keeps_to_its_customer(
    month_with: Any, opened: list[str], undisturbed: RatedCosts, text: str
) -> None:
    month: RatedMonth = month_with(sql(text, "odd"))
    assert month.by_account["theirs"] == undisturbed
    assert month.by_account["mine"].failure is None
    assert total(month.by_account["mine"]) is not None
    assert no_secret_was_opened(opened)


def the_list(length: int) -> str:
    return ", ".join(f"'{number}'" for number in range(length))


AMOUNT = "UPDATE costs SET costs.amount = "
SERVICE = "UPDATE costs SET costs.service = "
CASES = "".join(f"CASE WHEN costs.service LIKE '%{number}%' THEN {number} ELSE " for number in range(45))
HEAVY = [
    ("many wildcards on a long text", "DELETE FROM costs WHERE costs.resource_id LIKE '" + "%a" * 400 + "x'"),
    ("many underscores on a long text", "DELETE FROM costs WHERE costs.resource_id LIKE '" + "%_a" * 300 + "x'"),
    ("a pattern made of the text", "DELETE FROM costs WHERE costs.service LIKE '%' || costs.region || '%z'"),
    ("a thousand values", f"DELETE FROM costs WHERE costs.service IN ({the_list(1_000)})"),
    ("not among a thousand values", f"{AMOUNT} costs.amount WHERE costs.resource_id NOT IN ({the_list(1_000)})"),
    ("forty-five cases deep", f"{AMOUNT} {CASES} 0 {'END ' * 45}"),
    ("an amount as a text as an amount", f"{AMOUNT} CAST(CAST(costs.amount AS VARCHAR) AS DECIMAL)"),
    ("rounded and bounded", f"{AMOUNT} LEAST(GREATEST(ROUND(costs.amount / 3, 18), -1), 1)"),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HEAVY])
def test_a_heavy_rule_is_carried_out(month_with: Any, undisturbed: RatedCosts, text: str) -> None:
    month: RatedMonth = month_with(*(sql(text, f"heavy-{number}") for number in range(20)))
    assert month.by_account["mine"].failure is None
    total(month.by_account["mine"])
    assert month.by_account["theirs"] == undisturbed


def doubling(times: int) -> list[CustomRule]:
    return [sql(f"{SERVICE} costs.service || costs.service", f"double-{number:02}") for number in range(times)]


def growing(factor: str, times: int) -> list[CustomRule]:
    return [sql(f"{AMOUNT} costs.amount * {factor}", f"grow-{number:02}") for number in range(times)]


RUN_INTO_LIMITS = [
    ("a text doubled thirty times", doubling(30), "Double-", "a text of more than 4,000 characters"),
    ("an amount that grows", growing("1000000", 20), "Grow-", "an amount with more than 20 digits"),
    ("squares of squares", growing("costs.amount", 40), "Grow-", "an amount with more than 20 digits"),
    (
        "divided by what may be zero",
        [sql(f"{AMOUNT} costs.amount / costs.usage_amount", "by-usage")],
        "By-usage",
        "a division by zero",
    ),
    (
        "divided by a tag that is missing",
        [sql(f"{AMOUNT} costs.amount / CAST(costs.tags.nothing AS DECIMAL)", "by-tag")],
        "By-tag",
        "a division by zero",
    ),
    (
        "a number that is none",
        [sql(f"{AMOUNT} costs.amount * CAST(costs.tags.rate AS DECIMAL)", "by-rate")],
        "By-rate",
        "the text 'none' where a number is needed",
    ),
    (
        "a pattern that is too long",
        [sql("DELETE FROM costs WHERE costs.service LIKE costs.resource_id || '%'", "by-pattern")],
        "By-pattern",
        "a LIKE pattern of more than 1,000 characters",
    ),
    (
        "a sum that does not fit",
        [
            sql(
                "INSERT INTO costs (provider, service, cost_type, amount) "
                "SELECT 'a', 'b', 'Fee', SUM(costs.amount) * 1000000 FROM costs",
                "too-much",
            )
        ],
        "Too-much",
        "an amount with more than 20 digits",
    ),
]


@pytest.mark.parametrize(("rules", "title", "words"), [pytest.param(*rest, id=name) for name, *rest in RUN_INTO_LIMITS])
def test_a_rule_that_runs_into_a_limit_fails_for_its_customer_only(
    month_with: Any, undisturbed: RatedCosts, rules: list[CustomRule], title: str, words: str
) -> None:
    month: RatedMonth = month_with(*rules)
    failure = month.by_account["mine"].failure
    assert failure is not None
    assert failure.message.startswith(title)
    assert words in failure.message
    assert month.by_account["mine"].lines == ()
    assert month.by_account["theirs"] == undisturbed


def test_what_looks_like_a_number_in_python_alone_is_none(month_with: Any, undisturbed: RatedCosts) -> None:
    for text in ("1_000", " 5 ", "٣", "1e999999", "NaN", "Infinity", "0x10"):
        month: RatedMonth = month_with(sql(f"{AMOUNT} costs.amount * CAST('{text}' || '' AS DECIMAL)", "odd"))
        failure = month.by_account["mine"].failure
        assert failure is not None and "where a number is needed" in failure.message, text
        assert month.by_account["theirs"] == undisturbed


def test_work_is_limited_and_the_limit_stops_one_customer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, month_with: Any, undisturbed: RatedCosts
) -> None:
    monkeypatch.setattr("billow.billingrules.walk.MOST_WORK", 5_000)
    text = f"DELETE FROM costs WHERE costs.resource_id LIKE '{'%_a' * 300}x'"
    month: RatedMonth = month_with(*(sql(text, f"busy-{number}") for number in range(20)))
    failure = month.by_account["mine"].failure
    assert failure is not None and "more work than the limit of 5,000 looks" in failure.message
    assert month.by_account["theirs"] == undisturbed
