"""How values are written: exact decimals as text, times in UTC without fractions."""

from datetime import UTC, datetime
from decimal import Decimal


def decimal_text(number: Decimal) -> str:
    """Return plain notation with at least one decimal place and no other needless zero: 75.0, 8.25."""
    text = f"{number.normalize():f}" if number else "0"
    return text if "." in text else f"{text}.0"


def money_text(amount: Decimal) -> str:
    """Return an amount with the decimals of its currency, at least one: 1234.50."""
    text = f"{amount:f}"
    return text if "." in text else f"{text}.0"


def time_text(moment: datetime) -> str:
    """Return the instant as 2024-07-02T15:26:52Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
