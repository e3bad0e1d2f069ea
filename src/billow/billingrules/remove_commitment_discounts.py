"""Remove RI/SP discounts: usage that another account's commitment covered goes back to list price.

A commitment belongs to the account that its ARN names. What the customer's own commitments cover stays; a line
without an ARN is nobody's that is known, and goes back.
"""

from functools import lru_cache

from billow.billingrules.conversion import (
    COVERED,
    DISCOUNTED,
    PLAN_ARN,
    PUBLIC_PRICE,
    RESERVATION_ARN,
    UNBLENDED,
    USAGE,
)
from billow.billingrules.expression import (
    Column,
    Comparison,
    Concatenation,
    Condition,
    Dataset,
    Every,
    IsMissing,
    Kind,
    Opposite,
    Pattern,
    Text,
)
from billow.billingrules.facts import PRESENT
from billow.billingrules.public_price import focus_at_list_price
from billow.billingrules.statement import Update
from billow.terms.cur import LINE_ITEM_TYPE


@lru_cache(maxsize=1)
def remove_commitment_statements() -> tuple[Update, ...]:
    """Return the statements for Savings Plans, for reservations, and for AWS charges of FOCUS bills.

    A reserved line without a public price stays as it is: there is no list price to go back to.
    """
    line_type = _text(Dataset.AWS, LINE_ITEM_TYPE)
    price = Column(dataset=Dataset.AWS, name=PUBLIC_PRICE, kind=Kind.NUMBER)
    has_price = Opposite(condition=IsMissing(operand=_text(Dataset.AWS, f"{PUBLIC_PRICE}{PRESENT}")))
    plan = Update(
        dataset=Dataset.AWS,
        assignments=((line_type, Text(value=USAGE)),),
        where=Every(conditions=(_is(line_type, COVERED), _foreign(Dataset.AWS, PLAN_ARN, "lineItem/UsageAccountId"))),
    )
    reservation = Update(
        dataset=Dataset.AWS,
        assignments=(
            (line_type, Text(value=USAGE)),
            (Column(dataset=Dataset.AWS, name=UNBLENDED, kind=Kind.NUMBER), price),
        ),
        where=Every(
            conditions=(
                _is(line_type, DISCOUNTED),
                has_price,
                _foreign(Dataset.AWS, RESERVATION_ARN, "lineItem/UsageAccountId"),
            )
        ),
    )
    used = _is(_text(Dataset.COSTS, "CommitmentDiscountStatus"), "Used")
    foreign = _foreign(Dataset.COSTS, "CommitmentDiscountId", "SubAccountId")
    return plan, reservation, focus_at_list_price(only=(used, foreign))


def _foreign(dataset: Dataset, arn_column: str, account_column: str) -> Condition:
    """Say that the ARN does not name the account."""
    arn, account = _text(dataset, arn_column), _text(dataset, account_column)
    named = Pattern(operand=arn, pattern=Concatenation(parts=(Text(value="%:"), account, Text(value=":%"))))
    return Opposite(condition=named)


def _is(column: Column, value: str) -> Comparison:
    return Comparison(operator="=", left=column, right=Text(value=value))


def _text(dataset: Dataset, name: str) -> Column:
    return Column(dataset=dataset, name=name, kind=Kind.TEXT)
