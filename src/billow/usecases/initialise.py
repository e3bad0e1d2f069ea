"""Make an installation: folders, keys, database, the management account and its owner. Safe to repeat."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper as SqliteConnection
from django.db.migrations.executor import MigrationExecutor

from billow.records.accounts.models import ManagementAccount, Role, User
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.keys import create_keys, read_key
from billow.usecases.management_account import invoice_series
from billow.usecases.refused import Refused

_ADVISORY_LOCK = 0x6269_6C6C_6F77  # "billow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What there is now. ``password_shown_once`` is given only when it was made up just now."""

    owner_email: str
    password_shown_once: str | None
    data: Path
    database: str
    management_account: str


def initialise(
    *,
    data: Path,
    owner_email: str,
    owner_password: str | None,
    company_name: str,
    now: datetime,
    another: bool = False,
) -> Initialised:
    """Make whatever is missing and return what there is.

    An installation with a management account keeps it and its owner, unless ``another`` management account is wanted.
    """
    _check(owner_email, owner_password, company_name)
    try:
        create_keys(data=data)
        _create_sqlite_file()
    except OSError as denied:
        raise Refused(
            "data_folder", f"The data folder {data} cannot be written: {denied.strerror or denied}"
        ) from denied
    # Settings that were read before there was a key take it from now on.
    settings.SECRET_KEY = read_key(data=data, variable="BILLOW_SECRET_KEY", name="secret_key")
    settings.ENCRYPTION_KEY = read_key(data=data, variable="BILLOW_ENCRYPTION_KEY", name="encryption_key")
    with _alone(data):
        call_command("migrate", verbosity=0, interactive=False)
        account, owner, shown = _populate(owner_email, owner_password, company_name, now, another)
    return Initialised(
        owner_email=owner.email,
        password_shown_once=shown,
        data=data,
        database=database_name(),
        management_account=account.token,
    )


def _create_sqlite_file() -> None:
    """Let the database be readable by its owner alone from the start, whatever folder it lies in."""
    database = connections[DEFAULT_DB_ALIAS]
    if isinstance(database, SqliteConnection) and not database.is_in_memory_db():
        Path(database.settings_dict["NAME"]).touch(mode=0o600)


def _check(owner_email: str, owner_password: str | None, company_name: str) -> None:
    findings = Findings()
    findings.read_address(owner_email, column="owner_email")
    findings.read_text(company_name, column="company", required=True)
    if owner_password is not None:
        try:
            validate_password(owner_password)
        except ValidationError as weak:
            findings.error("weak_password", "owner_password", " ".join(weak.messages))
    findings.refuse_if_any()


def _populate(
    owner_email: str, owner_password: str | None, company_name: str, now: datetime, another: bool
) -> tuple[ManagementAccount, User, str | None]:
    """Return the account, its owner, and his password if it was made up just now."""
    with transaction.atomic():
        account = None if another else ManagementAccount.objects.order_by("pk").first()
        if account is None:
            account = ManagementAccount.objects.create(name=company_name.strip())
        invoice_series(management_account=account)
        owner = account.users.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
        shown: str | None = None
        if owner is None:
            shown = None if owner_password is not None else secrets.token_urlsafe(12)
            owner = _create_owner(account, owner_email, owner_password or shown, now)
    return account, owner, shown


def _create_owner(account: ManagementAccount, email: str, password: str | None, now: datetime) -> User:
    if User.objects.filter(email=email.strip().lower()).exists():
        raise Refused("user_exists", f"{email} signs in to another management account already; name another owner")
    owner = User.objects.create_user(email=email, password=password, management_account=account, role=Role.OWNER)
    record(
        actor=Actor(management_account=account, user=None, source=Source.CLI),
        action="record_created",
        object_type="User",
        object_token=owner.token,
        object_name=owner.email,
        changes={"role": owner.role},
        now=now,
    )
    return owner


def database_name() -> str:
    """Name the database without any password."""
    place = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    where = f"{place['HOST'] or 'localhost'}{':' if place['PORT'] else ''}{place['PORT'] or ''}"
    return f"postgres://{where}/{place['NAME']}"


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Let one initialisation at a time touch the database, on this machine and on its server."""
    with (data / "keys" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])


def check_installation() -> None:
    """Raise Refused unless the database is there, up to date, and has a management account."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if ManagementAccount._meta.db_table not in connection.introspection.table_names():
            raise Refused("not_initialised", "There is no Billow database yet; run `billow init` first")
        raise Refused("not_up_to_date", "The database is of an older version; run `billow init` to bring it up to date")
    if not ManagementAccount.objects.exists():
        raise Refused("not_initialised", "There is no management account yet; run `billow init` first")
