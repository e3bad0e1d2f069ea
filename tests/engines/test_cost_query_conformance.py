"""What every engine must answer to a cost query, to the last digit."""

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from billow.coststore.query import ChargeScope, CostQuery, DayCuts, Detail, DetailForm, label_of
from billow.coststore.run import UnableToQuery
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, joined, write_bill

ACCOUNT = ("BillingAccountId", "SubAccountId")
ACCOUNT_FIELDS = ("billing_account_id", "sub_account_id")


def ask(tmp_path: Path, *partitions: Any, **wanted: Any) -> list[dict[str, Any]]:
    query = CostQuery(**{"period": MARCH, "cost_column": "BilledCost", "group_by": ACCOUNT, **wanted})
    rows: list[dict[str, Any]] = FilesOnly(tmp_path / "spill").query(query, partitions=partitions).to_pylist()
    return rows


def test_sums_keep_every_digit_where_floats_would_lose_them(tmp_path: Path) -> None:
    tiny, huge = Decimal("0.000000000000000001"), Decimal("12345678901234567890.1")
    bill = write_bill(tmp_path, [a_charge(BilledCost=cost) for cost in (huge, tiny, tiny, -tiny)])
    (group,) = ask(tmp_path, bill)
    assert group["cost"] == huge + tiny
    assert group["charges"] == 4


def test_files_with_money_of_different_widths_are_added_exactly(tmp_path: Path) -> None:
    narrow = write_bill(tmp_path, [a_charge(BilledCost=Decimal("1.25"))], cost_type=pa.decimal128(9, 2), name="narrow")
    wide = write_bill(tmp_path, [a_charge(BilledCost=Decimal("0.000000000000000003"))], name="wide")
    (group,) = ask(tmp_path, joined(narrow, wide))
    assert group["cost"] == Decimal("1.250000000000000003")


def test_a_missing_cost_counts_as_zero_and_is_counted(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(ListCost=Decimal(2)), a_charge(), a_charge()])
    (group,) = ask(tmp_path, bill, cost_column="ListCost")
    assert (group["cost"], group["charges"], group["charges_without_cost"]) == (Decimal(2), 3, 2)


def test_a_column_that_no_row_has_is_a_null_in_every_group(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge()])
    (group,) = ask(tmp_path, bill, group_by=(*ACCOUNT, "RegionId", "x_NotThere"), cost_column="EffectiveCost")
    assert (group["RegionId"], group["x_NotThere"], group["cost"]) == (None, None, 0)


def test_a_cut_splits_only_its_scope_and_its_day_belongs_to_the_later_part(tmp_path: Path) -> None:
    days = (date(2026, 2, 20), date(2026, 3, 14), date(2026, 3, 15), date(2026, 4, 2))
    bill = write_bill(tmp_path, [a_charge(day=day, SubAccountId=sub) for day in days for sub in ("one", "two")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="one")
    groups = ask(tmp_path, bill, cuts=(DayCuts(scopes=(scope,), days=(date(2026, 3, 15),)),))
    assert [(group["SubAccountId"], group["first_day"], group["cost"]) for group in groups] == [
        ("one", date(2026, 3, 1), 2),
        ("one", date(2026, 3, 15), 2),
        ("two", date(2026, 3, 1), 4),
    ]


def test_where_scopes_overlap_the_first_cuts_count(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(day=date(2026, 3, day), SubAccountId=sub) for day in (1, 20) for sub in "ab"])
    narrow = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="a")
    everything = ChargeScope(integration_token=INTEGRATION)
    cuts = (DayCuts(scopes=(narrow,), days=()), DayCuts(scopes=(everything,), days=(date(2026, 3, 10),)))
    groups = ask(tmp_path, bill, cuts=cuts)
    assert [(group["SubAccountId"], group["first_day"].day) for group in groups] == [("a", 1), ("b", 1), ("b", 10)]


def test_a_charge_without_a_moment_belongs_to_the_first_day_and_one_of_another_month_to_the_nearer(
    tmp_path: Path,
) -> None:
    days = (date(2025, 1, 1), date(2026, 3, 30), date(2026, 3, 31), date(2027, 1, 1))
    late = [datetime.combine(day, time(23, 59)) for day in days]
    bill = write_bill(tmp_path, [a_charge(ChargePeriodStart=moment) for moment in (None, *late)])
    everything = ChargeScope(integration_token=INTEGRATION)
    groups = ask(tmp_path, bill, cuts=(DayCuts(scopes=(everything,), days=(date(2026, 3, 2), date(2026, 3, 31))),))
    assert [(group["first_day"].day, group["cost"]) for group in groups] == [(1, 2), (2, 1), (31, 2)]


def test_each_account_has_its_own_segments_and_a_wider_scope_those_of_the_rest(tmp_path: Path) -> None:
    def cut(day: int, *accounts: str | None) -> DayCuts:
        scope = ChargeScope(integration_token=INTEGRATION, **dict(zip(ACCOUNT_FIELDS, accounts, strict=False)))
        return DayCuts(scopes=(scope,), days=(date(2026, 3, day),))

    places = [("p", "1"), ("p", "2"), ("q", "1"), ("r", None), (None, None)]
    charges = [
        a_charge(day=date(2026, 3, day), BillingAccountId=payer, SubAccountId=sub)
        for payer, sub in places
        for day in (1, 5, 9, 20)
    ]
    cuts = (cut(5, "p", "1"), cut(9, "p"), cut(20, "q"), cut(9))
    groups = ask(tmp_path, write_bill(tmp_path, charges), cuts=cuts)
    found = [(group["BillingAccountId"], group["SubAccountId"], group["first_day"].day) for group in groups]
    later = {("p", "1"): 5, ("p", "2"): 9, ("q", "1"): 20, ("r", None): 9, (None, None): 9}
    assert found == [
        (*place, day) for place in sorted(later, key=lambda p: (p[0] or "", p[1] or "")) for day in (1, later[place])
    ]


@pytest.mark.parametrize("values", [(None,), (None, "a"), (None, "a", "b"), ("a", "b")])
def test_a_detail_of_few_values_splits_as_one_of_many(tmp_path: Path, values: tuple[str | None, ...]) -> None:
    charges = [a_charge(BillingAccountId=payer, ChargeClass=value) for payer in "pqr" for value in values]
    scopes = [
        ChargeScope(integration_token=INTEGRATION, billing_account_id=payer, sub_account_id=sub)
        for payer, sub in (("p", None), ("q", "one"))
    ]
    details = (Detail(column="ChargeClass", scopes=tuple(scopes)), Detail(column="x_NotThere", scopes=tuple(scopes)))
    groups = ask(tmp_path, write_bill(tmp_path, charges), details=details)
    found = [(group["BillingAccountId"], group["ChargeClass"], group["cost"]) for group in groups]
    assert found == [*((payer, value, 1) for payer in "pq" for value in values), ("r", None, len(values))]


def test_a_detail_makes_only_its_scopes_groups_finer(tmp_path: Path) -> None:
    charges = [a_charge(BillingAccountId=payer, ResourceId=resource) for payer in "pq" for resource in ("i-1", "i-2")]
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="p")
    groups = ask(tmp_path, write_bill(tmp_path, charges), details=(Detail(column="ResourceId", scopes=(scope,)),))
    assert [(group["BillingAccountId"], group["ResourceId"], group["cost"]) for group in groups] == [
        ("p", "i-1", 1),
        ("p", "i-2", 1),
        ("q", None, 2),
    ]


def test_only_reads_nothing_but_the_scopes(tmp_path: Path) -> None:
    charges = [a_charge(BillingAccountId=payer, SubAccountId=sub) for payer in "pq" for sub in ("a", "b", None)]
    scopes = (
        ChargeScope(integration_token=INTEGRATION, billing_account_id="p", sub_account_id="b"),
        ChargeScope(integration_token=INTEGRATION, billing_account_id="q"),
        ChargeScope(integration_token="accss_crdntl_00000000000000ff"),
    )
    groups = ask(tmp_path, write_bill(tmp_path, charges), only=scopes)
    found = [(group["BillingAccountId"], group["SubAccountId"]) for group in groups]
    assert found == [("p", "b"), ("q", None), ("q", "a"), ("q", "b")]


def test_usage_is_added_only_where_all_used_charges_have_one_unit(tmp_path: Path) -> None:
    def used(sub: str, amount: str | None, unit: str | None) -> dict[str, Any]:
        return a_charge(SubAccountId=sub, ConsumedQuantity=amount and Decimal(amount), ConsumedUnit=unit)

    charges = [used("same", "1.5", "GB"), used("same", "2", "GB"), used("same", None, None)]
    charges += [used("mixed", "1", "GB"), used("mixed", "1", "Hours"), used("none", None, "GB")]
    groups = ask(tmp_path, write_bill(tmp_path, charges), usage=True)
    found = {
        group["SubAccountId"]: (group["usage_amount"], group["usage_unit"], group["usage_mixed"]) for group in groups
    }
    assert found == {
        "same": (Decimal("3.5"), "GB", False),
        "mixed": (None, None, True),
        "none": (None, None, False),
    }


def test_a_label_with_several_values_is_null_and_a_name_is_the_last(tmp_path: Path) -> None:
    pairs = (("VMs", "old name"), ("Disks", "new name"))
    bill = write_bill(tmp_path, [a_charge(ServiceSubcategory=sub, SubAccountName=name) for sub, name in pairs])
    (group,) = ask(tmp_path, bill, labels=("ServiceSubcategory",), names=("SubAccountName",))
    assert (group[label_of("ServiceSubcategory")], group["SubAccountName"]) == (None, "old name")


def test_two_integrations_with_the_same_account_numbers_stay_apart(tmp_path: Path) -> None:
    other = "accss_crdntl_0000000000000002"
    bills = (
        write_bill(tmp_path / "1", [a_charge()]),
        write_bill(tmp_path / "2", [a_charge()], integration_token=other),
    )
    groups = ask(tmp_path, *bills)
    assert [group["integration_token"] for group in groups] == [INTEGRATION, other]


@pytest.mark.parametrize("name", ["O'Brien", '"; DROP TABLE x; --', "'); SELECT 1 --", "日本", "a\\", "%", "$1"])
def test_identifiers_are_data_whatever_they_contain(tmp_path: Path, name: str) -> None:
    bill = write_bill(tmp_path, [a_charge(SubAccountId=name), a_charge(SubAccountId="other")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id=name)
    cuts = (DayCuts(scopes=(scope,), days=(date(2026, 3, 5),)),)
    (group,) = ask(tmp_path, bill, only=(scope,), cuts=cuts)
    assert (group["SubAccountId"], group["first_day"]) == (name, date(2026, 3, 5))


def test_groups_come_sorted_with_nulls_first(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(SubAccountId=sub) for sub in ("b", None, "a", "Z", "ä")])
    assert [group["SubAccountId"] for group in ask(tmp_path, bill)] == [None, "Z", "a", "b", "ä"]


def test_money_stored_as_floats_is_refused(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(BilledCost=1.0)], cost_type=pa.float64())
    with pytest.raises(UnableToQuery, match="BilledCost as double, which is not exact"):
        ask(tmp_path, bill)


def test_a_partition_of_another_month_is_refused(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge()], period=MARCH.next)
    with pytest.raises(UnableToQuery, match="2026-04 was given for 2026-03"):
        ask(tmp_path, bill)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge()])
    bill.files[0].write_bytes(b"not parquet")
    with pytest.raises(UnableToQuery, match=r"part-0\.parquet cannot be read"):
        ask(tmp_path, bill)


def test_a_label_can_be_a_detail_as_well(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(ServiceSubcategory=name) for name in ("x", "y")])
    everybody = (ChargeScope(integration_token=INTEGRATION),)
    details = (Detail(column="ServiceSubcategory", scopes=everybody),)
    found = ask(tmp_path, bill, labels=("ServiceSubcategory",), details=details)
    assert [(group["ServiceSubcategory"], group[label_of("ServiceSubcategory")]) for group in found] == [
        ("x", "x"),
        ("y", "y"),
    ]


def test_whether_a_text_is_there_can_tell_groups_of_some_apart(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(RegionId="eu-1", SubAccountId=sub) for sub in ("one", "two")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="one")
    detail = Detail(column="RegionId", scopes=(scope,), form=DetailForm.PRESENT)
    assert [group[detail.name] for group in ask(tmp_path, bill, details=(detail,))] == ["y", None]
