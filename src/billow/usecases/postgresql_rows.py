"""Every row of a PostgreSQL database as text files, and back, without PostgreSQL's own tools."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

_BLOCK = 1024 * 1024


def dump_tables(*, folder: Path) -> dict[str, list[str]]:
    """Write each table into a file of its name, all as of one instant; return each table's columns."""
    tables: dict[str, list[str]] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.in_atomic_block and len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in _tables():
            description = connection.introspection.get_table_description(cursor, table)
            tables[table] = [column.name for column in description]
            with (folder / table).open("wb") as output, cursor.copy(f"COPY {_listed(table, tables)} TO STDOUT") as rows:
                for block in rows:
                    output.write(block)
    return tables


def load_tables(*, folder: Path, tables: Mapping[str, Sequence[str]]) -> None:
    """Replace all rows by those of the files, in one transaction; write protection is off only inside it."""
    present = _tables()
    quoted = {table: connection.ops.quote_name(table) for table in present}
    with transaction.atomic(), connection.cursor() as cursor:
        for name in quoted.values():
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(quoted.values())}")
        for table in tables:
            with (
                (folder / table).open("rb") as source,
                cursor.copy(f"COPY {_listed(table, tables)} FROM STDIN") as rows,
            ):
                while block := source.read(_BLOCK):
                    rows.write(block)
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models(include_auto_created=True)):
            cursor.execute(statement)
        # Foreign keys are checked now, so that no check is left when the triggers come back.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in quoted.values():
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - {"django_migrations"})


def _listed(table: str, tables: Mapping[str, Sequence[str]]) -> str:
    quote = connection.ops.quote_name
    return f"{quote(table)} ({', '.join(quote(column) for column in tables[table])})"
