"""Costs over time: bins, groups, filters and settings, exactly and without losing a charge."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from billow.coststore.condition import CostField
from billow.coststore.query import ChargeScope
from billow.coststore.series import DateBin, GroupBy, Kind, ProviderPartition, SeriesQuery, TooManyGroups
from billow.coststore.store import CostStore
from billow.coststore.vql import read_filter
from billow.ingest.load import read_bill
from tests.unit.ingest.focus_bills import TOKEN, write_bill

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
SERVICE = GroupBy(CostField.SERVICE)
Ask = Callable[..., list[dict[str, Any]]]


def charge(**changes: str) -> dict[str, str]:
    day = changes.pop("day", "05")
    return {"ChargePeriodStart": f"2026-03-{day}T10:00:00Z", "ChargePeriodEnd": f"2026-03-{day}T11:00:00Z", **changes}


CHARGES = (
    charge(BilledCost="1.000000000000000001", Tags='{"team":"data"}', RegionId="eu-1", ConsumedUnit="GB"),
    charge(day="06", BilledCost="2", ServiceName="Amazon EC2", Tags='{"team":"web","env":"prod"}', ResourceId="i-1"),
    charge(day="07", BilledCost="-0.5", ChargeCategory="Credit", ServiceName="Amazon EC2", Tags=""),
    charge(day="31", BilledCost="4", ChargeCategory="Tax", EffectiveCost="", Tags='"no json object"'),
    charge(BilledCost="8", SubAccountId="200000000002", Tags='{"it\'s \\"odd\\"":"yes"}'),
)


@pytest.fixture
def partitions(store: CostStore, tmp_path: Path) -> list[ProviderPartition]:
    result = read_bill(paths=[write_bill(tmp_path, *CHARGES)], integration_token=TOKEN, store=store)
    assert result.issues == () or not any(issue.is_error for issue in result.issues)
    return [ProviderPartition(partition=each.partition, provider="aws") for each in result.imports]


@pytest.fixture
def ask(store: CostStore, partitions: list[ProviderPartition]) -> Ask:
    def answer(filter: str = "", **question: Any) -> list[dict[str, Any]]:
        where = read_filter(filter) if filter else None
        asked = {"first_day": FIRST, "last_day": LAST, "date_bin": DateBin.MONTH, "where": where, **question}
        rows: list[dict[str, Any]] = store.series(SeriesQuery(**asked), partitions=partitions).to_pylist()
        return rows

    return answer


def total(rows: list[dict[str, Any]]) -> Decimal:
    return sum((row["cost"] for row in rows), Decimal(0))


def test_a_month_is_the_whole_bill_to_the_last_digit(ask: Ask) -> None:
    rows = ask()
    assert total(rows) == Decimal("14.500000000000000001")
    assert {str(row["bin"]) for row in rows} == {"2026-03-01 00:00:00"}
    assert sum(row["charges"] for row in rows) == 5


@pytest.mark.parametrize(
    ("date_bin", "first_bins"),
    [
        (DateBin.HOUR, ["2026-03-05 10:00", "2026-03-06 10:00", "2026-03-07 10:00", "2026-03-31 10:00"]),
        (DateBin.DAY, ["2026-03-05 00:00", "2026-03-06 00:00", "2026-03-07 00:00", "2026-03-31 00:00"]),
        (DateBin.WEEK, ["2026-03-02 00:00", "2026-03-30 00:00"]),
        (DateBin.MONTH, ["2026-03-01 00:00"]),
        (DateBin.QUARTER, ["2026-01-01 00:00"]),
    ],
)
def test_bins_begin_where_calendars_say(ask: Ask, date_bin: DateBin, first_bins: list[str]) -> None:
    rows = ask(date_bin=date_bin)
    assert sorted({f"{row['bin']:%Y-%m-%d %H:%M}" for row in rows}) == first_bins
    assert total(rows) == Decimal("14.500000000000000001")


def test_only_the_days_asked_for_count(ask: Ask) -> None:
    assert total(ask(first_day=date(2026, 3, 6), last_day=date(2026, 3, 7))) == Decimal("1.5")
    assert ask(first_day=date(2026, 4, 1), last_day=date(2026, 4, 30)) == []


def test_a_charge_billed_in_another_month_than_it_began_counts_where_it_was_billed(
    store: CostStore, tmp_path: Path
) -> None:
    late = {**charge(BilledCost="3", ChargeClass="Correction"), "ChargePeriodStart": "2026-02-10T00:00:00Z"}
    (only,) = read_bill(paths=[write_bill(tmp_path, late)], integration_token=TOKEN, store=store).imports
    source = [ProviderPartition(partition=only.partition, provider="aws")]
    query = SeriesQuery(first_day=FIRST, last_day=LAST, date_bin=DateBin.DAY)
    (row,) = store.series(query, partitions=source).to_pylist()
    assert (str(row["bin"]), row["cost"]) == ("2026-03-01 00:00:00", Decimal(3))


def test_groups_are_fields_and_tags(ask: Ask) -> None:
    by_service = ask(group_by=(SERVICE, GroupBy(CostField.PROVIDER)))
    sums: dict[str, Decimal] = {}
    for row in by_service:
        sums[row["group_0"]] = sums.get(row["group_0"], Decimal(0)) + row["cost"]
        assert row["group_1"] == "aws"
    assert sums == {"Amazon EC2": Decimal("1.5"), "Amazon S3": Decimal("13.000000000000000001")}
    by_team = {row["group_0"]: row["cost"] for row in ask(group_by=(GroupBy(None, tag="team"),)) if row["group_0"]}
    assert by_team == {"data": Decimal("1.000000000000000001"), "web": Decimal(2)}
    odd = {row["group_0"] for row in ask(group_by=(GroupBy(None, tag='it\'s "odd"'),))}
    assert odd == {None, "yes"}
    tagged = {
        row["group_0"]: row["cost"] for row in ask(group_by=(GroupBy(CostField.TAGGED),)) if not row["usage_unit"]
    }
    assert tagged == {"true": Decimal(10), "false": Decimal("3.5")}


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("costs.provider = 'gcp'", "0"),
        (f"costs.provider = 'aws:{TOKEN}'", "14.500000000000000001"),
        ("costs.provider = 'aws' AND costs.service = 'Amazon EC2'", "1.5"),
        ("costs.provider = 'aws' AND costs.service LIKE '%EC_'", "1.5"),
        ("costs.provider = 'aws' AND costs.service ~* ('ec2', 'nothing')", "1.5"),
        ("costs.provider = 'aws' AND costs.region != 'eu-1'", "13.5"),
        ("costs.provider = 'aws' AND costs.account_id IN ('200000000002')", "8"),
        ("costs.provider = 'aws' AND costs.charge_type = 'Tax'", "4"),
        ("costs.provider = 'aws' AND tags.name = 'team' AND tags.value != 'data'", "2"),
        ("costs.provider = 'aws' AND tags.name != 'team'", "11.5"),
        ("costs.provider = 'aws' AND tags.name ~* 'ODD'", "8"),
        ("costs.provider = 'aws' AND costs.marketplace = true", "0"),
        ("costs.provider = 'aws' AND costs.service = 'x'' OR ''1''=''1'", "0"),
    ],
)
def test_filters_find_what_they_say(ask: Ask, filter: str, expected: str) -> None:
    assert total(ask(filter)) == Decimal(expected)


def test_kinds_of_charges_can_be_left_out(ask: Ask) -> None:
    assert total(ask(without=frozenset({Kind.TAX}))) == Decimal("10.500000000000000001")
    assert total(ask(without=frozenset(Kind))) == Decimal("11.000000000000000001")


def test_amortised_costs_take_what_was_billed_where_nothing_else_is_told(ask: Ask) -> None:
    assert total(ask(amortized=True)) == Decimal(8), "four effective costs of 1, and a tax without one"


def test_scopes_limit_the_charges(ask: Ask) -> None:
    scope = ChargeScope(integration_token=TOKEN, billing_account_id="100000000001", sub_account_id="200000000002")
    assert total(ask(only=(scope,))) == Decimal(8)
    assert ask(only=()) == []


def test_slices_are_partitions_that_add_up_to_the_series(
    store: CostStore, partitions: list[ProviderPartition], tmp_path: Path
) -> None:
    query = SeriesQuery(first_day=FIRST, last_day=LAST, date_bin=DateBin.DAY, group_by=(SERVICE,))
    with store.slices(query, partitions=partitions, most=10) as slices:
        assert [(f"{each.bin:%d}", each.groups, each.partition.rows) for each in slices] == [
            ("05", ("Amazon S3",), 2),
            ("06", ("Amazon EC2",), 1),
            ("07", ("Amazon EC2",), 1),
            ("31", ("Amazon S3",), 1),
        ]
        costs = [pq.read_table(file)["BilledCost"].to_pylist() for each in slices for file in each.partition.files]
        assert sum((cost for part in costs for cost in part), Decimal(0)) == Decimal("14.500000000000000001")
        kept = slices[0].partition.files[0]
    assert not kept.exists()
    with pytest.raises(TooManyGroups), store.slices(query, partitions=partitions, most=3):
        pass
