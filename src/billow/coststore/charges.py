"""SQL that reads delivered Parquet files as charges in the store's columns and types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from billow.coststore.delivery import NULL_TEXTS, DecimalShape, DeliveredFile
from billow.terms.focus import COLUMN_BY_NAME, FOCUS_COLUMNS, ColumnKind, FocusColumn

DECIMAL_KINDS = (ColumnKind.COST, ColumnKind.QUANTITY)


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """The types of a partition: each decimal column's, and those of columns beyond FOCUS."""

    decimals: Mapping[str, str]
    extras: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadableFile:
    """A delivered file with the engine's types of its columns, by delivered name."""

    file: DeliveredFile
    types: Mapping[str, str]


def describe(*, engine: duckdb.DuckDBPyConnection, files: Sequence[DeliveredFile]) -> tuple[ReadableFile, ...]:
    """Ask the engine for the column types of each file."""
    return tuple(
        ReadableFile(file, {row[0]: row[1] for row in engine.execute(f"DESCRIBE FROM {read_sql([file])}").fetchall()})
        for file in files
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
    return StoredSchema({name: shape.sql_type for name, shape in shapes.items()}, extras)


def charges_sql(*, readable: ReadableFile, schema: StoredSchema, with_row: bool = False) -> str:
    """Select every stored column from one file; ``with_row`` adds ``row_number`` counted from 1."""
    delivered = {column.stored: column.delivered for column in readable.file.columns}
    items = [_focus_item(column, delivered, readable.types, schema) for column in FOCUS_COLUMNS]
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


def _focus_item(
    column: FocusColumn, delivered: Mapping[str, str], types: Mapping[str, str], schema: StoredSchema
) -> str:
    target = _target_type(column, schema)
    source = delivered.get(column.name)
    if source is None:
        return f"CAST(NULL AS {target}) AS {quoted_name(column.name)}"
    value = quoted_name(source)
    if column.kind is ColumnKind.TEXT:
        value = _text(value)
    elif column.kind is ColumnKind.JSON:
        value = _json(value, types[source])
    elif types[source] != target:
        value = f"CAST({value} AS {target})"
    return f"{value} AS {quoted_name(column.name)}"


def _target_type(column: FocusColumn, schema: StoredSchema) -> str:
    if column.kind in DECIMAL_KINDS:
        return schema.decimals.get(column.name, DecimalShape().sql_type)
    return "TIMESTAMP" if column.kind is ColumnKind.TIME else "VARCHAR"


def _text(value: str) -> str:
    """Read what exporters write for a missing value as null."""
    text = f"CAST({value} AS VARCHAR)"
    for missing in NULL_TEXTS:
        text = f"nullif({text}, {quoted_text(missing)})"
    return text


def _json(value: str, kind: str) -> str:
    """Keep valid JSON as it is; what is not JSON becomes a JSON string, so that every stored value can be parsed."""
    if kind != "VARCHAR":
        return f"CAST(to_json({value}) AS VARCHAR)"
    text = _text(value)
    return f"CASE WHEN json_valid({text}) THEN {text} ELSE CAST(to_json({text}) AS VARCHAR) END"


def _extra_item(name: str, kind: str, delivered: Mapping[str, str], types: Mapping[str, str]) -> str:
    source = delivered.get(name)
    if source is None:
        return f"CAST(NULL AS {kind}) AS {quoted_name(name)}"
    value = quoted_name(source)
    if types[source] != kind:
        value = f"CAST({value} AS {kind})"
    return f"{value} AS {quoted_name(name)}"
