"""From AWS lines to costs: which amounts a line costs by its line item type, in the view that the invoice starts from.

Source: docs/rules.md, after AWS's guide to amortised data in Cost and Usage Reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from billow.billingrules.facts import ZERO, Row
from billow.billingrules.linear import NOTHING, Linear, amount_named
from billow.terms.cur import LINE_ITEM_TYPE
from billow.terms.focus import CostBasis

UNBLENDED = "lineItem/UnblendedCost"
PUBLIC_PRICE = "pricing/publicOnDemandCost"
NO_UNBLENDED = f"{UNBLENDED}{ZERO}"
PLAN_ARN = "savingsPlan/SavingsPlanARN"
RESERVATION_ARN = "reservation/ReservationARN"

USAGE, COVERED, NEGATION, DISCOUNTED = (
    "Usage",
    "SavingsPlanCoveredUsage",
    "SavingsPlanNegation",
    "DiscountedUsage",
)

_ONE, _MINUS = Decimal(1), Decimal(-1)
_AMORTISED: Mapping[str, Linear] = {
    COVERED: amount_named("savingsPlan/SavingsPlanEffectiveCost"),
    NEGATION: NOTHING,
    "SavingsPlanRecurringFee": Linear(
        (("savingsPlan/TotalCommitmentToDate", _ONE), ("savingsPlan/UsedCommitment", _MINUS))
    ),
    "SavingsPlanUpfrontFee": NOTHING,
    DISCOUNTED: amount_named("reservation/EffectiveCost"),
    "RIFee": Linear(
        (("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", _ONE), ("reservation/UnusedRecurringFee", _ONE))
    ),
}
_UNBLENDED = amount_named(UNBLENDED)


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a line's amounts make its cost; ``if_zero`` counts where the first gives nothing."""

    cost: Linear
    if_zero: Linear | None = None

    def of(self, amounts: Mapping[str, Decimal]) -> Decimal:
        """Return the cost."""
        cost = self.cost.of(amounts)
        return self.if_zero.of(amounts) if not cost and self.if_zero is not None else cost

    @property
    def names(self) -> frozenset[str]:
        """The amounts it looks at."""
        return self.cost.names | (self.if_zero.names if self.if_zero else frozenset())


def follows_lines(*, basis: CostBasis) -> bool:
    """Tell whether the cost of an AWS line is made of its own amounts; otherwise it stays what FOCUS says."""
    return basis in {CostBasis.BILLED_COST, CostBasis.EFFECTIVE_COST}


def conversion_of(*, row: Row, imported_type: str, basis: CostBasis, has_own_cost: bool) -> Conversion | None:
    """Return how the line becomes a cost as its row is now; None where its cost stays what FOCUS says.

    ``has_own_cost`` tells that a rule gave it an unblended cost that is not just a part of what it had.
    """
    if not follows_lines(basis=basis):
        return None
    now = row.get(LINE_ITEM_TYPE) or ""
    if basis is CostBasis.EFFECTIVE_COST:
        if now == "Fee" and row.get(RESERVATION_ARN):
            return Conversion(NOTHING)
        amortised = _AMORTISED.get(now)
        if amortised is not None:
            return Conversion(amortised)
    if imported_type == DISCOUNTED and now == USAGE and row.get(NO_UNBLENDED) and not has_own_cost:
        # AWS writes 0 on discounted lines; taken literally, a customer would get the usage for nothing.
        return Conversion(_UNBLENDED, if_zero=amount_named(PUBLIC_PRICE))
    return Conversion(_UNBLENDED)


def amounts_of(*, basis: CostBasis) -> frozenset[str]:
    """Return every amount that some conversion may look at."""
    if basis is CostBasis.EFFECTIVE_COST:
        return frozenset({UNBLENDED, PUBLIC_PRICE}).union(*(linear.names for linear in _AMORTISED.values()))
    return frozenset({UNBLENDED, PUBLIC_PRICE}) if basis is CostBasis.BILLED_COST else frozenset()


def texts_of(*, basis: CostBasis) -> frozenset[str]:
    """Return every text that some conversion may look at."""
    return frozenset({LINE_ITEM_TYPE, RESERVATION_ARN} if basis is CostBasis.EFFECTIVE_COST else {LINE_ITEM_TYPE})
