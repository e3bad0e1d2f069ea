"""Whole statements as people write them, and what they become."""

import pytest

from billow.billingrules.expression import (
    Call,
    Case,
    Comparison,
    Concatenation,
    Function,
    Kind,
    Missing,
    Opposite,
    Pattern,
    Sum,
)
from billow.billingrules.sql.read import read_statement
from billow.billingrules.statement import Delete, InsertSum, Statement, Update
from tests.factories.sql_rules import (
    aws,
    costs,
    delete,
    either,
    equal,
    every,
    inserted,
    like,
    number,
    text,
    times,
    unequal,
    update,
    within,
)


def read(sql: str) -> Statement:
    statement, issues = read_statement(sql=sql)
    assert statement is not None, [issue.message for issue in issues]
    return statement


COST, RATE = aws("lineItem/UnblendedCost"), aws("lineItem/UnblendedRate")
LIST_COST, LIST_RATE = aws("pricing/publicOnDemandCost"), aws("pricing/publicOnDemandRate")
TYPE, PLAN, RESERVATION = (
    aws("lineItem/LineItemType"),
    aws("savingsPlan/SavingsPlanARN"),
    aws("reservation/ReservationARN"),
)
AMOUNT, SERVICE, PROVIDER = costs("amount"), costs("service"), costs("provider")

UPDATES_OF_AWS = [
    (
        "a discount on everything but credits",
        """UPDATE aws
           SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.97
           WHERE aws.lineItem/LineItemType != 'Credit'""",
        update((COST, times(COST, "0.97")), where=unequal(TYPE, "Credit")),
    ),
    (
        "quoted names and a quoted factor",
        """UPDATE aws
           SET aws."lineItem/UnblendedCost" = aws."lineItem/UnblendedCost" * '0.935'
           WHERE aws."lineItem/ProductCode" != 'AwsPremiumSupport'
             AND aws."lineItem/LineItemType" <> 'Fee'
             AND aws."bill/BillingEntity" != 'AWS Marketplace'""",
        update(
            (COST, times(COST, "0.935")),
            where=every(
                unequal(aws("lineItem/ProductCode"), "AwsPremiumSupport"),
                unequal(TYPE, "Fee"),
                unequal(aws("bill/BillingEntity"), "AWS Marketplace"),
            ),
        ),
    ),
    (
        "a mark-up on Marketplace",
        "update AWS set AWS.lineitem/unblendedcost = aws.LINEITEM/UnblendedCost * 1.04 "
        "where aws.bill/BillingEntity = 'AWS Marketplace'",
        update((COST, times(COST, "1.04")), where=equal(aws("bill/BillingEntity"), "AWS Marketplace")),
    ),
    (
        "public price everywhere",
        "UPDATE aws SET aws.lineItem/UnblendedCost = aws.pricing/publicOnDemandCost,\n"
        "  aws.lineItem/UnblendedRate = aws.pricing/publicOnDemandRate",
        update((COST, LIST_COST), (RATE, LIST_RATE)),
    ),
    (
        "public price for usage of somebody's reservations",
        """UPDATE aws SET aws.lineItem/UnblendedCost = aws.pricing/publicOnDemandCost
           WHERE aws.lineItem/LineItemType = 'DiscountedUsage'
           AND (
             aws.reservation/ReservationARN LIKE '%111122223333%'
             OR aws.reservation/ReservationARN LIKE '%999988887777%'
           )""",
        update(
            (COST, LIST_COST),
            where=every(
                equal(TYPE, "DiscountedUsage"),
                either(like(RESERVATION, "%111122223333%"), like(RESERVATION, "%999988887777%")),
            ),
        ),
    ),
    (
        "commitments of others, by two columns of which one is missing",
        """UPDATE aws SET aws.lineItem/LineItemType = 'Usage'
           WHERE aws.lineItem/LineItemType IN ('DiscountedUsage', 'SavingsPlanCoveredUsage')
           AND aws.savingsPlan/SavingsPlanARN || aws.reservation/ReservationARN
             NOT LIKE '%:' || aws.lineItem/UsageAccountId || ':%'""",
        update(
            (TYPE, text("Usage")),
            where=every(
                within(TYPE, "DiscountedUsage", "SavingsPlanCoveredUsage"),
                Opposite(
                    condition=Pattern(
                        operand=Concatenation(parts=(PLAN, RESERVATION)),
                        pattern=Concatenation(parts=(text("%:"), aws("lineItem/UsageAccountId"), text(":%"))),
                    )
                ),
            ),
        ),
    ),
    (
        "one account's Savings Plan taken off, with a comment at the end",
        """UPDATE aws
           SET aws.lineItem/LineItemType = 'Usage', aws.savingsPlan/SavingsPlanARN = NULL
           WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'
           AND aws.savingsPlan/SavingsPlanARN LIKE 'arn:aws:savingsplans::111122223333%' -- the payer's""",
        update(
            (TYPE, text("Usage")),
            (PLAN, Missing()),
            where=every(equal(TYPE, "SavingsPlanCoveredUsage"), like(PLAN, "arn:aws:savingsplans::111122223333%")),
        ),
    ),
    (
        "all covered usage taken off",
        "UPDATE aws SET aws.lineItem/LineItemType = 'Usage'\n"
        "WHERE aws.lineItem/LineItemType = 'SavingsPlanCoveredUsage'\n;",
        update((TYPE, text("Usage")), where=equal(TYPE, "SavingsPlanCoveredUsage")),
    ),
    (
        "internal accounts cost nothing",
        """UPDATE aws
           SET aws.lineItem/UnblendedCost = '0', aws.lineItem/UnblendedRate = '0'
           WHERE aws.lineItem/UsageAccountId IN (
             '111122223333',
             '999988887777'
           )""",
        update(
            (COST, number("0")),
            (RATE, number("0")),
            where=within(aws("lineItem/UsageAccountId"), "111122223333", "999988887777"),
        ),
    ),
    (
        "half the cost of one account, its number without quotes",
        "UPDATE aws SET aws.lineItem/UnblendedCost = aws.lineItem/UnblendedCost * 0.5 "
        "WHERE aws.lineItem/UsageAccountId = 011122223333",
        update((COST, times(COST, "0.5")), where=equal(aws("lineItem/UsageAccountId"), "011122223333")),
    ),
    (
        "a product family with another name, the column in another case",
        """UPDATE aws SET aws.product/ProductFamily = 'Partner Care'
           WHERE aws.product/ProductName LIKE '%Support%' AND aws.lineItem/LineItemType IN ('Fee', 'Usage')""",
        update(
            (aws("product/productFamily"), text("Partner Care")),
            where=every(like(aws("product/ProductName"), "%Support%"), within(TYPE, "Fee", "Usage")),
        ),
    ),
    (
        "a case on the report's columns",
        """UPDATE aws SET "lineItem/UnblendedCost" = CASE
             WHEN aws.lineItem/ProductCode = 'AmazonEC2' THEN aws.lineItem/UnblendedCost * 1.02
             ELSE aws.lineItem/UnblendedCost END""",
        update(
            (
                COST,
                Case(
                    branches=((equal(aws("lineItem/ProductCode"), "AmazonEC2"), times(COST, "1.02")),),
                    otherwise=COST,
                    kind=Kind.NUMBER,
                ),
            )
        ),
    ),
]
DELETES = [
    (
        "partner discounts by their description",
        """-- the customer does not get them
           DELETE FROM aws -- not even
           WHERE aws.lineItem/LineItemType IN ('Credit', 'Discount') -- in part
           AND (aws.lineItem/LineItemDescription LIKE '%Solution Provider%'
             OR aws.lineItem/LineItemDescription LIKE '%Enterprise Discount%');
           -- the end""",
        delete(
            every(
                within(TYPE, "Credit", "Discount"),
                either(
                    like(aws("lineItem/LineItemDescription"), "%Solution Provider%"),
                    like(aws("lineItem/LineItemDescription"), "%Enterprise Discount%"),
                ),
            )
        ),
    ),
    (
        "reservation fees of two accounts",
        """DELETE FROM aws WHERE aws.lineItem/LineItemType = 'RIFee' AND
           (aws.reservation/ReservationARN LIKE '%:111122223333:%'
           OR aws.reservation/ReservationARN LIKE '%:999988887777:%')""",
        delete(
            every(
                equal(TYPE, "RIFee"),
                either(like(RESERVATION, "%:111122223333:%"), like(RESERVATION, "%:999988887777:%")),
            )
        ),
    ),
    (
        "support products by their code",
        "DELETE FROM aws WHERE aws.lineItem/ProductCode IN ('AWSDeveloperSupport', 'AWSSupportBusiness')",
        delete(within(aws("lineItem/ProductCode"), "AWSDeveloperSupport", "AWSSupportBusiness")),
    ),
    (
        "bundled discounts",
        "DELETE FROM aws WHERE aws.lineItem/LineItemType = 'BundledDiscount'",
        delete(equal(TYPE, "BundledDiscount")),
    ),
    (
        "Marketplace by billing entity",
        "DELETE FROM aws WHERE aws.bill/BillingEntity = 'AWS Marketplace'",
        delete(equal(aws("bill/BillingEntity"), "AWS Marketplace")),
    ),
    (
        "accounts",
        "DELETE FROM aws WHERE aws.lineItem/UsageAccountId IN ('111122223333')",
        delete(within(aws("lineItem/UsageAccountId"), "111122223333")),
    ),
    (
        "Marketplace by category",
        "DELETE FROM costs WHERE costs.cost_category = 'AWS Marketplace'",
        delete(equal(costs("cost_category"), "AWS Marketplace")),
    ),
    (
        "several discounts of the programme",
        "DELETE FROM costs WHERE costs.cost_type IN ('SppDiscount', 'UnamortizedSppDiscount', 'DistributorDiscount')",
        delete(within(costs("cost_type"), "SppDiscount", "UnamortizedSppDiscount", "DistributorDiscount")),
    ),
    (
        "a partner's credit",
        "DELETE FROM costs WHERE costs.provider = 'azure_csp' AND costs.cost_type = 'PartnerEarnedCredit'",
        delete(every(equal(PROVIDER, "azure_csp"), equal(costs("cost_type"), "PartnerEarnedCredit"))),
    ),
    (
        "one meter of a service",
        "DELETE FROM costs WHERE costs.provider = 'temporal' AND costs.service = 'Temporal Cloud' "
        "AND costs.cost_sub_category = 'Actions'",
        delete(
            every(
                equal(PROVIDER, "temporal"),
                equal(SERVICE, "Temporal Cloud"),
                equal(costs("cost_sub_category"), "Actions"),
            )
        ),
    ),
    (
        "the support service",
        "DELETE FROM costs WHERE costs.service LIKE 'AWS Support%'",
        delete(like(SERVICE, "AWS Support%")),
    ),
]
UPDATES_OF_COSTS = [
    (
        "a mark-up for one subscription",
        "UPDATE costs SET costs.amount = costs.amount * 1.06 WHERE costs.provider = 'azure' "
        "AND costs.resource_account_id = '00000000-aaaa-bbbb-cccc-444444444444'",
        update(
            (AMOUNT, times(AMOUNT, "1.06")),
            where=every(
                equal(PROVIDER, "azure"), equal(costs("resource_account_id"), "00000000-aaaa-bbbb-cccc-444444444444")
            ),
        ),
    ),
    (
        "a discount except on reservations",
        "UPDATE costs SET costs.amount = costs.amount * 0.96 WHERE costs.provider = 'azure' "
        "AND LOWER(costs.resource_id) NOT LIKE '%/providers/microsoft.capacity/%'",
        update(
            (AMOUNT, times(AMOUNT, "0.96")),
            where=every(
                equal(PROVIDER, "azure"),
                Opposite(
                    condition=like(
                        Call(function=Function.LOWER, arguments=(costs("resource_id"),)),
                        "%/providers/microsoft.capacity/%",
                    )
                ),
            ),
        ),
    ),
    (
        "a discount on licences",
        "UPDATE costs SET costs.amount = costs.amount * 0.99 WHERE costs.provider = 'azure_csp' "
        "AND costs.service = 'NCE License' AND costs.cost_type = 'Purchase'",
        update(
            (AMOUNT, times(AMOUNT, "0.99")),
            where=every(
                equal(PROVIDER, "azure_csp"), equal(SERVICE, "NCE License"), equal(costs("cost_type"), "Purchase")
            ),
        ),
    ),
    (
        "a mark-up by category",
        "UPDATE costs SET costs.amount = costs.amount * 1.1 WHERE costs.cost_category = 'Storage'",
        update((AMOUNT, times(AMOUNT, "1.1")), where=equal(costs("cost_category"), "Storage")),
    ),
    (
        "a mark-up on two services",
        "UPDATE costs SET costs.amount = costs.amount * 1.1 WHERE costs.service IN ('Virtual Machines', 'AWS Lambda')",
        update((AMOUNT, times(AMOUNT, "1.1")), where=within(SERVICE, "Virtual Machines", "AWS Lambda")),
    ),
    (
        "a service with another name",
        "UPDATE costs SET costs.service = 'Compute Extra' WHERE costs.service = 'AWS Lambda'",
        update((SERVICE, text("Compute Extra")), where=equal(SERVICE, "AWS Lambda")),
    ),
    (
        "credits of zero",
        "UPDATE costs SET costs.amount = 0 WHERE costs.cost_type = 'Credit'",
        update((AMOUNT, number("0")), where=equal(costs("cost_type"), "Credit")),
    ),
    (
        "mark-ups by service",
        """UPDATE costs SET costs.amount = CASE
             WHEN costs.service = 'AWS Lambda' THEN costs.amount * 1.25
             WHEN costs.service IN ('Amazon CloudFront') THEN costs.amount * 1.15
             ELSE costs.amount * 1.05
           END WHERE costs.provider = 'aws'""",
        update(
            (
                AMOUNT,
                Case(
                    branches=(
                        (equal(SERVICE, "AWS Lambda"), times(AMOUNT, "1.25")),
                        (within(SERVICE, "Amazon CloudFront"), times(AMOUNT, "1.15")),
                    ),
                    otherwise=times(AMOUNT, "1.05"),
                    kind=Kind.NUMBER,
                ),
            ),
            where=equal(PROVIDER, "aws"),
        ),
    ),
]
INSERTS = [
    (
        "a credit every month",
        "INSERT INTO costs (provider, service, cost_category, cost_sub_category, cost_type, amount)\n"
        "VALUES ('aws', 'Goodwill', 'Thanks', 'Thanks', 'Credit', -300)",
        inserted(
            provider="aws",
            service="Goodwill",
            cost_category="Thanks",
            cost_sub_category="Thanks",
            cost_type="Credit",
            amount=-300,
        ),
    ),
    (
        "a fee every month",
        "INSERT INTO costs (provider, service, cost_type, amount) VALUES ('aws', 'Platform', 'Fee', +950)",
        inserted(provider="aws", service="Platform", cost_type="Fee", amount=950),
    ),
    (
        "a fee on a day",
        """INSERT INTO costs (provider, date, service, cost_category, "cost_type", amount, currency)
           VALUES ('aws', '2026-03-31', 'Onboarding', 'Onboarding', 'Fee', '2600', 'EUR')""",
        inserted(
            provider="aws",
            accrued_at="2026-03-31",
            service="Onboarding",
            cost_category="Onboarding",
            cost_type="Fee",
            amount=2600,
            currency="EUR",
        ),
    ),
    (
        "a share of the month's spend",
        """INSERT INTO costs (provider, service, cost_type, amount)
           SELECT 'aws', 'Managed Services', 'Fee', SUM(costs.amount) * 0.07
           FROM costs
           WHERE costs.provider = 'aws' AND costs.cost_category != 'AWS Marketplace'""",
        InsertSum(
            values={
                "provider": text("aws"),
                "service": text("Managed Services"),
                "cost_type": text("Fee"),
                "amount": times(Sum(operand=AMOUNT), "0.07"),
            },
            where=every(equal(PROVIDER, "aws"), unequal(costs("cost_category"), "AWS Marketplace")),
        ),
    ),
    (
        "a fee by tiers",
        """INSERT INTO costs (provider, service, cost_type, amount)
           SELECT 'aws', 'Managed Services', 'Fee',
             CASE WHEN SUM(costs.amount) < 20000 THEN SUM(costs.amount) * 0.1 ELSE sum(costs.amount) * 0.06 END
           FROM costs""",
        InsertSum(
            values={
                "provider": text("aws"),
                "service": text("Managed Services"),
                "cost_type": text("Fee"),
                "amount": Case(
                    branches=(
                        (
                            Comparison(operator="<", left=Sum(operand=AMOUNT), right=number("20000")),
                            times(Sum(operand=AMOUNT), "0.1"),
                        ),
                    ),
                    otherwise=times(Sum(operand=AMOUNT), "0.06"),
                    kind=Kind.NUMBER,
                ),
            },
            where=None,
        ),
    ),
]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [pytest.param(sql, expected, id=name) for name, sql, expected in [*UPDATES_OF_AWS, *UPDATES_OF_COSTS]],
)
def test_an_update_gives_columns_new_values(sql: str, expected: Update) -> None:
    assert read(sql) == expected


@pytest.mark.parametrize(("sql", "expected"), [pytest.param(sql, expected, id=name) for name, sql, expected in DELETES])
def test_a_delete_takes_charges_away(sql: str, expected: Delete) -> None:
    assert read(sql) == expected


@pytest.mark.parametrize(("sql", "expected"), [pytest.param(sql, expected, id=name) for name, sql, expected in INSERTS])
def test_an_insert_adds_a_line(sql: str, expected: Statement) -> None:
    assert read(sql) == expected


def test_a_text_is_read_once_and_remembered() -> None:
    sql = "DELETE FROM costs WHERE costs.service = 'remembered'"
    assert read_statement(sql=sql)[0] is read_statement(sql=sql)[0]
