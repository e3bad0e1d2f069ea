"""Database triggers that keep issued things as they are, on SQLite and on PostgreSQL.

Altering a protected table on SQLite rebuilds it and drops its triggers: a migration that does so must end
with the same Protect operations again (tests/records checks that every trigger exists).
"""

from abc import ABC, abstractmethod
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION billow_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$
"""

_POSTGRESQL_PUBLISHED_FUNCTION = """
CREATE OR REPLACE FUNCTION billow_refuse_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM billing_invoice WHERE current_version_id = NEW.version_id) THEN
        RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


class Trigger(Operation, ABC):
    """Create a trigger; going back drops it."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, *, name: str, table: str, message: str) -> None:
        self.name = name
        self.table = table
        self.message = message

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change no model."""

    def database_forwards(self, *arguments: Any) -> None:
        """Create the trigger."""
        schema_editor: BaseDatabaseSchemaEditor = arguments[1]
        for statement in self.statements(schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, *arguments: Any) -> None:
        """Drop the trigger."""
        schema_editor: BaseDatabaseSchemaEditor = arguments[1]
        on_table = f" ON {self.table}" if schema_editor.connection.vendor == "postgresql" else ""
        for name in self.trigger_names(schema_editor.connection.vendor):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")

    @abstractmethod
    def statements(self, vendor: str) -> list[str]:
        """Return the SQL for the database."""

    def trigger_names(self, vendor: str) -> list[str]:  # noqa: ARG002
        """Return the names of the triggers that statements() creates."""
        return [self.name]

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Protect {self.table}: {self.message}"


class RefuseChange(Trigger):
    """Refuse UPDATE or DELETE of a table's rows, always or when a condition on OLD and NEW holds."""

    def __init__(self, *, name: str, table: str, event: str, message: str, when: str = "") -> None:
        super().__init__(name=name, table=table, message=message)
        self.event = event
        self.when = when

    def statements(self, vendor: str) -> list[str]:
        """Return the SQL for the database."""
        condition = f" WHEN ({self.when})" if self.when else ""
        if vendor == "sqlite":
            return [
                f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} FOR EACH ROW{condition} "
                f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
            ]
        call = f"EXECUTE FUNCTION billow_refuse('{self.message}')"
        rows = f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} FOR EACH ROW{condition} {call}"
        if self.event != "DELETE":
            return [_POSTGRESQL_FUNCTION, rows]
        table = f"CREATE TRIGGER {self.name}_all BEFORE TRUNCATE ON {self.table} FOR EACH STATEMENT {call}"
        return [_POSTGRESQL_FUNCTION, rows, table]

    def trigger_names(self, vendor: str) -> list[str]:
        """Return the names of the triggers that statements() creates."""
        with_truncate = vendor == "postgresql" and self.event == "DELETE"
        return [self.name, f"{self.name}_all"] if with_truncate else [self.name]


class RefuseLateLines(Trigger):
    """Refuse to add a row to a version that an invoice already shows."""

    def statements(self, vendor: str) -> list[str]:
        """Return the SQL for the database."""
        if vendor == "sqlite":
            return [
                f"CREATE TRIGGER {self.name} BEFORE INSERT ON {self.table} FOR EACH ROW "
                "WHEN EXISTS (SELECT 1 FROM billing_invoice WHERE current_version_id = NEW.version_id) "
                f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
            ]
        return [
            _POSTGRESQL_PUBLISHED_FUNCTION,
            f"CREATE TRIGGER {self.name} BEFORE INSERT ON {self.table} FOR EACH ROW "
            f"EXECUTE FUNCTION billow_refuse_published('{self.message}')",
        ]


class RefuseReplacement(Trigger):
    """Refuse that a row is removed to make room for another, which SQLite's OR REPLACE does without a DELETE.

    ``keys`` are the table's unique keys; a key may end with the conditions under which it is unique. With ``renews``
    the triggers of that name give way to these. PostgreSQL knows no such statement.
    """

    EVENTS = ("INSERT", "UPDATE")

    def __init__(
        self, *, name: str, table: str, keys: tuple[tuple[str, ...], ...], message: str, renews: bool = False
    ) -> None:
        super().__init__(name=name, table=table, message=message)
        self.keys = keys
        self.renews = renews

    def statements(self, vendor: str) -> list[str]:
        """Return the SQL for the database."""
        if vendor != "sqlite":
            return []
        names = self.trigger_names(vendor)
        old = [f"DROP TRIGGER {name}" for name in names] if self.renews else []
        return old + [self._statement(name, event) for name, event in zip(names, self.EVENTS, strict=True)]

    def trigger_names(self, vendor: str) -> list[str]:
        """Return the names of the triggers that statements() creates."""
        return [f"{self.name}_{event.lower()}" for event in self.EVENTS] if vendor == "sqlite" else []

    def _statement(self, name: str, event: str) -> str:
        others = "" if event == "INSERT" else " AND there.id <> OLD.id"
        taken = " OR ".join(
            f"EXISTS (SELECT 1 FROM {self.table} there WHERE {self._same(key)}{others})" for key in self.keys
        )
        return (
            f"CREATE TRIGGER {name} BEFORE {event} ON {self.table} FOR EACH ROW WHEN {taken} "
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        )

    def _same(self, key: tuple[str, ...]) -> str:
        return " AND ".join(
            f"there.{part} = NEW.{part}" if part.isidentifier() else f"there.{part} AND NEW.{part}" for part in key
        )


def append_only(table: str) -> list[Operation]:
    """Return the operations that let rows of the table only ever be added."""
    return [
        RefuseChange(
            name=f"{table}_no_{event.lower()}",
            table=table,
            event=event,
            message=f"{table} is append-only: {event} refused",
        )
        for event in ("UPDATE", "DELETE")
    ]
