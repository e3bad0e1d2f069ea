"""A cost query written as SQL for DuckDB: group every file first, then merge the groups.

Money is only ever summed, never rounded or cast row by row. All names and values are
quoted here; nothing that a person typed reaches the engine in any other way.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from billow.coststore.lines import LINE_NUMBER
from billow.coststore.places import Places, Wanted, places_of
from billow.coststore.query import ChargeScope, CostQuery, Detail, DetailForm, Look, TextTest, label_of, sum_of

QUANTITY_COLUMN = "ConsumedQuantity"
UNIT_COLUMN = "ConsumedUnit"
_NULL = "CAST(NULL AS VARCHAR)"
_ACCOUNTS, _SUB_ACCOUNTS = "billow_accounts", "billow_sub_accounts"
_CUTS, _DETAILS, _TESTS = "billow_cuts", "billow_details", "billow_tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Parquet files of one integration that all have the same types.

    ``columns`` are those with any value; the others read as null. ``complete`` are those known to have no
    null, ``constants`` text columns known to hold one value in every row, ``few`` columns known to hold at most
    one value beside null; knowing this only saves work. ``times`` and ``numbers`` are columns of those types.
    ``lines`` is the file that tells which texts the charges' line numbers stand for, ``numbered`` their columns.
    """

    integration_token: str
    files: tuple[str, ...]
    columns: frozenset[str]
    complete: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)
    few: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    lines: str = ""
    numbered: frozenset[str] = frozenset()


def compile_query(*, query: CostQuery, sources: Sequence[Source]) -> str:
    """Return the SQL whose answer is described at CostQuery; ``sources`` must not be empty."""
    narrow = [scope for cuts in query.cuts for scope in cuts.scopes if scope.billing_account_id is not None]
    narrow += [scope for detail in query.details for each in detail.tested for scope in each.scopes]
    if narrow and not _groups_by_account(query):
        raise ValueError(
            "a query that cuts days or tests for single accounts must group by BillingAccountId and SubAccountId"
        )
    keys = _key_columns(query)
    order = ", ".join(f"{name} NULLS FIRST" for name in keys)
    tokens = {source.integration_token for source in sources}
    places = {token: places_of(query=query, integration_token=token) for token in tokens}
    grouped = " UNION ALL ".join(_groups(query, source, places[source.integration_token]) for source in sources)
    cut = f"SELECT *, {_first_day(query)} AS first_day FROM grouped"
    merged = f"SELECT {_merged(query, keys)} FROM cut GROUP BY {', '.join(keys)}"
    return f"WITH grouped AS ({grouped}), cut AS ({cut}) {merged} ORDER BY {order}"


def _groups_by_account(query: CostQuery) -> bool:
    return {"BillingAccountId", "SubAccountId"} <= set(query.group_by)


def _key_columns(query: CostQuery) -> list[str]:
    details = (detail.name for detail in query.details)
    return [*map(_name, query.group_by), "integration_token", *map(_name, details), "first_day"]


def _merged(query: CostQuery, keys: Sequence[str]) -> str:
    columns = [
        *keys,
        "CAST(SUM(cost) AS DECIMAL(38,18)) AS cost",
        "CAST(SUM(charges) AS BIGINT) AS charges",
        "CAST(SUM(charges_without_cost) AS BIGINT) AS charges_without_cost",
    ]
    columns += [
        f"CAST(SUM({_name(sum_of(amount))}) AS DECIMAL(38,18)) AS {_name(sum_of(amount))}" for amount in query.amounts
    ]
    columns += [f"MAX({_name(name)}) AS {_name(name)}" for name in query.names]
    labels = [_name(label_of(label)) for label in query.labels]
    columns += [f"{_if_one(label, label)} AS {label}" for label in labels]
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


def _groups(query: CostQuery, source: Source, places: Places) -> str:
    """Write the groups of one source: by line numbers if they stand for every text that the query needs."""
    needed = {*query.group_by, *query.names, *query.labels, "BillingAccountId", "SubAccountId"}
    if query.usage:
        needed.add(UNIT_COLUMN)
    grouped = _grouped_by_line if needed <= source.numbered else _grouped
    return grouped(query, source, places)


def _grouped(query: CostQuery, source: Source, places: Places) -> str:
    """Write the groups of one source; a detail of few values splits everybody's groups first, then only its scopes'."""
    # Details are told by their numbers: each has a long list of scopes, which would be hashed over and over.
    split = {
        number: detail
        for number, detail in enumerate(query.details)
        if (_column(source, detail.column) != _NULL or detail.tests) and places.have_detail(number=number)
    }
    may_be_late = _groups_by_account(query)
    late = {n for n, detail in split.items() if may_be_late and not detail.form and detail.column in source.few}
    keys = {_name(column): _column(source, column) for column in query.group_by}
    for detail in query.details:
        keys[_name(detail.name)] = _NULL
    for number, detail in split.items():
        value = _detail(source, detail)
        keys[_name(detail.name)] = value if number in late else _split_by(value, number, _wanted(places, "details"))
    keys["bucket"] = _bucket(query, source, _wanted(places, "cuts") if places.have_cuts else "")
    keys |= {_name(column): _column(source, column) for column in query.names}
    keys |= {_name(label_of(column)): _column(source, column) for column in query.labels}
    if query.usage:
        keys["usage_unit"] = _column(source, UNIT_COLUMN)
    grouped = _summed(query, source, keys, places if places.have_cuts or split.keys() - late else None)
    kept = {
        _name(split[number].name): _split_by(_name(split[number].name), number, _wanted(places, "details"))
        for number in sorted(late)
    }
    kept |= {_name(each.name): _tested(each, places, _wanted(places, "tests")) for each in split.values() if each.tests}
    if not kept:
        return grouped
    accounts = (_name("BillingAccountId"), _name("SubAccountId"))
    return f"SELECT groups.* REPLACE ({_aliased(kept)}) FROM ({grouped}) AS groups{_looked_up(places, *accounts)}"


def _summed(query: CostQuery, source: Source, keys: Mapping[str, str], places: Places | None) -> str:
    columns = {"integration_token": _text(source.integration_token), **keys, **_sums(query, source)}
    charges = f"read_parquet([{_list(source.files)}])"
    if places is not None:
        charges += _looked_up(places, _column(source, "BillingAccountId"), _column(source, "SubAccountId"))
    grouping = ", ".join(_varying(keys.values())) or "()"
    return f"SELECT {_aliased(columns)} FROM {charges}{_where(query, source)} GROUP BY {grouping}"


def _grouped_by_line(query: CostQuery, source: Source, places: Places) -> str:
    """Write the groups of one source by the numbers of their lines; texts are read for the groups alone."""
    line = replace(source, columns=source.numbered, constants={}, times=frozenset(), numbers=frozenset())
    split = {n: detail for n, detail in enumerate(query.details) if places.have_detail(number=n)}
    of_line = {n for n, detail in split.items() if detail.column in source.numbered}
    of_charge = {n for n in split.keys() - of_line if _column(source, split[n].column) != _NULL}
    tested = {n for n, detail in split.items() if detail.tests}
    late = {n for n in of_charge if not split[n].form and split[n].column in source.few}
    shown = {_name(column): _column(line, column) for column in query.group_by}
    keys = {LINE_NUMBER: f"charges.{_name(LINE_NUMBER)}"}
    for number, detail in enumerate(query.details):
        name, value = _name(detail.name), _detail(source, detail)
        if number in tested:
            keys[name], shown[name] = _split_by(value, number, _DETAILS), _tested(detail, places, _TESTS)
        elif number in of_line:
            shown[name] = _split_by(_detail(line, detail), number, _DETAILS)
        elif number in late:
            keys[name], shown[name] = value, _split_by(name, number, _DETAILS)
        elif number in of_charge:
            keys[name], shown[name] = _split_by(value, number, _DETAILS), name
        else:
            shown[name] = _NULL
    keys["bucket"] = _bucket(query, source, _CUTS if places.have_cuts else "")
    shown["bucket"] = "bucket"
    shown |= {_name(column): _column(line, column) for column in query.names}
    shown |= {_name(label_of(column)): _column(line, column) for column in query.labels}
    if query.usage:
        shown["usage_unit"] = _column(line, UNIT_COLUMN)
    only = _where(query, line)
    charges = f"read_parquet([{_list(source.files)}]) AS charges"
    if only or places.have_cuts or tested or of_charge - late:
        charges += f" JOIN (SELECT {LINE_NUMBER}, {_CUTS}, {_DETAILS}, {_TESTS} FROM lines) USING ({LINE_NUMBER})"
    sums = _sums(query, source)
    grouping = ", ".join(_varying(keys.values()))
    bits = _aliased({f"billow_{what}": _wanted(places, what) for what in ("cuts", "details", "tests")})
    accounts = (_column(line, "BillingAccountId"), _column(line, "SubAccountId"))
    lines = f"read_parquet([{_text(source.lines)}]) AS lines{_looked_up(places, *accounts)}{only}"
    return (
        f"(WITH lines AS MATERIALIZED (SELECT lines.*, {bits} FROM {lines}), "
        f"groups AS (SELECT {_aliased(keys | sums)} FROM {charges} GROUP BY {grouping}) "
        f"SELECT {_text(source.integration_token)} AS integration_token, {_aliased(shown)}, {', '.join(sums)} "
        f"FROM groups JOIN lines USING ({LINE_NUMBER}))"
    )


def _sums(query: CostQuery, source: Source) -> dict[str, str]:
    """Write what is summed of a group's charges."""
    sums = {
        "cost": f"COALESCE({_sum_of(source, query.cost_column)}, 0)",
        "charges": "COUNT(*)",
        "charges_without_cost": _nulls(source, query.cost_column),
    }
    sums |= {_name(sum_of(amount)): f"COALESCE({_sum_of(source, amount)}, 0)" for amount in query.amounts}
    if query.usage:
        sums["usage_amount"] = _sum_of(source, QUANTITY_COLUMN)
    return sums


def _aliased(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def _varying(expressions: Iterable[str]) -> list[str]:
    """Leave out constants: an engine may read a literal in GROUP BY as a column's position."""
    return [expression for expression in expressions if '"' in expression or "billow_" in expression]


def _sum_of(source: Source, column: str) -> str:
    summed = f"SUM({_name(column)})" if column in source.columns else "NULL"
    return f"CAST({summed} AS DECIMAL(38,18))"


def _nulls(source: Source, column: str) -> str:
    return "0" if column in source.complete else f"COUNT(*) - COUNT({_column(source, column)})"


def _column(source: Source, column: str) -> str:
    if column in source.constants:
        return _text(source.constants[column])
    return _name(column) if column in source.columns else _NULL


def _detail(source: Source, detail: Detail) -> str:
    """Write a detail's value as text."""
    value = _column(source, detail.column)
    if detail.form is DetailForm.ZERO:
        return f"CASE WHEN COALESCE({value}, 0) = 0 THEN 'y' END"
    if detail.form is DetailForm.PRESENT:
        return f"CASE WHEN {value} IS NOT NULL THEN 'y' END"
    if detail.column in source.times:
        return f"strftime({value}, '{'%Y-%m-%d' if detail.form is DetailForm.DAY else '%Y-%m-%dT%H:%M:%SZ'}')"
    return f"CAST({value} AS VARCHAR)" if detail.column in source.numbers else value


def _tested(detail: Detail, places: Places, wanted: str) -> str:
    """Write which tests of a group's place hold for its text, for groups that know the number of the place's set.

    Each text is tested once, not with every charge that has it.
    """
    text = f"COALESCE({_name(detail.name)}, '')"
    sets = enumerate(places.tests)
    told = [f"WHEN {number} THEN {_told(text, detail, sorted(asked))}" for number, asked in sets if asked]
    return f"CASE {wanted} {' '.join(told)} END"


def _told(text: str, detail: Detail, numbers: Sequence[int]) -> str:
    held = " || ".join(f"CASE WHEN {_holds(text, detail.tests[n])} THEN '{n},' ELSE '' END" for n in numbers)
    if not any(detail.tests[number].fold for number in numbers):
        return f"',' || {held}"
    return f"CASE WHEN strlen({text}) <> length({text}) THEN '=' || {text} ELSE ',' || {held} END"


def _holds(text: str, test: TextTest) -> str:
    folded = f"{test.fold}({text})" if test.fold else text
    if test.look is Look.IS:
        return f"{folded} IN ({_list(test.texts)})"
    function = {Look.BEGINS: "starts_with", Look.ENDS: "ends_with", Look.CONTAINS: "contains"}[test.look]
    return " OR ".join(f"{function}({folded}, {_text(each)})" for each in test.texts)


def _where(query: CostQuery, source: Source) -> str:
    if query.only is None:
        return ""
    return f" WHERE {_in_scopes(query.only, source)}"


def _split_by(value: str, number: int, wanted: str) -> str:
    """Write a detail's value where it splits, for rows that know the details wanted of their places."""
    return f"CASE WHEN ({wanted} & {1 << number}) <> 0 THEN {value} END"


def _bucket(query: CostQuery, source: Source, cuts: str) -> str:
    """Write those of the place's cuts that lie on or before the row's day: equal within a segment, as bits of days."""
    if not cuts or "ChargePeriodStart" not in source.columns:
        return "0"
    start, last = query.period.start, (query.period.last_day - query.period.start).days
    day = f"COALESCE(date_diff('day', TIMESTAMP '{start} 00:00:00', {_column(source, 'ChargePeriodStart')}), 0)"
    return f"{cuts} & ((CAST(2 AS BIGINT) << greatest(0, least({last}, {day}))) - 1)"


def _first_day(query: CostQuery) -> str:
    """Write the first day of a group's segment: the highest bit of its bucket, counted from the period's start."""
    return f"{_day(query.period.start)} + CAST(length(bin(bucket)) - 1 AS INTEGER)"


def _wanted(places: Places, what: str) -> str:
    """Write what is wanted of a row's place, as bits."""
    tables = [_SUB_ACCOUNTS] if places.sub_accounts else []
    if places.accounts:
        tables.append(_ACCOUNTS)
    wanted = places.everywhere
    everywhere = {"cuts": wanted.cuts, "details": wanted.details, "tests": places.tests.index(wanted.tests)}[what]
    return f"COALESCE({', '.join([*(f'{table}.billow_{what}' for table in tables), str(everywhere)])})"


def _looked_up(places: Places, account: str, sub_account: str) -> str:
    """Write the joins that ``_wanted`` reads."""
    joins = ""
    if places.sub_accounts:
        accounts, sub_accounts = (_rows(part) for part in zip(*places.sub_accounts, strict=True))
        table = f"SELECT {accounts} AS billow_account, {sub_accounts} AS billow_sub_account"
        on = f"{account} = {_SUB_ACCOUNTS}.billow_account AND {sub_account} = {_SUB_ACCOUNTS}.billow_sub_account"
        joins += f" LEFT JOIN ({table}, {_bits(places, places.sub_accounts.values())}) AS {_SUB_ACCOUNTS} ON {on}"
    if places.accounts:
        table = f"SELECT {_rows(places.accounts)} AS billow_account"
        on = f"{account} = {_ACCOUNTS}.billow_account"
        joins += f" LEFT JOIN ({table}, {_bits(places, places.accounts.values())}) AS {_ACCOUNTS} ON {on}"
    return joins


def _bits(places: Places, wanted: Iterable[Wanted]) -> str:
    place_of = {tests: place for place, tests in enumerate(places.tests)}
    numbers = [{"cuts": each.cuts, "details": each.details, "tests": place_of[each.tests]} for each in wanted]
    columns = ("cuts", "details", "tests")
    return ", ".join(f"{_rows([each[what] for each in numbers], kind='BIGINT')} AS billow_{what}" for what in columns)


def _in_scopes(scopes: Iterable[ChargeScope], source: Source) -> str:
    """Write which rows lie in any of the scopes; ``TRUE`` or ``FALSE`` if that needs no look at a row.

    Long lists are joined, not compared one by one.
    """
    own = [scope for scope in scopes if scope.integration_token == source.integration_token]
    if any(scope.billing_account_id is None for scope in own):
        return "TRUE"
    account, sub_account = _column(source, "BillingAccountId"), _column(source, "SubAccountId")
    whole = sorted({scope.billing_account_id or "" for scope in own if scope.sub_account_id is None})
    pairs = sorted({(scope.billing_account_id or "", scope.sub_account_id) for scope in own if scope.sub_account_id})
    conditions = [f"{account} IN ({_list(whole)})"] if whole else []
    if pairs:
        accounts, sub_accounts = (_rows(part) for part in zip(*pairs, strict=True))
        conditions.append(f"({account}, {sub_account}) IN (SELECT {accounts}, {sub_accounts})")
    return " OR ".join(conditions) if conditions else "FALSE"


def _rows(values: Iterable[str] | Iterable[int], *, kind: str = "VARCHAR") -> str:
    """Write a column of a long table as one literal; an engine plans thousands of literals slowly."""
    listed = _text(json.dumps(list(values), ensure_ascii=False))
    return f"""unnest(from_json({listed}, '["{kind}"]'))"""


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
