"""The lines of one report, a batch at a time: raw columns out of whatever holds them, then charges."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from billow.coststore.delivery import DeliveredColumn
from billow.ingest.decimals import NUMBER_PATTERN
from billow.ingest.problems import Complaint
from billow.ingest.providers.aws.charges import ORIGINS, to_charges
from billow.ingest.providers.aws.columns import (
    BILLING_PERIOD_START,
    LINE_KEY,
    LISTS,
    PRODUCT,
    key_in,
    snake_name,
)
from billow.ingest.providers.aws.lists import json_of_columns, json_of_list, value_of_key
from billow.ingest.retype import DECIMAL_KINDS, as_text
from billow.ingest.translation import Tell
from billow.terms.cur import KIND_BY_NAME, RESOURCE_TAGS
from billow.terms.focus import ColumnKind
from billow.terms.issue import Severity

_SPELL_MISSING_AS_NONE = ("pricing/", "reservation/", "savingsPlan/")
_MAY_HOLD_WORDS = ("pricing/publicOnDemandCost", "pricing/publicOnDemandRate")


@dataclass(frozen=True, slots=True)
class ReportTranslation:
    """Knows where each raw column of a report stands; ``source`` are the delivered columns of use."""

    source: tuple[DeliveredColumn, ...]
    columns: tuple[DeliveredColumn, ...] = field(init=False)
    period_column: str = BILLING_PERIOD_START
    line_key: tuple[str, ...] = LINE_KEY

    def __post_init__(self) -> None:
        plain = {column.stored: column for column in self.source if column.stored in KIND_BY_NAME}
        packed = next((column for column in self.source if column.stored == PRODUCT), None)
        if packed is not None:
            for name in KIND_BY_NAME:
                if name.startswith(f"{PRODUCT}/"):
                    plain.setdefault(name, DeliveredColumn(packed.delivered, name))
        lists = [
            DeliveredColumn(column.delivered, group)
            for group in LISTS
            for column in self.source
            if column.stored == group or key_in(column.stored, group=group)
        ]
        first_of_each = {column.stored: column for column in reversed(lists)}
        object.__setattr__(self, "columns", (*plain.values(), *first_of_each.values()))

    def kind_of(self, stored: str) -> ColumnKind | None:
        """Say how a raw column is to be typed."""
        return KIND_BY_NAME.get(stored)

    def unpack(self, batch: pa.RecordBatch, *, tell: Tell) -> dict[str, pa.Array]:
        """Return the raw columns by the legacy report's names."""
        delivered = dict(zip(batch.schema.names, batch.columns, strict=True))
        rows: dict[str, pa.Array] = {}
        for column in self.columns:
            values = delivered[column.delivered]
            if column.stored in LISTS:
                rows[column.stored] = self._list(column.stored, delivered)
            elif column.delivered in self._packed:
                rows[column.stored] = value_of_key(values, key=snake_name(column.stored.removeprefix(f"{PRODUCT}/")))
            else:
                rows[column.stored] = _cleaned(column, values, tell)
        return rows

    def charges(self, rows: Mapping[str, pa.Array], *, tell: Tell) -> dict[str, pa.Array]:
        """Return the lines as charges, with the raw columns beside FOCUS's."""
        return to_charges(rows, tell=tell, name_of=self._delivered_name)

    def origin_of(self, stored: str) -> str:
        """Return the delivered column that a stored one is made of."""
        return self._delivered_name(ORIGINS.get(stored, stored))

    @property
    def _packed(self) -> frozenset[str]:
        return frozenset(column.delivered for column in self.source if column.stored == PRODUCT)

    def _delivered_name(self, name: str) -> str:
        return next((column.delivered for column in self.columns if column.stored == name), name)

    def _list(self, group: str, delivered: Mapping[str, pa.Array]) -> pa.Array:
        packed = next((column.delivered for column in self.source if column.stored == group), None)
        is_tags = group == RESOURCE_TAGS
        if packed is not None:
            return json_of_list(delivered[packed], keys_are_tags=is_tags)
        keys = {
            key: as_text(delivered[column.delivered])
            for column in self.source
            if (key := key_in(column.stored, group=group)) is not None
        }
        return json_of_columns(keys, keys_are_tags=is_tags)


def _cleaned(column: DeliveredColumn, values: pa.Array, tell: Tell) -> pa.Array:
    """Bring texts into one form and read words for "nothing" as null."""
    kind = KIND_BY_NAME[column.stored]
    is_text = not pa.types.is_floating(values.type) and not pa.types.is_decimal(values.type)
    if kind is ColumnKind.TIME or (kind in DECIMAL_KINDS and not is_text):
        return values
    texts = as_text(values)
    if column.stored.startswith(_SPELL_MISSING_AS_NONE):
        texts = _without(texts, pc.equal(texts, "None"))
    if column.stored in _MAY_HOLD_WORDS:
        words = pc.fill_null(pc.invert(pc.match_substring_regex(texts, NUMBER_PATTERN)), False)
        _tell_words(column, texts, words, tell)
        texts = _without(texts, words)
    return texts


def _without(texts: pa.Array, unwanted: pa.Array) -> pa.Array:
    return pc.if_else(unwanted, pa.scalar(None, pa.string()), texts) if pc.any(unwanted).as_py() else texts


def _tell_words(column: DeliveredColumn, texts: pa.Array, words: pa.Array, tell: Tell) -> None:
    places = pc.indices_nonzero(words)
    if len(places):
        first = places[0].as_py()
        tell(
            Complaint(
                column=column.delivered,
                index=first,
                code="word_for_price",
                value=texts[first].as_py(),
                reason="is a word where a price should stand; the line is taken to have no public price",
                severity=Severity.WARNING,
                count=len(places),
            )
        )
