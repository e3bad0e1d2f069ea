"""What every command shares: its options, the actor, the answer as text or JSON, and the exit code.

Nothing at the top of this file or of any command's file loads Django or a stage: help must come at once.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from billow.terms.issue import Issue
    from billow.terms.period import BillingPeriod
    from billow.usecases.actor import Actor
    from billow.usecases.refused import BulkResult

DONE, FAILED, WRONG_USAGE, PARTLY_DONE = 0, 1, 2, 3

SHARED_OPTIONS = ("data_", "json_", "yes_", "management_account_")


class Failed(Exception):
    """A command's own reason to stop: a stable code and one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Door:
    """One call of the command line."""

    as_json: bool = False
    yes: bool = False
    management_account: str = ""
    answered: bool = False
    _actor: "Actor | None" = field(default=None, init=False)

    @property
    def data(self) -> Path:
        """The data folder."""
        from django.conf import settings

        return Path(settings.DATA)

    @property
    def now(self) -> datetime:
        """The current time, UTC: a door is where the clock is read."""
        return datetime.now(tz=UTC)

    @property
    def actor(self) -> "Actor":
        """The installation's operator on the management account that is meant."""
        from billow.usecases.operator import operator

        if self._actor is None:
            self._actor = operator(management_account=self.management_account)
        return self._actor

    def answer(self, document: dict[str, Any], text: Callable[[], None]) -> None:
        """Print the one JSON document, or have the text for people printed."""
        self.answered = True
        if self.as_json:
            click.echo(json.dumps(document, default=as_json_value, ensure_ascii=False, indent=2))
        else:
            text()

    def say(self, message: str) -> None:
        """Tell a person something on standard error."""
        click.echo(message, err=True)

    def warn(self, issues: "Sequence[Issue]") -> None:
        """Print findings that stopped nothing."""
        for issue in issues:
            self.say(f"warning[{issue.code}]: {f'{issue.path}: ' if issue.path else ''}{issue.message}")

    def confirm(self, question: str) -> None:
        """Ask before something that cannot be taken back; without a terminal, only ``--yes`` answers."""
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise Failed("confirmation_needed", f"{question} Standard input is no terminal: repeat with --yes")
        if not click.confirm(question, err=True):
            raise Failed("not_confirmed", "Nothing was changed")

    @contextmanager
    def progress(self, description: str) -> Iterator[Callable[[str, float, float | None], None]]:
        """Give a function (step, done, total) that moves a bar on a terminal and does nothing elsewhere."""
        if not sys.stderr.isatty():
            yield lambda _step, _done, _total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(description, total=None)

            def show(step: str, done: float, total: float | None) -> None:
                bar.update(task, description=f"{description}: {step}" if step else description)
                bar.update(task, completed=done, total=total)

            yield show

    def finish_bulk(self, result: "BulkResult") -> None:
        """Print each refusal and leave with the code for done, refused or partly done."""
        for item in result.items:
            if not item.done:
                self.say(f"error[{item.code}]: {item.label or item.token}: {item.message}")
        if not result.items or result.all_done:
            return
        raise SystemExit(FAILED if result.none_done else PARTLY_DONE)


class BillowCommand(click.Command):
    """A command with the shared options that loads Billow only when it really runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn every expected failure into lines on standard error and a code."""
        door = _door_of(ctx)
        ctx.obj = door
        try:
            self.prepare()
            _load_django()
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, SystemExit):
            raise
        except BrokenPipeError:
            raise  # whoever read the answer, such as `head`, has seen enough; click ends quietly
        except (KeyboardInterrupt, click.Abort):
            _fail(door, [("interrupted", "Interrupted; nothing half done remains")])
        except Failed as failed:
            _fail(door, [(failed.code, failed.message)])
        except Exception as error:
            from billow.interfaces.cli.reasons import reasons_of

            _fail(door, reasons_of(error))

    def prepare(self) -> None:
        """Do what must come before Django reads its settings."""


class BillowGroup(click.Group):
    """A group whose commands are all BillowCommands."""

    command_class = BillowCommand


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name, whose files are read only when they are asked for."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._read: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Read the command's file."""
        if name not in self._read:
            module, _, attribute = self._places[name].partition(":")
            self._read[name] = getattr(import_module(module), attribute)
        return self._read[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Add a command that is read already."""
        self._places[name], self._read[name] = "", command

    def __delitem__(self, name: str) -> None:
        """Forget a command."""
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names without reading anything."""
        return iter(self._places)

    def __len__(self) -> int:
        """Count the commands."""
        return len(self._places)


class LazyGroup(click.Group):
    """The program: its commands and their summaries stand in a table."""

    def __init__(self, *, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        places = {name: place for name, (place, _) in table.items()}
        super().__init__(commands=LazyCommands(places), **kwargs)
        self.summaries = {name: summary for name, (_, summary) in table.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order of a month's work."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without reading their files."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


def shared_options() -> list[click.Option]:
    """Return the options that stand before or after any command."""
    return [
        click.Option(["--json", "json_"], is_flag=True, help="Print one JSON document."),
        click.Option(["--yes", "-y", "yes_"], is_flag=True, help="Answer yes to every question."),
        click.Option(["--data", "data_"], type=click.Path(file_okay=False), help="The data folder (BILLOW_DATA)."),
        click.Option(["--management-account", "management_account_"], help="Which one, where there are several."),
    ]


def take_shared_options(ctx: click.Context) -> dict[str, Any]:
    """Take the shared options out of the command's own parameters."""
    return {name: ctx.params.pop(name, None) for name in SHARED_OPTIONS}


def _door_of(ctx: click.Context) -> Door:
    own, program = take_shared_options(ctx), ctx.find_root().meta.get("billow.shared", {})
    given = {name: own.get(name) or program.get(name) for name in SHARED_OPTIONS}
    if given["data_"]:
        os.environ["BILLOW_DATA"] = str(Path(given["data_"]).expanduser().resolve())
    return Door(
        as_json=bool(given["json_"]), yes=bool(given["yes_"]), management_account=given["management_account_"] or ""
    )


def data_folder() -> Path:
    """Return the data folder as the settings will find it, before they are read."""
    given = os.environ.get("BILLOW_DATA", "").strip()
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(given or Path(home) / "billow").expanduser().resolve()


def _load_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billow.settings")
    os.environ.setdefault("BILLOW_LOG_LEVEL", "WARNING")  # an operator at a terminal wants the answer
    import django

    django.setup()


def _fail(door: Door, reasons: "list[tuple[str, str]] | Sequence[Issue]") -> None:
    findings = [
        {"code": reason[0], "message": reason[1]} if isinstance(reason, tuple) else issue_document(reason)
        for reason in reasons
    ]
    lines = [error_line(code=each["code"], message=each["message"], file=each.get("file")) for each in findings]
    for line in dict.fromkeys(lines):
        click.echo(line, err=True)
    if door.as_json and not door.answered:
        click.echo(json.dumps({"errors": findings}, default=as_json_value, ensure_ascii=False, indent=2))
    raise SystemExit(FAILED)


def error_line(*, code: str, message: str, file: str | None = None) -> str:
    """Return the one line that names a reason."""
    return f"error[{code}]: {f'{file}: ' if file else ''}{message}"


def issue_document(issue: "Issue") -> dict[str, Any]:
    """Return a finding with the keys of the contract."""
    return {
        "code": issue.code,
        "severity": issue.severity.value,
        "file": issue.path or None,
        "row": issue.row,
        "column": issue.column,
        "value": issue.value,
        "message": issue.message,
    }


def as_json_value(value: object) -> str:
    """Write money as text with all its digits, and days, months and paths as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


class Month(click.ParamType["BillingPeriod"]):
    """A billing period, written YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "BillingPeriod":
        """Return the period."""
        from billow.terms.period import BillingPeriod, InvalidBillingPeriod

        if isinstance(value, BillingPeriod):
            return value
        try:
            return BillingPeriod.parse(str(value))
        except InvalidBillingPeriod as wrong:
            self.fail(str(wrong), param, ctx)


class Day(click.ParamType[date]):
    """A day, written YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write one such as 2026-03-31", param, ctx)
