"""A cost query written as SQL for DuckDB: group every file first, then merge the groups.

Money is only ever summed, never rounded or cast row by row. All names and values are
quoted here; nothing that a person typed reaches the engine in any other way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from billow.coststore.query import ChargeScope, CostQuery

QUANTITY_COLUMN = "ConsumedQuantity"
UNIT_COLUMN = "ConsumedUnit"
_NULL = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Parquet files of one integration that all have the same types.

    ``columns`` are those with any value; the others read as null. ``complete`` are those known to have no
    null, ``constants`` text columns known to hold one value in every row; knowing this only saves work.
    """

    integration_token: str
    files: tuple[str, ...]
    columns: frozenset[str]
    complete: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)


def compile_query(*, query: CostQuery, sources: Sequence[Source]) -> str:
    """Return the SQL whose answer is described at CostQuery; ``sources`` must not be empty."""
    narrow = [scope for cuts in query.cuts for scope in cuts.scopes if scope.billing_account_id is not None]
    if narrow and not {"BillingAccountId", "SubAccountId"} <= set(query.group_by):
        raise ValueError("a query with days cut for single accounts must group by BillingAccountId and SubAccountId")
    keys = _key_columns(query)
    order = ", ".join(f"{name} NULLS FIRST" for name in keys)
    grouped = " UNION ALL ".join(_grouped(query, source) for source in sources)
    cut = f"SELECT *, {_first_day(query)} AS first_day FROM grouped"
    merged = f"SELECT {_merged(query, keys)} FROM cut GROUP BY {', '.join(keys)}"
    return f"WITH grouped AS ({grouped}), cut AS ({cut}) {merged} ORDER BY {order}"


def _key_columns(query: CostQuery) -> list[str]:
    details = (detail.column for detail in query.details)
    return [*map(_name, query.group_by), "integration_token", *map(_name, details), "first_day"]


def _merged(query: CostQuery, keys: Sequence[str]) -> str:
    columns = [
        *keys,
        "CAST(SUM(cost) AS DECIMAL(38,18)) AS cost",
        "CAST(SUM(charges) AS BIGINT) AS charges",
        "CAST(SUM(charges_without_cost) AS BIGINT) AS charges_without_cost",
    ]
    columns += [f"MAX({_name(name)}) AS {_name(name)}" for name in query.names]
    columns += [_if_one(_name(label), _name(label)) + f" AS {_name(label)}" for label in query.labels]
    if query.usage:
        used = "FILTER (usage_amount IS NOT NULL)"
        unit = "COALESCE(usage_unit, '')"
        one = f"MIN({unit}) {used} IS NOT DISTINCT FROM MAX({unit}) {used}"
        columns += [
            f"CASE WHEN {one} THEN SUM(usage_amount) END AS usage_amount",
            f"CASE WHEN {one} THEN MAX({unit}) {used} END AS usage_unit",
            f"NOT ({one}) AS usage_mixed",
        ]
    return ", ".join(columns)


def _if_one(expression: str, answer: str) -> str:
    same = f"MIN({expression}) = MAX({expression}) AND COUNT({expression}) = COUNT(*)"
    return f"CASE WHEN {same} THEN MAX({answer}) END"


def _grouped(query: CostQuery, source: Source) -> str:
    keys = {_name(column): _column(source, column) for column in query.group_by}
    for detail in query.details:
        keys[_name(detail.column)] = _detail(detail.column, detail.scopes, source)
    keys["bucket"] = _bucket(query, source)
    keys |= {_name(column): _column(source, column) for column in (*query.names, *query.labels)}
    if query.usage:
        keys["usage_unit"] = _column(source, UNIT_COLUMN)
    cost = _sum_of(source, query.cost_column)
    columns = [
        f"{_text(source.integration_token)} AS integration_token",
        *(f"{expression} AS {name}" for name, expression in keys.items()),
        f"COALESCE({cost}, 0) AS cost",
        "COUNT(*) AS charges",
        f"{_nulls(source, query.cost_column)} AS charges_without_cost",
    ]
    if query.usage:
        columns.append(f"{_sum_of(source, QUANTITY_COLUMN)} AS usage_amount")
    grouping = ", ".join(_varying(keys.values())) or "()"
    files = ", ".join(map(_text, source.files))
    return f"SELECT {', '.join(columns)} FROM read_parquet([{files}]){_where(query, source)} GROUP BY {grouping}"


def _varying(expressions: Iterable[str]) -> list[str]:
    """Leave out constants: an engine may read a literal in GROUP BY as a column's position."""
    return [expression for expression in expressions if '"' in expression]


def _sum_of(source: Source, column: str) -> str:
    summed = f"SUM({_name(column)})" if column in source.columns else "NULL"
    return f"CAST({summed} AS DECIMAL(38,18))"


def _nulls(source: Source, column: str) -> str:
    return "0" if column in source.complete else f"COUNT(*) - COUNT({_column(source, column)})"


def _column(source: Source, column: str) -> str:
    if column in source.constants:
        return _text(source.constants[column])
    return _name(column) if column in source.columns else _NULL


def _where(query: CostQuery, source: Source) -> str:
    if query.only is None:
        return ""
    return f" WHERE {_in_scopes(query.only, _Place.of(source))}"


def _detail(column: str, scopes: Iterable[ChargeScope], source: Source) -> str:
    condition = _in_scopes(scopes, _Place.of(source))
    expression = _column(source, column)
    if condition == "FALSE" or expression == _NULL:
        return _NULL
    return expression if condition == "TRUE" else f"CASE WHEN {condition} THEN {expression} END"


def _bucket(query: CostQuery, source: Source) -> str:
    """Write between which of all cut days a row lies, for rows that anything is cut for."""
    start = _day(query.period.start)
    days = sorted({day for cuts in query.cuts for day in cuts.days})
    condition = _in_scopes([scope for cuts in query.cuts if cuts.days for scope in cuts.scopes], _Place.of(source))
    if not days or condition == "FALSE" or "ChargePeriodStart" not in source.columns:
        return start
    moment = _column(source, "ChargePeriodStart")
    steps = " ".join(f"WHEN {moment} >= TIMESTAMP '{day} 00:00:00' THEN {_day(day)}" for day in reversed(days))
    return f"CASE WHEN {condition} THEN CASE {steps} ELSE {start} END ELSE {start} END"


def _first_day(query: CostQuery) -> str:
    """Write the first day of a group's own segment; groups are few, so every scope may have its own cuts here."""
    start = _day(query.period.start)
    branches = []
    for cuts in query.cuts:
        steps = " ".join(f"WHEN bucket >= {_day(day)} THEN {_day(day)}" for day in reversed(cuts.days))
        segment = f"CASE {steps} ELSE {start} END" if cuts.days else start
        for integration_token in sorted({scope.integration_token for scope in cuts.scopes}):
            place = _Place(integration_token, _name("BillingAccountId"), _name("SubAccountId"), many_rows=False)
            condition = f"integration_token = {_text(integration_token)} AND ({_in_scopes(cuts.scopes, place)})"
            branches.append(f"WHEN {condition} THEN {segment}")
    return f"CASE {' '.join(branches)} ELSE {start} END" if branches else start


@dataclass(frozen=True, slots=True)
class _Place:
    """How to write, for rows of one integration, where a charge was billed.

    ``many_rows``: the condition is asked of charges, not of groups, so long lists are joined, not compared one by one.
    """

    integration_token: str
    billing_account: str
    sub_account: str
    many_rows: bool

    @classmethod
    def of(cls, source: Source) -> "_Place":
        account, sub_account = _column(source, "BillingAccountId"), _column(source, "SubAccountId")
        return cls(source.integration_token, account, sub_account, many_rows=True)


def _in_scopes(scopes: Iterable[ChargeScope], place: _Place) -> str:
    """Write which rows lie in any of the scopes; ``TRUE`` or ``FALSE`` if that needs no look at a row."""
    own = [scope for scope in scopes if scope.integration_token == place.integration_token]
    if any(scope.billing_account_id is None for scope in own):
        return "TRUE"
    whole = sorted({scope.billing_account_id or "" for scope in own if scope.sub_account_id is None})
    pairs = sorted({(scope.billing_account_id or "", scope.sub_account_id) for scope in own if scope.sub_account_id})
    conditions = [f"{place.billing_account} IN ({_list(whole)})"] if whole else []
    if pairs and place.many_rows:
        accounts, sub_accounts = (_list(part) for part in zip(*pairs, strict=True))
        listed = f"SELECT unnest([{accounts}]), unnest([{sub_accounts}])"
        conditions.append(f"({place.billing_account}, {place.sub_account}) IN ({listed})")
    elif pairs:
        conditions += [
            f"({place.billing_account} = {_text(account)} AND {place.sub_account} = {_text(sub_account)})"
            for account, sub_account in pairs
        ]
    return " OR ".join(conditions) if conditions else "FALSE"


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(_text, values))


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text with a NUL character cannot be part of a query")
    return "'" + value.replace("'", "''") + "'"


def _day(day: date) -> str:
    return f"DATE '{day}'"
