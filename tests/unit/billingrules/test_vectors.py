"""Published figures of fees and tiers, to the last digit; where a source prints a rounded figure, the exact one."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from billow.billingrules.price_list import PriceTier, TieredPrice, built_in_price_list, tiered_cost
from billow.billingrules.rule import FeeTier, SupportFeeRule
from billow.billingrules.support_fee import share_of_month, support_fee
from billow.terms.period import BillingPeriod


def fee_tiers(*tiers: tuple[str, str | None]) -> tuple[FeeTier, ...]:
    return tuple(
        FeeTier(percentage=Decimal(percentage), up_to=None if up_to is None else Decimal(up_to))
        for percentage, up_to in tiers
    )


def price_tiers(*tiers: tuple[str, str | None]) -> tuple[PriceTier, ...]:
    return tuple(
        PriceTier(price=Decimal(price), up_to=None if up_to is None else Decimal(up_to)) for price, up_to in tiers
    )


DEVELOPER = (fee_tiers(("3", None)), Decimal(29))
BUSINESS = (fee_tiers(("10", "10000"), ("7", "80000"), ("5", "250000"), ("3", None)), Decimal(100))
ENTERPRISE = (fee_tiers(("10", "150000"), ("7", "500000"), ("5", "1000000"), ("3", None)), Decimal(15_000))


@pytest.mark.parametrize(
    ("plan", "spend", "fee"),
    [
        (DEVELOPER, "2000", "60"),
        (DEVELOPER, "500", "29"),
        (DEVELOPER, "966.67", "29.0001"),
        (BUSINESS, "85000", "6150"),
        (BUSINESS, "500", "100"),
        (BUSINESS, "1000", "100"),
        (BUSINESS, "10000", "1000"),
        (BUSINESS, "10000.01", "1000.0007"),
        (BUSINESS, "80000", "5900"),
        (BUSINESS, "250000", "14400"),
        (BUSINESS, "300000", "15900"),
        (BUSINESS, "0", "100"),
        (ENTERPRISE, "1200000", "70500"),
        (ENTERPRISE, "100000", "15000"),
        (ENTERPRISE, "150000", "15000"),
        (ENTERPRISE, "2000000", "94500"),
    ],
)
def test_a_support_plan_costs(plan: tuple[Sequence[FeeTier], Decimal], spend: str, fee: str) -> None:
    tiers, minimum = plan
    assert support_fee(spend=Decimal(spend), tiers=tiers, minimum=minimum) == Decimal(fee)


def test_the_minimum_of_half_a_month_is_half() -> None:
    rule = SupportFeeRule(
        token="s",
        title="s",
        service="s",
        category="s",
        sub_category="s",
        tiers=BUSINESS[0],
        minimum=BUSINESS[1],
        start_date=date(2026, 9, 16),
    )
    share = share_of_month(rule=rule, period=BillingPeriod(2026, 9))
    assert share == Decimal("0.5")
    assert support_fee(spend=Decimal(0), tiers=rule.tiers, minimum=rule.minimum, share=share) == 50


# Storage by the TB of 1,000 GB: 100 for the first, 80 for the next 49, 60 for the next 450.
STORAGE = price_tiers(("100", "1"), ("80", "50"), ("60", "500"), ("60", None))


def in_storage(*terabytes: int) -> Decimal:
    return sum((tiered_cost(quantity=Decimal(each), tiers=STORAGE) for each in terabytes), Decimal(0))


def test_an_organisation_pays_less_together_than_its_members_alone() -> None:
    assert in_storage(95) == 6720
    assert in_storage(30, 35, 30) == 7660
    assert in_storage(1, 44, 50) == 7660  # any members between 1 and 50 TB
    assert [in_storage(each) for each in (30, 35, 30)] == [2420, 2820, 2420]
    assert [in_storage(each) for each in (5, 30, 60)] == [420, 2420, 4620]
    assert in_storage(5, 30, 60) == 7460
    assert in_storage(3) == 260


def test_the_blended_rate_is_not_rounded_before_it_is_used() -> None:
    exact = in_storage(95) / 95_000 * 14_000
    assert exact.quantize(Decimal("1e-9")) == Decimal("990.315789474")


# Data transfer by the GB, 1 TB being 1,024 GB: 0.17 for the first 10 TB, 0.13 for the next 40.
TRANSFER = price_tiers(("0.17", "10240"), ("0.13", "51200"), ("0.13", None))


def test_two_accounts_pay_less_together_than_alone() -> None:
    bob, susan = Decimal(8 * 1024), Decimal(4 * 1024)
    together = tiered_cost(quantity=bob + susan, tiers=TRANSFER)
    alone = [tiered_cost(quantity=each, tiers=TRANSFER) for each in (bob, susan)]
    assert together == Decimal("2007.04")
    assert alone == [Decimal("1392.64"), Decimal("696.32")]
    assert sum(alone) - together == Decimal("81.92")


def test_tiers_price_the_units_inside_them() -> None:
    tiers = price_tiers(("1.00", "10"), ("0.50", None))
    assert tiered_cost(quantity=Decimal(12), tiers=tiers) == 11


def built_in(title: str) -> TieredPrice:
    return next(price for price in built_in_price_list().prices if price.title.startswith(title))


S3, CLOUDFRONT = "S3 Standard storage, US East", "CloudFront data transfer to the internet, United States"


@pytest.mark.parametrize(
    ("title", "gigabytes", "cost"),
    [
        (S3, 51_200, "1177.6"),
        (S3, 51_201, "1177.622"),
        (S3, 100_000, "2251.2"),
        (S3, 512_000, "11315.2"),
        (S3, 600_000, "13163.2"),
        (S3, 40_000, "920"),
        (S3, 30_000, "690"),
        (S3, 70_000, "1591.2"),
        (CLOUDFRONT, 10_240, "870.4"),
        (CLOUDFRONT, 10_241, "870.48"),
        (CLOUDFRONT, 51_200, "4147.2"),
        (CLOUDFRONT, 60_000, "4675.2"),
        (CLOUDFRONT, 153_600, "10291.2"),
        (CLOUDFRONT, 600_000, "27267.2"),
        (CLOUDFRONT, 1_048_576, "40724.48"),
        (CLOUDFRONT, 1_048_577, "40724.505"),
        (CLOUDFRONT, 14_000, "1171.2"),
    ],
)
def test_the_price_list_prices_a_months_volume(title: str, gigabytes: int, cost: str) -> None:
    found = built_in(title).cost_of(quantity=Decimal(gigabytes), include_free_tier=False)
    assert found == Decimal(cost)


def test_what_is_free_is_taken_off_first() -> None:
    assert built_in(S3).cost_of(quantity=Decimal(5), include_free_tier=True) == 0
    assert built_in(S3).cost_of(quantity=Decimal(6), include_free_tier=True) == Decimal("0.023")
    assert built_in(CLOUDFRONT).cost_of(quantity=Decimal(1024), include_free_tier=True) == 0
