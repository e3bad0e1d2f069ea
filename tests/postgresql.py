"""Run a command beside a PostgreSQL server of its own: ``python -m tests.postgresql -- COMMAND…``.

The server lives in a temporary folder, listens on a free loopback port, and is stopped and removed whatever happens
to the command. PostgreSQL refuses to run as root, so root starts it as the system's user ``postgres``.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
UNPRIVILEGED_USER = "postgres"

# The cluster is thrown away, so it need not survive a power failure.
SERVER_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "listen_addresses": "127.0.0.1",
    "logging_collector": "off",
}


class UnableToStartPostgresql(Exception):
    """PostgreSQL is missing or did not come up; the message says what to do."""


class Interrupted(Exception):
    """Somebody asked this process to end."""


def main(*, arguments: Sequence[str]) -> int:
    """Run the command after ``--`` with BILLOW_DATABASE_URL set, and give its exit code."""
    command = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if not command:
        print("usage: python -m tests.postgresql -- COMMAND…", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        with postgresql_server() as url:
            return _run(command=command, url=url)
    except UnableToStartPostgresql as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a server and give the URL of an empty database on it; stop and remove it at the end."""
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="billow-postgresql-"))
    try:
        owner = _owner_of(folder=folder)
        password = secrets.token_urlsafe(16)
        _initialise(programs=programs, folder=folder, owner=owner, password=password)
        port = _free_port()
        server = _start(programs=programs, folder=folder, owner=owner, port=port)
        try:
            environment = {**os.environ, "PGPASSWORD": password}
            _wait_until_ready(programs=programs, server=server, port=port, folder=folder)
            connection = ["--host=127.0.0.1", f"--port={port}", "--username=billow"]
            subprocess.run(
                [programs / "createdb", *connection, "--maintenance-db=postgres", "billow"], env=environment, check=True
            )
            yield f"postgres://billow:{password}@127.0.0.1:{port}/billow"
        finally:
            _stop(server=server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """Give the folder that holds initdb and postgres: the newest of Debian's, or the one on the search path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    if not found:
        raise UnableToStartPostgresql("PostgreSQL is not installed; run scripts/test-packages")
    return Path(found).resolve().parent


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs the server; nothing set means whoever runs this."""

    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None


def _owner_of(*, folder: Path) -> Owner:
    """Choose who runs the server and hand the folder over."""
    if os.geteuid() != 0:
        return Owner()
    try:
        user = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        raise UnableToStartPostgresql(
            f"root cannot run PostgreSQL and there is no user {UNPRIVILEGED_USER}; Debian's package postgresql makes it"
        ) from error
    os.chown(folder, user.pw_uid, user.pw_gid)
    return Owner(user=user.pw_uid, group=user.pw_gid, extra_groups=())


def _initialise(*, programs: Path, folder: Path, owner: Owner, password: str) -> None:
    password_file = folder / "password"
    password_file.write_text(password, encoding="ascii")
    if owner.user is not None and owner.group is not None:
        os.chown(password_file, owner.user, owner.group)
    result = subprocess.run(
        [
            programs / "initdb",
            "--username=billow",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            f"--pgdata={folder / 'cluster'}",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=owner.user,
        group=owner.group,
        extra_groups=owner.extra_groups,
    )
    if result.returncode:
        raise UnableToStartPostgresql(f"initdb failed: {result.stderr.strip()}")


def _start(*, programs: Path, folder: Path, owner: Owner, port: int) -> subprocess.Popen[bytes]:
    options = {**SERVER_OPTIONS, "port": str(port), "unix_socket_directories": str(folder)}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "cluster", *settings],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Its own process group: a Ctrl-C is for the command first, the server is stopped after it.
            start_new_session=True,
            user=owner.user,
            group=owner.group,
            extra_groups=owner.extra_groups,
        )


def _wait_until_ready(*, programs: Path, server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        ready = subprocess.run(
            [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"], check=False, cwd=folder
        )
        if ready.returncode == 0:
            return
        time.sleep(0.1)
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    raise UnableToStartPostgresql(f"the server did not come up in {START_TIMEOUT_S} s; its log ends:\n{log[-2000:]}")


def _stop(*, server: subprocess.Popen[bytes]) -> None:
    # SIGINT is PostgreSQL's fast shutdown: it disconnects whoever is still there.
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        # SIGQUIT is its immediate shutdown, which takes its children along; SIGKILL would orphan them.
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=STOP_TIMEOUT_S)


def _run(*, command: Sequence[str], url: str) -> int:
    environment = {**os.environ, "BILLOW_TEST_DATABASE": "postgresql", "BILLOW_DATABASE_URL": url}
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except Interrupted:
        process.terminate()
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    # Once only: the work of stopping must not be interrupted itself.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
