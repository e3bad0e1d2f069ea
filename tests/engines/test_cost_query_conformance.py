"""What every engine must answer to a cost query, to the last digit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from billow.coststore.query import (
    AskedTests,
    ChargeScope,
    CostQuery,
    DayCuts,
    Detail,
    DetailForm,
    Look,
    TextTest,
    label_of,
)
from billow.coststore.run import UnableToQuery
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, joined, numbered, write_bill

ACCOUNT = ("BillingAccountId", "SubAccountId")
ACCOUNT_FIELDS = ("billing_account_id", "sub_account_id")


Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=["texts", "numbers"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    """Group by texts, or by the numbers of lines: that must be the same."""

    def answer(*partitions: Any, **wanted: Any) -> list[dict[str, Any]]:
        query = CostQuery(**{"period": MARCH, "cost_column": "BilledCost", "group_by": ACCOUNT, **wanted})
        store = FilesOnly(tmp_path / "spill", by_number=request.param == "numbers")
        rows: list[dict[str, Any]] = store.query(query, partitions=partitions).to_pylist()
        return rows

    return answer


def test_sums_keep_every_digit_where_floats_would_lose_them(ask: Ask, tmp_path: Path) -> None:
    tiny, huge = Decimal("0.000000000000000001"), Decimal("12345678901234567890.1")
    bill = write_bill(tmp_path, [a_charge(BilledCost=cost) for cost in (huge, tiny, tiny, -tiny)])
    (group,) = ask(bill)
    assert group["cost"] == huge + tiny
    assert group["charges"] == 4


def test_files_with_money_of_different_widths_are_added_exactly(ask: Ask, tmp_path: Path) -> None:
    narrow = write_bill(tmp_path, [a_charge(BilledCost=Decimal("1.25"))], cost_type=pa.decimal128(9, 2), name="narrow")
    wide = write_bill(tmp_path, [a_charge(BilledCost=Decimal("0.000000000000000003"))], name="wide")
    (group,) = ask(joined(narrow, wide))
    assert group["cost"] == Decimal("1.250000000000000003")


def test_a_missing_cost_counts_as_zero_and_is_counted(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(ListCost=Decimal(2)), a_charge(), a_charge()])
    (group,) = ask(bill, cost_column="ListCost")
    assert (group["cost"], group["charges"], group["charges_without_cost"]) == (Decimal(2), 3, 2)


def test_a_column_that_no_row_has_is_a_null_in_every_group(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge()])
    (group,) = ask(bill, group_by=(*ACCOUNT, "RegionId", "x_NotThere"), cost_column="EffectiveCost")
    assert (group["RegionId"], group["x_NotThere"], group["cost"]) == (None, None, 0)


def test_a_cut_splits_only_its_scope_and_its_day_belongs_to_the_later_part(ask: Ask, tmp_path: Path) -> None:
    days = (date(2026, 2, 20), date(2026, 3, 14), date(2026, 3, 15), date(2026, 4, 2))
    bill = write_bill(tmp_path, [a_charge(day=day, SubAccountId=sub) for day in days for sub in ("one", "two")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="one")
    groups = ask(bill, cuts=(DayCuts(scopes=(scope,), days=(date(2026, 3, 15),)),))
    assert [(group["SubAccountId"], group["first_day"], group["cost"]) for group in groups] == [
        ("one", date(2026, 3, 1), 2),
        ("one", date(2026, 3, 15), 2),
        ("two", date(2026, 3, 1), 4),
    ]


def test_where_scopes_overlap_the_first_cuts_count(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(day=date(2026, 3, day), SubAccountId=sub) for day in (1, 20) for sub in "ab"])
    narrow = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="a")
    everything = ChargeScope(integration_token=INTEGRATION)
    cuts = (DayCuts(scopes=(narrow,), days=()), DayCuts(scopes=(everything,), days=(date(2026, 3, 10),)))
    groups = ask(bill, cuts=cuts)
    assert [(group["SubAccountId"], group["first_day"].day) for group in groups] == [("a", 1), ("b", 1), ("b", 10)]


def test_a_charge_without_a_moment_belongs_to_the_first_day_and_one_of_another_month_to_the_nearer(
    ask: Ask,
    tmp_path: Path,
) -> None:
    days = (date(2025, 1, 1), date(2026, 3, 30), date(2026, 3, 31), date(2027, 1, 1))
    late = [datetime.combine(day, time(23, 59)) for day in days]
    bill = write_bill(tmp_path, [a_charge(ChargePeriodStart=moment) for moment in (None, *late)])
    everything = ChargeScope(integration_token=INTEGRATION)
    groups = ask(bill, cuts=(DayCuts(scopes=(everything,), days=(date(2026, 3, 2), date(2026, 3, 31))),))
    assert [(group["first_day"].day, group["cost"]) for group in groups] == [(1, 2), (2, 1), (31, 2)]


def test_each_account_has_its_own_segments_and_a_wider_scope_those_of_the_rest(ask: Ask, tmp_path: Path) -> None:
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
    groups = ask(write_bill(tmp_path, charges), cuts=cuts)
    found = [(group["BillingAccountId"], group["SubAccountId"], group["first_day"].day) for group in groups]
    later = {("p", "1"): 5, ("p", "2"): 9, ("q", "1"): 20, ("r", None): 9, (None, None): 9}
    assert found == [
        (*place, day) for place in sorted(later, key=lambda p: (p[0] or "", p[1] or "")) for day in (1, later[place])
    ]


@pytest.mark.parametrize("values", [(None,), (None, "a"), (None, "a", "b"), ("a", "b")])
def test_a_detail_of_few_values_splits_as_one_of_many(ask: Ask, tmp_path: Path, values: tuple[str | None, ...]) -> None:
    charges = [a_charge(BillingAccountId=payer, ChargeClass=value) for payer in "pqr" for value in values]
    scopes = [
        ChargeScope(integration_token=INTEGRATION, billing_account_id=payer, sub_account_id=sub)
        for payer, sub in (("p", None), ("q", "one"))
    ]
    details = (Detail(column="ChargeClass", scopes=tuple(scopes)), Detail(column="x_NotThere", scopes=tuple(scopes)))
    groups = ask(write_bill(tmp_path, charges), details=details)
    found = [(group["BillingAccountId"], group["ChargeClass"], group["cost"]) for group in groups]
    assert found == [*((payer, value, 1) for payer in "pq" for value in values), ("r", None, len(values))]


def test_a_detail_makes_only_its_scopes_groups_finer(ask: Ask, tmp_path: Path) -> None:
    charges = [a_charge(BillingAccountId=payer, ResourceId=resource) for payer in "pq" for resource in ("i-1", "i-2")]
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="p")
    groups = ask(write_bill(tmp_path, charges), details=(Detail(column="ResourceId", scopes=(scope,)),))
    assert [(group["BillingAccountId"], group["ResourceId"], group["cost"]) for group in groups] == [
        ("p", "i-1", 1),
        ("p", "i-2", 1),
        ("q", None, 2),
    ]


def test_only_reads_nothing_but_the_scopes(ask: Ask, tmp_path: Path) -> None:
    charges = [a_charge(BillingAccountId=payer, SubAccountId=sub) for payer in "pq" for sub in ("a", "b", None)]
    scopes = (
        ChargeScope(integration_token=INTEGRATION, billing_account_id="p", sub_account_id="b"),
        ChargeScope(integration_token=INTEGRATION, billing_account_id="q"),
        ChargeScope(integration_token="accss_crdntl_00000000000000ff"),
    )
    groups = ask(write_bill(tmp_path, charges), only=scopes)
    found = [(group["BillingAccountId"], group["SubAccountId"]) for group in groups]
    assert found == [("p", "b"), ("q", None), ("q", "a"), ("q", "b")]


def test_usage_is_added_only_where_all_used_charges_have_one_unit(ask: Ask, tmp_path: Path) -> None:
    def used(sub: str, amount: str | None, unit: str | None) -> dict[str, Any]:
        return a_charge(SubAccountId=sub, ConsumedQuantity=amount and Decimal(amount), ConsumedUnit=unit)

    charges = [used("same", "1.5", "GB"), used("same", "2", "GB"), used("same", None, None)]
    charges += [used("mixed", "1", "GB"), used("mixed", "1", "Hours"), used("none", None, "GB")]
    groups = ask(write_bill(tmp_path, charges), usage=True)
    found = {
        group["SubAccountId"]: (group["usage_amount"], group["usage_unit"], group["usage_mixed"]) for group in groups
    }
    assert found == {
        "same": (Decimal("3.5"), "GB", False),
        "mixed": (None, None, True),
        "none": (None, None, False),
    }


def test_a_label_with_several_values_is_null_and_a_name_is_the_last(ask: Ask, tmp_path: Path) -> None:
    pairs = (("VMs", "old name"), ("Disks", "new name"))
    bill = write_bill(tmp_path, [a_charge(ServiceSubcategory=sub, SubAccountName=name) for sub, name in pairs])
    (group,) = ask(bill, labels=("ServiceSubcategory",), names=("SubAccountName",))
    assert (group[label_of("ServiceSubcategory")], group["SubAccountName"]) == (None, "old name")


def test_two_integrations_with_the_same_account_numbers_stay_apart(ask: Ask, tmp_path: Path) -> None:
    other = "accss_crdntl_0000000000000002"
    bills = (
        write_bill(tmp_path / "1", [a_charge()]),
        write_bill(tmp_path / "2", [a_charge()], integration_token=other),
    )
    groups = ask(*bills)
    assert [group["integration_token"] for group in groups] == [INTEGRATION, other]


@pytest.mark.parametrize("name", ["O'Brien", '"; DROP TABLE x; --', "'); SELECT 1 --", "日本", "a\\", "%", "$1"])
def test_identifiers_are_data_whatever_they_contain(ask: Ask, tmp_path: Path, name: str) -> None:
    bill = write_bill(tmp_path, [a_charge(SubAccountId=name), a_charge(SubAccountId="other")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id=name)
    cuts = (DayCuts(scopes=(scope,), days=(date(2026, 3, 5),)),)
    (group,) = ask(bill, only=(scope,), cuts=cuts)
    assert (group["SubAccountId"], group["first_day"]) == (name, date(2026, 3, 5))


def test_groups_come_sorted_with_nulls_first(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(SubAccountId=sub) for sub in ("b", None, "a", "Z", "ä")])
    assert [group["SubAccountId"] for group in ask(bill)] == [None, "Z", "a", "b", "ä"]


def test_money_stored_as_floats_is_refused(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(BilledCost=1.0)], cost_type=pa.float64())
    with pytest.raises(UnableToQuery, match="BilledCost as double, which is not exact"):
        ask(bill)


def test_a_partition_of_another_month_is_refused(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge()], period=MARCH.next)
    with pytest.raises(UnableToQuery, match="2026-04 was given for 2026-03"):
        ask(bill)


@pytest.mark.parametrize("name", ["part-0.parquet", "lines.parquet"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    bill = numbered(write_bill(tmp_path, [a_charge()]), folder=tmp_path / "numbered")
    (bill.files[0].parent / name).write_bytes(b"not parquet")
    query = CostQuery(period=MARCH, cost_column="BilledCost", group_by=ACCOUNT)
    with pytest.raises(UnableToQuery, match=f"{name} cannot be read"):
        FilesOnly(tmp_path / "spill").query(query, partitions=[bill])


TEXTS = (None, "", "a")


def test_every_mix_of_nulls_and_empty_texts_is_a_line_of_its_own(ask: Ask, tmp_path: Path) -> None:
    columns = ("SubAccountId", "RegionId", "ServiceName")
    mixes = list(product(TEXTS, repeat=len(columns)))
    named: list[dict[str, Any]] = [dict(zip(columns, mix, strict=True)) for mix in mixes]
    charges = [a_charge(**texts) for texts in named]
    groups = ask(write_bill(tmp_path, charges), group_by=("BillingAccountId", *columns))
    assert [tuple(group[name] for name in columns) for group in groups] == mixes
    assert [(group["BillingAccountId"], group["cost"]) for group in groups] == [("payer", 1)] * len(mixes)


def test_a_detail_may_be_a_column_that_lines_show(ask: Ask, tmp_path: Path) -> None:
    names = ("new", "old", None)
    charges = [a_charge(BillingAccountId=payer, SubAccountName=name) for payer in "pq" for name in names]
    scopes = (ChargeScope(integration_token=INTEGRATION, billing_account_id="p"),)
    forms = (DetailForm.VALUE, DetailForm.PRESENT)
    details = tuple(Detail(column="SubAccountName", scopes=scopes, form=form) for form in forms)
    groups = ask(write_bill(tmp_path, charges), details=details, names=("ServiceSubcategory",))
    shown = ("BillingAccountId", "SubAccountName", "SubAccountName:present", "cost")
    assert [tuple(group[name] for name in shown) for group in groups] == [
        ("p", None, None, 1),
        ("p", "new", "y", 1),
        ("p", "old", "y", 1),
        ("q", None, None, 3),
    ]


def test_a_detail_may_tell_missing_and_zero_numbers_from_others(ask: Ask, tmp_path: Path) -> None:
    charges = [a_charge(ListCost=cost) for cost in (None, Decimal(0), Decimal(7))]
    detail = Detail(column="ListCost", scopes=(ChargeScope(integration_token=INTEGRATION),), form=DetailForm.ZERO)
    groups = ask(write_bill(tmp_path, charges), details=(detail,))
    assert [(group["ListCost:zero"], group["charges"]) for group in groups] == [(None, 1), ("y", 2)]


def test_files_with_numbers_and_files_without_are_answered_together(tmp_path: Path) -> None:
    bills = [write_bill(tmp_path / name, [a_charge(), a_charge(SubAccountId=name)]) for name in ("one", "two")]
    mixed = [numbered(bills[0], folder=tmp_path / "numbered"), bills[1]]
    query = CostQuery(period=MARCH, cost_column="BilledCost", group_by=ACCOUNT, usage=True, labels=("ServiceName",))
    store = FilesOnly(tmp_path / "spill")
    answer = store.query(query, partitions=mixed)
    assert answer.equals(store.query(query, partitions=bills))
    assert answer.column("charges").to_pylist() == [3, 1]


def test_numbers_without_their_file_are_not_used(tmp_path: Path) -> None:
    bill = numbered(write_bill(tmp_path, [a_charge(), a_charge(SubAccountId="two")]), folder=tmp_path / "numbered")
    (bill.files[0].parent / "lines.parquet").unlink()
    query = CostQuery(period=MARCH, cost_column="BilledCost", group_by=ACCOUNT)
    answer = FilesOnly(tmp_path / "spill").query(query, partitions=[bill])
    assert answer.column("SubAccountId").to_pylist() == ["one", "two"]


def test_a_label_can_be_a_detail_as_well(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(ServiceSubcategory=name) for name in ("x", "y")])
    everybody = (ChargeScope(integration_token=INTEGRATION),)
    details = (Detail(column="ServiceSubcategory", scopes=everybody),)
    found = ask(bill, labels=("ServiceSubcategory",), details=details)
    assert [(group["ServiceSubcategory"], group[label_of("ServiceSubcategory")]) for group in found] == [
        ("x", "x"),
        ("y", "y"),
    ]


def test_whether_a_text_is_there_can_tell_groups_of_some_apart(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(RegionId="eu-1", SubAccountId=sub) for sub in ("one", "two")])
    scope = ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id="one")
    detail = Detail(column="RegionId", scopes=(scope,), form=DetailForm.PRESENT)
    assert [group[detail.name] for group in ask(bill, details=(detail,))] == ["y", None]


def test_tests_of_a_text_tell_groups_of_some_apart(ask: Ask, tmp_path: Path) -> None:
    names = (None, "", "i-1", "I-1", "vm/i-12", "\u00c4rger/i-1")
    bill = write_bill(tmp_path, [a_charge(SubAccountId=sub, ResourceId=name) for sub in "pqr" for name in names])

    def scope(sub: str | None) -> tuple[ChargeScope, ...]:
        return (ChargeScope(integration_token=INTEGRATION, billing_account_id="payer", sub_account_id=sub),)

    asked = (
        TextTest(look=Look.ENDS, texts=("i-1",)),
        TextTest(look=Look.IS, texts=("", "x")),
        TextTest(look=Look.CONTAINS, texts=("M/I",), fold="upper"),
        TextTest(look=Look.BEGINS, texts=("vm",)),
    )
    tested = (AskedTests(scopes=scope("p"), numbers=(0, 1)), AskedTests(scopes=scope("q"), numbers=(2,)))
    detail = Detail(
        column="ResourceId", form=DetailForm.TESTS, scopes=(*scope("p"), *scope("q")), tests=asked, tested=tested
    )
    groups = ask(bill, details=(detail,))
    assert [(group["SubAccountId"], group["ResourceId:tests"], group["charges"]) for group in groups] == [
        ("p", ",", 2),
        ("p", ",0,", 2),
        ("p", ",1,", 2),
        ("q", ",", 4),
        ("q", ",2,", 1),
        ("q", "=\u00c4rger/i-1", 1),
        ("r", None, 6),
    ]
    wide = AskedTests(scopes=scope(None), numbers=(3,))
    wider = replace(detail, scopes=scope(None), tested=(*tested, wide))
    found = {
        (group["SubAccountId"], group["ResourceId:tests"]): group["charges"] for group in ask(bill, details=(wider,))
    }
    assert found["p", ",3,"] == 1, "tests of a wider scope count too"
    assert found["r", ",3,"] == 1


def test_a_text_that_no_charge_has_is_tested_as_empty(ask: Ask, tmp_path: Path) -> None:
    bill = write_bill(tmp_path, [a_charge(), a_charge()])
    scopes = (ChargeScope(integration_token=INTEGRATION),)
    asked = (TextTest(look=Look.IS, texts=("",)), TextTest(look=Look.IS, texts=("x",)))
    tested = (AskedTests(scopes=scopes, numbers=(0, 1)),)
    detail = Detail(column="ResourceId", form=DetailForm.TESTS, scopes=scopes, tests=asked, tested=tested)
    assert [(group["ResourceId:tests"], group["charges"]) for group in ask(bill, details=(detail,))] == [(",0,", 2)]
