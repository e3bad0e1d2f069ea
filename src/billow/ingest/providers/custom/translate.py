"""Rows of a custom provider as charges: what the file leaves out is filled in, and each lies on its day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.problems import Complaint
from billow.ingest.retype import as_text
from billow.ingest.times import STORED_TIME, parse_time
from billow.ingest.translation import Tell
from billow.terms.focus import COLUMN_BY_NAME, ChargeCategory, ColumnKind

PROVIDER_NAME = "Custom provider"
BILLING_ACCOUNT = "custom"
CURRENCY = "USD"
CATEGORIES: Mapping[str, ChargeCategory] = {
    "usage": ChargeCategory.USAGE,
    "fee": ChargeCategory.PURCHASE,
    "tax": ChargeCategory.TAX,
    "credit": ChargeCategory.CREDIT,
    "discount": ChargeCategory.ADJUSTMENT,
    "refund": ChargeCategory.ADJUSTMENT,
}
"""The kinds that a file may name, in any case, and what FOCUS calls them."""

_PERIOD = "BillingPeriodStart"
_START, _END = "ChargePeriodStart", "ChargePeriodEnd"
_DAY = pa.scalar(timedelta(days=1))
_SOME_DAY = pa.scalar(0, pa.int64()).cast(STORED_TIME)


@dataclass(frozen=True, slots=True)
class CustomTranslation:
    """Knows which columns a file has; ``source`` are those of use."""

    source: tuple[DeliveredColumn, ...]
    columns: tuple[DeliveredColumn, ...] = field(init=False)
    period_column: str = _PERIOD
    line_key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        starts = [DeliveredColumn(column.delivered, _PERIOD) for column in self.source if column.stored == _START]
        object.__setattr__(self, "columns", (*self.source, *starts))

    def kind_of(self, stored: str) -> ColumnKind | None:
        """Say how a column is to be typed."""
        return COLUMN_BY_NAME[stored].kind

    def unpack(self, batch: pa.RecordBatch, *, tell: Tell) -> dict[str, pa.Array]:  # noqa: ARG002
        """Return the columns as texts, and the first instant of each row's month."""
        delivered = dict(zip(batch.schema.names, batch.columns, strict=True))
        return {
            column.stored: _months(as_text(delivered[column.delivered]))
            if column.stored == _PERIOD
            else as_text(delivered[column.delivered])
            for column in self.columns
        }

    def charges(self, rows: Mapping[str, pa.Array], *, tell: Tell) -> dict[str, pa.Array]:
        """Return the rows as charges of FOCUS, with the delivered kind beside them."""
        charges = dict(rows)
        count = len(next(iter(rows.values())))
        if _START in rows:
            charges |= _days(rows, tell=tell, name=self.origin_of(_END))
        if "ChargeCategory" in rows:
            charges |= self._kinds(rows["ChargeCategory"], tell)
        if "BilledCost" in rows:
            charges |= dict.fromkeys(("EffectiveCost", "ListCost", "ContractedCost"), rows["BilledCost"])
        for name, usual in (
            ("BillingCurrency", CURRENCY),
            ("BillingAccountId", BILLING_ACCOUNT),
            ("ProviderName", PROVIDER_NAME),
        ):
            charges[name] = pc.fill_null(rows[name], usual) if name in rows else pa.repeat(pa.scalar(usual), count)
        charges["BillingCurrency"] = pc.utf8_upper(pc.utf8_trim_whitespace(charges["BillingCurrency"]))
        if "ResourceType" in rows:
            charges["ServiceSubcategory"] = rows["ResourceType"]
        return charges

    def origin_of(self, stored: str) -> str:
        """Return the delivered column that a stored one is made of."""
        made_of = {
            _PERIOD: _START,
            "BillingPeriodEnd": _START,
            "ServiceSubcategory": "ResourceType",
            "x_ChargeType": "ChargeCategory",
            "EffectiveCost": "BilledCost",
            "ListCost": "BilledCost",
            "ContractedCost": "BilledCost",
        }
        name = made_of.get(stored, stored)
        return next((column.delivered for column in self.source if column.stored == name), name)

    def _kinds(self, delivered: pa.Array, tell: Tell) -> dict[str, pa.Array]:
        kinds = pc.utf8_trim_whitespace(delivered)
        encoded = pc.dictionary_encode(pc.utf8_lower(kinds))
        known = [CATEGORIES.get(kind) for kind in encoded.dictionary.to_pylist()]
        found = pa.array([kind and kind.value for kind in known], pa.string()).take(encoded.indices)
        unknown = pc.and_(pc.is_null(found), pc.is_valid(delivered))
        found = pc.if_else(unknown, ChargeCategory.USAGE.value, found)  # so that it is told once; the file is refused
        allowed = ", ".join(sorted(name.capitalize() for name in CATEGORIES))
        for index in pc.indices_nonzero(unknown).to_pylist():
            tell(
                Complaint(
                    column=self.origin_of("ChargeCategory"),
                    index=index,
                    code="unknown_charge_category",
                    value=delivered[index].as_py(),
                    reason=f"is not a charge category; write one of {allowed}",
                )
            )
        return {"ChargeCategory": found, "x_ChargeType": pc.utf8_capitalize(pc.utf8_lower(kinds))}


def _months(texts: pa.Array) -> pa.Array:
    encoded = pc.dictionary_encode(texts)
    months = []
    for text in encoded.dictionary.to_pylist():
        start = parse_time(text)
        months.append(start and start.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    return pa.array(months, STORED_TIME).take(encoded.indices)


def _days(rows: Mapping[str, pa.Array], *, tell: Tell, name: str) -> dict[str, pa.Array]:
    """Put each charge on the day it begins; without an end it lasts that day.

    Where the start is missing or wrong, which refuses the file, only the start is left empty, so that it is told once.
    """
    start = rows[_START]
    day = pc.fill_null(pc.floor_temporal(start, unit="day"), _SOME_DAY)
    next_day = pc.cast(pc.add(day, _DAY), STORED_TIME)
    end = rows[_END] if _END in rows else pa.nulls(len(start), STORED_TIME)
    for index in pc.indices_nonzero(pc.fill_null(pc.less(end, start), False)).to_pylist():
        reason = "is before ChargePeriodStart; correct one of the two"
        value = f"{end[index].as_py():%Y-%m-%dT%H:%M:%SZ}"
        tell(Complaint(column=name, index=index, code="bad_charge_period", value=value, reason=reason))
    month = pc.floor_temporal(day, unit="month")
    lasting = pc.if_else(pc.fill_null(pc.greater(end, day), False), end, next_day)
    month_end = pc.floor_temporal(pc.cast(pc.add(month, pa.scalar(timedelta(days=31))), STORED_TIME), unit="month")
    known = pc.if_else(pc.is_valid(start), day, pa.scalar(None, STORED_TIME))
    return {_PERIOD: month, "BillingPeriodEnd": month_end, _START: known, _END: lasting}
