"""Cost and Usage Reports, line type by line type, in every way AWS packs them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from billow.coststore.store import CostStore
from billow.ingest.providers.aws.columns import REQUIRED, snake_name
from tests.unit.ingest.aws_bills import (
    charges,
    import_report,
    report,
    total,
    write_parquet_report,
    write_report,
)
from tests.unit.ingest.focus_bills import contents

LEGACY = "nise/aws-cur-legacy"
CUR_2 = "derived-cur2"
PLAN = "arn:aws:savingsplans::099999999999:savingsplan/1"
RESERVATION = "arn:aws:ec2:eu-central-1:099999999999:reserved-instances/1"
FEBRUARY = (Decimal("377.86822648107839328"), Decimal("92.8704"), Decimal("129.024"))
MARCH = (Decimal("404.32408726658399280"), Decimal("99.5040"), Decimal("138.240"))


def line(kind: str, cost: str, **fields: str) -> dict[str, str]:
    """Return what differs from a plain line of usage; ``reservation_X`` stands for ``reservation/X``."""
    rest = {name.replace("_", "/", 1): value for name, value in fields.items()}
    return {"lineItem/LineItemType": kind, "lineItem/UnblendedCost": cost, **rest}


UNUSED_UPFRONT = "reservation_UnusedAmortizedUpfrontFeeForBillingPeriod"


@pytest.mark.parametrize(
    ("changes", "category", "billed", "effective", "listed", "contracted"),
    [
        (line("Usage", "0.096"), "Usage", "0.096", "0.096", "0.1", "0.096"),
        (
            line("SavingsPlanCoveredUsage", "0.192", savingsPlan_SavingsPlanEffectiveCost="0.1382"),
            *("Usage", "0.192", "0.1382", "0.1", "0.192"),
        ),
        (line("SavingsPlanNegation", "-0.192"), "Usage", "-0.192", "0", "0", "0"),
        (
            line(
                "SavingsPlanRecurringFee",
                "10",
                savingsPlan_TotalCommitmentToDate="10",
                savingsPlan_UsedCommitment="7.25",
                pricing_publicOnDemandCost="",
            ),
            *("Purchase", "10", "2.75", "10", "10"),
        ),
        (line("SavingsPlanUpfrontFee", "500", pricing_publicOnDemandCost=""), "Purchase", "500", "0", "500", "500"),
        (line("DiscountedUsage", "0", reservation_EffectiveCost="0.055"), "Usage", "0", "0.055", "0.1", "0.1"),
        (
            line(
                "RIFee",
                "22.9896",
                **{UNUSED_UPFRONT: "6"},
                reservation_UnusedRecurringFee="7.2",
                pricing_publicOnDemandCost="",
            ),
            *("Purchase", "22.9896", "13.2", "22.9896", "22.9896"),
        ),
        (line("Fee", "365", pricing_publicOnDemandCost=""), "Purchase", "365", "365", "365", "365"),
        (
            line("Fee", "365", reservation_ReservationARN=RESERVATION, pricing_publicOnDemandCost=""),
            *("Purchase", "365", "0", "365", "365"),
        ),
        (line("Tax", "1.9", pricing_publicOnDemandCost=""), "Tax", "1.9", "1.9", "1.9", "1.9"),
        (line("Credit", "-5", pricing_publicOnDemandCost=""), "Credit", "-5", "-5", "-5", "-5"),
        *(
            (line(kind, "-2", pricing_publicOnDemandCost=""), "Adjustment", "-2", "-2", "-2", "-2")
            for kind in ("Refund", "EdpDiscount", "BundledDiscount", "SppDiscount", "SomethingNew")
        ),
    ],
)
def test_each_line_type_has_a_billed_and_an_amortised_cost(
    store: CostStore,
    tmp_path: Path,
    changes: dict[str, str],
    category: str,
    billed: str,
    effective: str,
    listed: str,
    contracted: str,
) -> None:
    result = import_report(store, write_report(tmp_path, changes))

    (charge,) = charges(result)
    assert result.issues == ()
    assert charge["ChargeCategory"] == category
    assert charge["lineItem/LineItemType"] == changes["lineItem/LineItemType"]
    costs = [charge[name] for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")]
    assert costs == [Decimal(text) for text in (billed, effective, listed, contracted)]


def test_a_reservation_costs_as_much_amortised_as_it_was_paid(store: CostStore, tmp_path: Path) -> None:
    used = line("DiscountedUsage", "0", reservation_EffectiveCost="55", reservation_ReservationARN=RESERVATION)
    fee = line(
        "RIFee",
        "37.2",
        **{UNUSED_UPFRONT: "6"},
        reservation_UnusedRecurringFee="7.2",
        reservation_ReservationARN=RESERVATION,
    )

    rows = charges(import_report(store, write_report(tmp_path, used, fee)))

    assert total(rows, "EffectiveCost") == Decimal("68.20")
    assert total(rows, "BilledCost") == Decimal("37.2")


def utc(month: int, day: int, hour: int = 0) -> datetime:
    """Return a stored time, which is UTC without saying so."""
    return datetime(2026, month, day, hour, tzinfo=UTC).replace(tzinfo=None)


def expected_charge() -> dict[str, Any]:
    return {
        "BilledCost": Decimal("0.096"),
        "BillingAccountId": "099999999999",
        "BillingCurrency": "USD",
        "BillingPeriodEnd": utc(4, 1),
        "BillingPeriodStart": utc(3, 1),
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": utc(3, 5, 1),
        "ChargePeriodStart": utc(3, 5),
        "CommitmentDiscountId": None,
        "ConsumedQuantity": Decimal(1),
        "ConsumedUnit": "Hrs",
        "InvoiceId": None,
        "InvoiceIssuerName": "Amazon Web Services, Inc.",
        "ListUnitPrice": Decimal("0.1"),
        "PricingCategory": "Standard",
        "ProviderName": "AWS",
        "PublisherName": "Amazon Web Services, Inc.",
        "RegionId": "eu-central-1",
        "ServiceName": "Amazon Elastic Compute Cloud",
        "SkuMeter": "BoxUsage:m5.large",
        "SubAccountId": "011111111111",
        "Tags": '{"team":"data","aws:createdBy":"me"}',
        "bill/PayerAccountId": "099999999999",
        "costCategory": '{"Cost Center":"a \\"b\\", c\\\\d"}',
        "lineItem/UnblendedCost": Decimal("0.096"),
        "lineItem/UsageStartDate": utc(3, 5),
        "product/operatingSystem": "Linux",
        "savingsPlan/SavingsPlanARN": None,
    }


CATEGORY = 'a "b", c\\d'


def test_one_line_reads_the_same_however_it_is_packed(store: CostStore, tmp_path: Path) -> None:
    keys = {
        "resourceTags/user:team": "data",
        "resourceTags/user:empty": "",
        "resourceTags/aws:createdBy": "me",
        "costCategory/Cost Center": CATEGORY,
        "product/operatingSystem": "Linux",
        "product/clockSpeed": "3 GHz",
    }
    product = {"product_name": "Amazon Elastic Compute Cloud", "operating_system": "Linux"}
    tags = {"user_team": "data", "aws_createdBy": "me"}
    as_json = {
        "product": json.dumps(product),
        "resource_tags": json.dumps(tags, separators=(",", ":")),
        "cost_category": json.dumps({"Cost Center": CATEGORY}, separators=(",", ":")),
        "discount": "{}",
        "product/ProductName": "",
    }
    without_name = {name: value for name, value in as_json.items() if name != "product/ProductName"}
    maps: dict[str, list[Any]] = {
        "product": [list(product.items())],
        "resource_tags": [list(tags.items())],
        "cost_category": [[("Cost Center", CATEGORY)]],
        "discount": [[]],
    }
    files = {
        "slashes": (write_report(tmp_path, keys, name="a.csv"), "cur"),
        "compressed": (write_report(tmp_path, keys, name="b.csv.gz"), "cur"),
        "maps": (write_parquet_report(tmp_path, {}, maps=maps, name="c.parquet"), "cur2"),
        "json": (write_report(tmp_path, without_name, name="d.csv", snake=True), "cur2"),
    }

    for packed, (file, bill_format) in files.items():
        result = import_report(store, file)
        (charge,) = charges(result)
        assert (packed, result.issues, result.imports[0].format) == (packed, (), bill_format)
        assert {name: charge[name] for name in expected_charge()} == expected_charge(), packed


def test_underscores_in_the_header_name_the_same_columns(store: CostStore, tmp_path: Path) -> None:
    slashes = import_report(store, write_report(tmp_path, {}, name="a.csv"), bill_format="cur")
    underscores = import_report(store, write_report(tmp_path, {}, name="b.csv", snake=True), bill_format="cur")
    parquet = import_report(store, write_parquet_report(tmp_path, {}), bill_format="cur")
    spelled = report({}, snake=True).replace("reservation_reservation_arn", "reservation_reservation_a_r_n")
    (tmp_path / "c.csv").write_text(spelled.replace("product_product_name", "product_productname"))

    assert charges(underscores) == charges(slashes) == charges(parquet)
    assert charges(import_report(store, tmp_path / "c.csv")) == charges(slashes)


def test_maps_of_many_rows_keep_to_their_rows(store: CostStore, tmp_path: Path) -> None:
    maps: dict[str, list[Any]] = {
        "resource_tags": [[("user_team", "a")], [], None, [("user_team", "b"), ("user_app", None)]],
        "discount": [None, [("EdpDiscount", -0.1), ("total_discount", 1e-7)], [], None],
    }
    rows = charges(import_report(store, write_parquet_report(tmp_path, {}, {}, {}, {}, maps=maps)))

    assert [row["Tags"] for row in rows] == ['{"team":"a"}', None, None, '{"team":"b","app":""}']
    assert json.loads(rows[1]["discount"]) == {"EdpDiscount": "-0.1", "total_discount": "1e-7"}
    assert [row["discount"] is None for row in rows] == [True, False, True, True]


def test_attributes_in_json_text_lose_their_escapes(store: CostStore, tmp_path: Path) -> None:
    names = ['Caf\u00e9 "Q"', "C:\\new", "plain"]
    packed = [{"product": json.dumps({"product_name": name})} for name in names]
    text = report(*packed, snake=True).replace("product_product_name", "unused")
    (tmp_path / "report.csv").write_text(text)

    assert [row["ServiceName"] for row in charges(import_report(store, tmp_path / "report.csv"))] == names


def test_doubles_become_the_decimals_that_were_meant(store: CostStore, tmp_path: Path) -> None:
    costs = ("0.1", "0.2", "4e-07", "0.0002839506147")
    changes = [{"lineItem/UnblendedCost": cost} for cost in costs]

    result = import_report(store, write_parquet_report(tmp_path, *changes))

    rows = charges(result)
    assert [row["lineItem/UnblendedCost"] for row in rows] == [Decimal(cost) for cost in costs]
    assert result.imports[0].partition.totals[0].billed_cost == sum(map(Decimal, costs))


def test_raw_money_is_kept_in_the_narrowest_decimals(store: CostStore, tmp_path: Path) -> None:
    result = import_report(store, write_report(tmp_path, {}, {"lineItem/UnblendedCost": "12.3456"}))

    schema = pq.read_schema(result.imports[0].partition.files[0])
    assert str(schema.field("lineItem/UnblendedCost").type) == "decimal128(6, 4)"
    assert str(schema.field("savingsPlan/SavingsPlanEffectiveCost").type) == "decimal128(1, 0)"
    assert str(schema.field("lineItem/UsageType").type) == "string"


def test_files_of_one_delivery_share_the_widest_decimals(store: CostStore, tmp_path: Path) -> None:
    first = write_report(tmp_path, {"lineItem/UnblendedCost": "12345.6"}, name="a.csv")
    fine = {"lineItem/UnblendedCost": "0.00000000000000001", "identity/LineItemId": "other"}
    second = write_report(tmp_path, fine, name="b.csv")

    rows = charges(import_report(store, first, second))

    assert total(rows, "lineItem/UnblendedCost") == Decimal("12345.60000000000000001") == total(rows, "BilledCost")


def test_words_where_prices_should_stand_are_told_and_the_billed_cost_is_the_list_price(
    store: CostStore, tmp_path: Path
) -> None:
    words = {"pricing/publicOnDemandCost": "convertible", "pricing/publicOnDemandRate": "No Upfront"}
    nothing = {"savingsPlan/SavingsPlanEffectiveCost": "None", "savingsPlan/SavingsPlanARN": "None"}

    result = import_report(store, write_report(tmp_path, words, {**words, **nothing}))

    rows = charges(result)
    assert [row["ListCost"] for row in rows] == [Decimal("0.096")] * 2
    assert rows[1]["savingsPlan/SavingsPlanARN"] is None
    assert {(issue.code, issue.is_error, issue.row) for issue in result.issues} == {
        ("word_for_price", False, 1),
        ("more_issues", False, None),
    }


def test_a_line_about_an_earlier_month_is_a_correction_in_this_months_bill(store: CostStore, tmp_path: Path) -> None:
    early = {"lineItem/UsageStartDate": "2026-01-10T00:00:00Z", "lineItem/UsageEndDate": "2026-01-11T00:00:00Z"}
    changes = [line("Refund", "-3") | early, line("Fee", "365") | early]

    result = import_report(store, write_report(tmp_path, *changes))

    assert [row["ChargeClass"] for row in charges(result)] == ["Correction", None]
    assert str(result.imports[0].partition.billing_period) == "2026-03"


def test_commitments_are_named_as_focus_names_them(store: CostStore, tmp_path: Path) -> None:
    plan = {"savingsPlan/SavingsPlanARN": PLAN, "savingsPlan/SavingsPlanEffectiveCost": "0.1"}
    reserved = {"reservation/ReservationARN": RESERVATION, "reservation/EffectiveCost": "0.1"}
    spot = {"lineItem/UsageType": "EUC1-SpotUsage:m5.large"}

    rows = charges(
        import_report(
            store,
            write_report(
                tmp_path, line("SavingsPlanCoveredUsage", "0.2") | plan, line("DiscountedUsage", "0") | reserved, spot
            ),
        )
    )

    named = [(row["CommitmentDiscountId"], row["CommitmentDiscountType"], row["PricingCategory"]) for row in rows]
    assert named == [
        (PLAN, "Savings Plan", "Committed"),
        (RESERVATION, "Reserved Instance", "Committed"),
        (None, None, "Dynamic"),
    ]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"lineItem/UnblendedCost": "$5"}, "not_a_number", "lineItem/UnblendedCost"),
        ({"lineItem/UnblendedCost": ""}, "missing_value", "lineItem/UnblendedCost"),
        ({"lineItem/LineItemType": ""}, "missing_value", "lineItem/LineItemType"),
        ({"lineItem/ProductCode": "", "product/ProductName": ""}, "missing_value", "lineItem/ProductCode"),
        ({"lineItem/UsageStartDate": "yesterday"}, "bad_time", "lineItem/UsageStartDate"),
        ({"lineItem/CurrencyCode": "XXZ"}, "unknown_currency", "lineItem/CurrencyCode"),
        ({"bill/BillingPeriodEndDate": "2026-03-31"}, "bad_billing_period", "bill/BillingPeriodStartDate"),
        (line("SavingsPlanCoveredUsage", "1"), "missing_value", "savingsPlan/SavingsPlanEffectiveCost"),
        ({"reservation/EffectiveCost": "a lot"}, "not_a_number", "reservation/EffectiveCost"),
    ],
)
def test_a_bad_line_refuses_the_bill_and_is_named_as_the_report_names_it(
    store: CostStore, tmp_path: Path, changes: dict[str, str], code: str, column: str
) -> None:
    result = import_report(store, write_report(tmp_path, {}, changes))

    assert (result.imports, contents(store)) == ((), {})
    assert [(issue.code, issue.row, issue.column) for issue in result.issues] == [(code, 2, column)]


def test_all_problems_of_a_report_are_listed(store: CostStore, tmp_path: Path) -> None:
    bad = [{"lineItem/UnblendedCost": "x"}, {"lineItem/UsageEndDate": "x"}, line("SavingsPlanCoveredUsage", "1")]

    result = import_report(store, write_report(tmp_path, *bad))

    assert {(issue.code, issue.row) for issue in result.issues} == {
        ("not_a_number", 1),
        ("bad_time", 2),
        ("missing_value", 3),
    }


@pytest.mark.parametrize("snake", [False, True])
def test_missing_columns_are_named_in_the_reports_spelling(store: CostStore, tmp_path: Path, snake: bool) -> None:
    text = report({}, snake=snake)
    name = "line_item_unblended_cost" if snake else "lineItem/UnblendedCost"
    (tmp_path / "report.csv").write_text(text.replace(name, "something"))

    result = import_report(store, tmp_path / "report.csv")

    assert [(issue.code, issue.column) for issue in result.issues] == [("missing_column", name)]
    assert contents(store) == {}


def test_a_bill_of_another_kind_that_is_called_a_report_lacks_every_column(store: CostStore, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("service,cost\nAmazonEC2,5\n")

    result = import_report(store, tmp_path / "other.csv", bill_format="cur")

    assert result.imports == ()
    assert {(issue.code, issue.column) for issue in result.issues} == {
        ("missing_column", snake_name(name)) for name in REQUIRED
    }


def test_two_spellings_of_one_column_are_refused(store: CostStore, tmp_path: Path) -> None:
    path = write_report(tmp_path, {"line_item_unblended_cost": "1"})

    assert [issue.code for issue in import_report(store, path).issues] == ["duplicate_column"]


def test_two_versions_of_a_bill_in_one_delivery_are_refused(store: CostStore, tmp_path: Path) -> None:
    write_report(tmp_path, {}, {}, name="not-final.csv")
    write_report(tmp_path, {}, {"bill/InvoiceId": "4711"}, name="final.csv")

    result = import_report(store, tmp_path)

    assert (result.imports, contents(store)) == ((), {})
    assert [(issue.code, issue.path) for issue in result.issues] == [("overlapping_files", "not-final.csv")]


def test_a_line_without_its_amortised_cost_keeps_its_billed_cost_and_says_so(store: CostStore, tmp_path: Path) -> None:
    bare = [line("DiscountedUsage", "0"), line("RIFee", "7"), line("SavingsPlanRecurringFee", "8")]

    result = import_report(store, write_report(tmp_path, *bare))

    assert [row["EffectiveCost"] for row in charges(result)] == [0, 7, 8]
    assert [(issue.code, issue.is_error, issue.row) for issue in result.issues] == [
        ("no_amortised_cost", False, row) for row in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("file", "bill_format", "period", "figures"),
    [
        (f"{LEGACY}/February-2026-finalized.csv.gz", "cur", "2026-02", FEBRUARY),
        (f"{LEGACY}/March-2026-finalized.csv.gz", "cur", "2026-03", MARCH),
        (f"{CUR_2}/BILLING_PERIOD=2026-02/cur2-2026-02-not-final.snappy.parquet", "cur2", "2026-02", FEBRUARY),
        (f"{CUR_2}/BILLING_PERIOD=2026-02/cur2-2026-02-final.snappy.parquet", "cur2", "2026-02", FEBRUARY),
        (f"{CUR_2}/BILLING_PERIOD=2026-03/cur2-2026-03-final.snappy.parquet", "cur2", "2026-03", MARCH),
    ],
)
def test_months_of_a_payer_are_stored_to_the_last_digit(
    store: CostStore, shared_data: Path, file: str, bill_format: str, period: str, figures: tuple[Decimal, ...]
) -> None:
    unblended, covered, list_price = figures

    result = import_report(store, shared_data / file)

    (done,) = result.imports
    rows = charges(result)
    assert (done.format, str(done.partition.billing_period)) == (bill_format, period)
    assert not any(issue.is_error for issue in result.issues)
    assert done.partition.totals[0].billed_cost == total(rows, "lineItem/UnblendedCost") == unblended
    assert done.partition.totals[0].effective_cost == unblended + covered
    assert total(rows, "EffectiveCost", type="SavingsPlanCoveredUsage") == covered
    assert total(rows, "BilledCost", type="SavingsPlanCoveredUsage") == list_price
    assert total(rows, "BilledCost", type="SavingsPlanNegation") == -list_price
    assert total(rows, "EffectiveCost", type="SavingsPlanNegation") == 0
    assert {row["InvoiceId"] is None for row in rows} == {"not-final" in file}
    assert store.verify(done.partition) == ()


def test_a_bucket_with_manifests_is_one_delivery_of_two_months(store: CostStore, shared_data: Path) -> None:
    february, march = import_report(store, shared_data / LEGACY / "bucket").imports

    assert (february.rows, march.rows) == (7176, 7656)
    assert february.partition.totals[0].billed_cost == FEBRUARY[0]
    assert march.partition.totals[0].billed_cost == MARCH[0]


def test_the_legacy_report_and_cur_2_agree_charge_by_charge(store: CostStore, shared_data: Path) -> None:
    legacy = charges(import_report(store, shared_data / LEGACY / "February-2026-finalized.csv.gz"))
    newer = charges(
        import_report(store, shared_data / CUR_2 / "BILLING_PERIOD=2026-02" / "cur2-2026-02-final.snappy.parquet")
    )

    columns = (
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "SubAccountId",
        "ServiceName",
        "ChargePeriodStart",
        "product/operatingSystem",
        "lineItem/LineItemType",
    )
    assert sorted(tuple(str(row[name]) for name in columns) for row in legacy) == sorted(
        tuple(str(row[name]) for name in columns) for row in newer
    )


def test_two_deliveries_of_a_month_in_one_folder_are_refused(store: CostStore, shared_data: Path) -> None:
    result = import_report(store, shared_data / CUR_2 / "BILLING_PERIOD=2026-02")

    assert (result.imports, contents(store)) == ((), {})
    assert [issue.code for issue in result.issues if issue.is_error] == ["overlapping_files"]
