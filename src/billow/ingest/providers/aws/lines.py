"""What kinds of lines a report has, and what FOCUS calls them."""

from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from billow.terms.focus import ChargeCategory


class LineType(StrEnum):
    """The values of ``lineItem/LineItemType`` that need a treatment of their own."""

    USAGE = "Usage"
    DISCOUNTED_USAGE = "DiscountedUsage"
    SAVINGS_PLAN_COVERED_USAGE = "SavingsPlanCoveredUsage"
    SAVINGS_PLAN_NEGATION = "SavingsPlanNegation"
    FEE = "Fee"
    RI_FEE = "RIFee"
    SAVINGS_PLAN_RECURRING_FEE = "SavingsPlanRecurringFee"
    SAVINGS_PLAN_UPFRONT_FEE = "SavingsPlanUpfrontFee"
    TAX = "Tax"
    CREDIT = "Credit"

    @staticmethod
    def is_in(types: pa.Array, *wanted: "LineType") -> pa.Array:
        """Tell line by line whether the type is one of those."""
        return pc.is_in(types, value_set=pa.array([kind.value for kind in wanted]))

    @staticmethod
    def categories(types: pa.Array) -> pa.Array:
        """Return FOCUS's ChargeCategory; what is not in the table (discounts, refunds) is an adjustment."""
        return _looked_up(types, _CATEGORIES, otherwise=ChargeCategory.ADJUSTMENT.value)

    @staticmethod
    def frequencies(types: pa.Array) -> pa.Array:
        """Return FOCUS's ChargeFrequency."""
        return _looked_up(types, _FREQUENCIES, otherwise="One-Time")


_CATEGORIES: dict[str, str] = {
    LineType.USAGE: ChargeCategory.USAGE.value,
    LineType.DISCOUNTED_USAGE: ChargeCategory.USAGE.value,
    LineType.SAVINGS_PLAN_COVERED_USAGE: ChargeCategory.USAGE.value,
    LineType.SAVINGS_PLAN_NEGATION: ChargeCategory.USAGE.value,
    LineType.FEE: ChargeCategory.PURCHASE.value,
    LineType.RI_FEE: ChargeCategory.PURCHASE.value,
    LineType.SAVINGS_PLAN_RECURRING_FEE: ChargeCategory.PURCHASE.value,
    LineType.SAVINGS_PLAN_UPFRONT_FEE: ChargeCategory.PURCHASE.value,
    LineType.TAX: ChargeCategory.TAX.value,
    LineType.CREDIT: ChargeCategory.CREDIT.value,
}
_FREQUENCIES: dict[str, str] = {
    LineType.USAGE: "Usage-Based",
    LineType.DISCOUNTED_USAGE: "Usage-Based",
    LineType.SAVINGS_PLAN_COVERED_USAGE: "Usage-Based",
    LineType.SAVINGS_PLAN_NEGATION: "Usage-Based",
    LineType.RI_FEE: "Recurring",
    LineType.SAVINGS_PLAN_RECURRING_FEE: "Recurring",
}


def _looked_up(types: pa.Array, table: dict[str, str], *, otherwise: str) -> pa.Array:
    encoded = pc.dictionary_encode(types)
    answers = [table.get(kind, otherwise) for kind in encoded.dictionary.to_pylist()]
    return pa.array(answers, pa.string()).take(encoded.indices)
