"""Re-rate to public price: AWS usage at its public on-demand price, and no negotiated discount.

Lines that AWS gives no public price (taxes, fees, credits) keep their cost; discount lines, which are what was
negotiated, go; a negation stays, as it takes back what the covered line says.
"""

from decimal import Decimal
from functools import lru_cache

from billow.billingrules.conversion import NEGATION, PUBLIC_PRICE, UNBLENDED
from billow.billingrules.datasets import AMOUNT
from billow.billingrules.expression import (
    Case,
    Column,
    Comparison,
    Condition,
    Dataset,
    Every,
    IsMissing,
    Kind,
    Number,
    Opposite,
    Pattern,
    Text,
)
from billow.billingrules.facts import PRESENT
from billow.billingrules.statement import Update
from billow.terms.cur import LINE_ITEM_TYPE

LIST_COST = "ListCost"
_UNBLENDED_RATE = "lineItem/UnblendedRate"
_PUBLIC_RATE = "pricing/publicOnDemandRate"


@lru_cache(maxsize=1)
def public_price_statements() -> tuple[Update, ...]:
    """Return the statement for lines of AWS's reports, and the one for AWS charges of FOCUS bills."""
    has_price = _is_there(Dataset.AWS, PUBLIC_PRICE)
    is_discount = Every(
        conditions=(
            Pattern(operand=_text(Dataset.AWS, LINE_ITEM_TYPE), pattern=Text(value="%Discount")),
            Opposite(condition=has_price),
        )
    )
    unblended = _number(Dataset.AWS, UNBLENDED)
    price = Case(
        branches=((has_price, _number(Dataset.AWS, PUBLIC_PRICE)), (is_discount, Number(value=Decimal(0)))),
        otherwise=unblended,
        kind=Kind.NUMBER,
    )
    return (
        Update(
            dataset=Dataset.AWS,
            assignments=(
                (unblended, price),
                (_number(Dataset.AWS, _UNBLENDED_RATE), _number(Dataset.AWS, _PUBLIC_RATE)),
            ),
            where=Comparison(operator="!=", left=_text(Dataset.AWS, LINE_ITEM_TYPE), right=Text(value=NEGATION)),
        ),
        focus_at_list_price(only=()),
    )


def focus_at_list_price(*, only: tuple[Condition, ...]) -> Update:
    """Return the statement that charges the list cost for AWS charges of FOCUS bills, where FOCUS has one."""
    return Update(
        dataset=Dataset.COSTS,
        assignments=((_number(Dataset.COSTS, AMOUNT), _number(Dataset.COSTS, LIST_COST)),),
        where=Every(
            conditions=(
                # Asked of the bill itself: a rule may have taken the type of a report's line away.
                IsMissing(operand=_text(Dataset.COSTS, f"{LINE_ITEM_TYPE}{PRESENT}")),
                Comparison(operator="=", left=_text(Dataset.COSTS, "provider_key"), right=Text(value="aws")),
                Comparison(operator="=", left=_text(Dataset.COSTS, "ChargeCategory"), right=Text(value="Usage")),
                _is_there(Dataset.COSTS, LIST_COST),
                *only,
            )
        ),
    )


def _is_there(dataset: Dataset, name: str) -> Condition:
    return Opposite(condition=IsMissing(operand=_text(dataset, f"{name}{PRESENT}")))


def _text(dataset: Dataset, name: str) -> Column:
    return Column(dataset=dataset, name=name, kind=Kind.TEXT)


def _number(dataset: Dataset, name: str) -> Column:
    return Column(dataset=dataset, name=name, kind=Kind.NUMBER)
