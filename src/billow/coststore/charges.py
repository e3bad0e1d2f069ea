"""SQL that reads delivered Parquet files as charges in the store's columns and types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from billow.coststore.delivery import NULL_TEXTS, DecimalShape, DeliveredFile
from billow.coststore.engines.duckdb import fetch_all
from billow.terms.focus import COLUMN_BY_NAME, FOCUS_COLUMNS, ColumnKind, FocusColumn

DECIMAL_KINDS = (ColumnKind.COST, ColumnKind.QUANTITY)


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """The types of a partition: each decimal column's, and those of columns beyond FOCUS."""

    decimals: Mapping[str, str]
    extras: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadableFile:
    """A delivered file as the engine sees it: types by delivered name, and what must be mended while reading.

    ``spells_nulls`` tells that missing values are written as text somewhere; ``broken_json`` names the
    stored JSON columns with texts that are not JSON. Mending costs as much as copying, so it is done only there.
    """

    file: DeliveredFile
    types: Mapping[str, str]
    spells_nulls: bool
    broken_json: frozenset[str]


def inspect_files(*, engine: duckdb.DuckDBPyConnection, files: Sequence[DeliveredFile]) -> tuple[ReadableFile, ...]:
    """Ask the engine what each file is like."""
    return tuple(_inspected(engine, file) for file in files)


def _inspected(engine: duckdb.DuckDBPyConnection, file: DeliveredFile) -> ReadableFile:
    source = read_sql([file])
    types = {row[0]: row[1] for row in engine.execute(f"DESCRIBE FROM {source}").fetchall()}
    texts = {
        column.stored: quoted_name(column.delivered)
        for column in file.columns
        if column.stored in COLUMN_BY_NAME and types[column.delivered] == "VARCHAR"
    }
    missing = ", ".join(quoted_text(text) for text in NULL_TEXTS)
    spelled = " OR ".join(f"{name} IN ({missing})" for name in texts.values()) or "FALSE"
    broken = {
        stored: f"NOT json_valid({name}) AND {name} NOT IN ({missing})"
        for stored, name in texts.items()
        if COLUMN_BY_NAME[stored].kind is ColumnKind.JSON
    }

    def occurs(condition: str) -> bool:
        return bool(fetch_all(engine=engine, statement=f"SELECT 1 FROM {source} WHERE {condition} LIMIT 1"))

    if not occurs(" OR ".join(f"({condition})" for condition in (spelled, *broken.values()))):
        return ReadableFile(file, types, spells_nulls=False, broken_json=frozenset())
    return ReadableFile(
        file,
        types,
        spells_nulls=occurs(spelled),
        broken_json=frozenset(stored for stored, condition in broken.items() if occurs(condition)),
    )


def schema_of(*, files: Sequence[ReadableFile]) -> StoredSchema:
    """Choose one type per column that holds the values of every file exactly."""
    shapes: dict[str, DecimalShape] = {}
    extras: dict[str, str] = {}
    for readable in files:
        for stored, shape in readable.file.shapes.items():
            shapes[stored] = shapes.get(stored, DecimalShape()).joined(shape)
        for column in readable.file.columns:
            if column.stored not in COLUMN_BY_NAME:
                kind = readable.types[column.delivered]
                extras[column.stored] = kind if extras.get(column.stored, kind) == kind else "VARCHAR"
    decimals = {name: shape.sql_type for name, shape in shapes.items()}
    return StoredSchema(decimals, {name: decimals.get(name, kind) for name, kind in extras.items()})


def charges_sql(*, readable: ReadableFile, schema: StoredSchema, with_row: bool = False) -> str:
    """Select every stored column from one file; ``with_row`` adds ``row_number`` counted from 1."""
    delivered = {column.stored: column.delivered for column in readable.file.columns}
    items = [_focus_item(column, delivered, readable, schema) for column in FOCUS_COLUMNS]
    items += [_extra_item(name, kind, delivered, readable.types) for name, kind in schema.extras.items()]
    if with_row:
        items.append("file_row_number + 1 AS row_number")
    return f"SELECT {', '.join(items)} FROM {read_sql([readable.file], with_row=with_row)}"


def read_sql(files: Sequence[DeliveredFile], *, with_row: bool = False) -> str:
    """Name the files as the engine's table function, without guessing columns from folder names."""
    paths = ", ".join(quoted_text(str(file.path)) for file in files)
    row = ", file_row_number = true" if with_row else ""
    return f"read_parquet([{paths}], hive_partitioning = false, binary_as_string = true{row})"


def quoted_text(text: str) -> str:
    """Write an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Write an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _focus_item(column: FocusColumn, delivered: Mapping[str, str], readable: ReadableFile, schema: StoredSchema) -> str:
    target = _target_type(column, schema)
    source = delivered.get(column.name)
    if source is None:
        return f"CAST(NULL AS {target}) AS {quoted_name(column.name)}"
    value = quoted_name(source)
    kind = readable.types[source]
    if column.kind is ColumnKind.JSON and kind != "VARCHAR":
        value = f"CAST(to_json({value}) AS VARCHAR)"
    elif kind != target:
        value = f"CAST({value} AS {target})"
    if target == "VARCHAR" and readable.spells_nulls:
        value = _unspelled(value)
    if column.name in readable.broken_json:
        value = _mended_json(value)
    return f"{value} AS {quoted_name(column.name)}"


def _target_type(column: FocusColumn, schema: StoredSchema) -> str:
    if column.kind in DECIMAL_KINDS:
        return schema.decimals.get(column.name, DecimalShape().sql_type)
    return "TIMESTAMP" if column.kind is ColumnKind.TIME else "VARCHAR"


def _unspelled(text: str) -> str:
    """Read what exporters write for a missing value as null."""
    for missing in NULL_TEXTS:
        text = f"nullif({text}, {quoted_text(missing)})"
    return text


def _mended_json(text: str) -> str:
    """Keep valid JSON; make a JSON string of what is not, so that every stored value can be parsed."""
    return f"CASE WHEN json_valid({text}) THEN {text} ELSE CAST(to_json({text}) AS VARCHAR) END"


def _extra_item(name: str, kind: str, delivered: Mapping[str, str], types: Mapping[str, str]) -> str:
    source = delivered.get(name)
    if source is None:
        return f"CAST(NULL AS {kind}) AS {quoted_name(name)}"
    value = quoted_name(source)
    if types[source] != kind:
        value = f"CAST({value} AS {kind})"
    return f"{value} AS {quoted_name(name)}"
