"""The amortised view: what a line costs once commitments are spread over what they cover."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from billow.ingest.decimals import STORED_DECIMAL
from billow.ingest.problems import Complaint
from billow.ingest.providers.aws.lines import LineType
from billow.ingest.translation import Tell
from billow.terms.issue import Severity

_NOTHING = pa.scalar(0, STORED_DECIMAL)
_ROOM = pa.decimal256(60, 18)
_PLAN_COST = "savingsPlan/SavingsPlanEffectiveCost"
_RESERVED_COST = "reservation/EffectiveCost"
_COMMITTED = "savingsPlan/TotalCommitmentToDate"
_UNUSED_UPFRONT = "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"
_UNUSED_RECURRING = "reservation/UnusedRecurringFee"


def effective_cost(raw: Mapping[str, pa.Array], *, tell: Tell, name_of: Callable[[str], str]) -> pa.Array:
    """Return each line's amortised cost.

    A covered line without its share of the plan is an error, as its list price would be billed instead. Other lines
    whose share AWS left out keep their billed cost, and a warning says so.
    """
    types = raw["lineItem/LineItemType"]
    cost = raw["lineItem/UnblendedCost"]
    unused_fee = _unless_both_missing(raw[_UNUSED_UPFRONT], raw[_UNUSED_RECURRING], minus=False)
    unused_plan = _unless_both_missing(raw[_COMMITTED], raw["savingsPlan/UsedCommitment"], minus=True)
    shares = (
        (LineType.DISCOUNTED_USAGE, raw[_RESERVED_COST], _RESERVED_COST),
        (LineType.RI_FEE, unused_fee, _UNUSED_RECURRING),
        (LineType.SAVINGS_PLAN_RECURRING_FEE, unused_plan, _COMMITTED),
        (LineType.SAVINGS_PLAN_COVERED_USAGE, raw[_PLAN_COST], _PLAN_COST),
    )
    effective = cost
    for kind, share, column in shares:
        lines = LineType.is_in(types, kind)
        if not pc.any(lines).as_py():
            continue
        lacking = pc.and_(lines, pc.is_null(share))
        _tell_lacking(kind, lacking, name_of(column), tell)
        effective = pc.if_else(pc.and_(lines, pc.is_valid(share)), share, effective)
    spread = LineType.is_in(types, LineType.SAVINGS_PLAN_NEGATION, LineType.SAVINGS_PLAN_UPFRONT_FEE)
    upfront = pc.and_(LineType.is_in(types, LineType.FEE), pc.is_valid(raw["reservation/ReservationARN"]))
    return pc.if_else(pc.or_(spread, upfront), _NOTHING, effective)


def _unless_both_missing(first: pa.Array, second: pa.Array, *, minus: bool) -> pa.Array:
    """Add or subtract, one missing figure counting as nothing; what does not fit the store is missing."""
    combine = pc.subtract if minus else pc.add
    wide = combine(*(pc.cast(pc.coalesce(part, _NOTHING), _ROOM) for part in (first, second)))
    fits = pc.less(pc.abs(wide), pa.scalar(10**20, pa.decimal256(60, 18)))
    known = pc.and_(fits, pc.or_(pc.is_valid(first), pc.is_valid(second)))
    return pc.cast(pc.if_else(known, wide, pa.scalar(None, wide.type)), STORED_DECIMAL)


def _tell_lacking(kind: LineType, lacking: pa.Array, column: str, tell: Tell) -> None:
    places = pc.indices_nonzero(lacking)
    if not len(places):
        return
    is_error = kind is LineType.SAVINGS_PLAN_COVERED_USAGE
    consequence = (
        "export the report again with it" if is_error else "the billed cost stands in for it in the amortised view"
    )
    tell(
        Complaint(
            column=column,
            index=places[0].as_py(),
            code="missing_value" if is_error else "no_amortised_cost",
            value=None,
            reason=f"the amortised cost of a {kind.value} line is missing; {consequence}",
            severity=Severity.ERROR if is_error else Severity.WARNING,
            count=len(places),
        )
    )
