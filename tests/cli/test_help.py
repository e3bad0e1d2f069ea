"""Help on every level, at once, and the shape of every command."""

import subprocess
import sys
import time
from collections.abc import Iterator

import click
import pytest

from billow.interfaces.cli.main import main
from tests.cli.conftest import Program


def all_commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, (*above, name))
        else:
            yield (*above, name), command


COMMANDS = dict(all_commands(main))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    help_text = COMMANDS[path].help or ""
    assert f"billow {' '.join(path)}" in help_text.replace("billow --data /var/lib/billow ", "billow ")
    assert "Example" in help_text


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != ("completion",)], ids=" ".join)
def test_every_command_takes_the_shared_options(path: tuple[str, ...]) -> None:
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}
    assert options >= {"--json", "--yes", "--data", "--management-account"}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    silent = [
        parameter.name
        for parameter in COMMANDS[path].params
        if isinstance(parameter, click.Option) and not parameter.help and not isinstance(parameter.type, click.Choice)
    ]
    assert silent == []


def test_help_loads_neither_django_nor_a_stage(fresh: Program) -> None:
    check = (
        "import sys; from billow.interfaces.cli.main import main; list(main.commands.values()); "
        "print([name for name in ('django', 'duckdb', 'pyarrow', 'rich', 'billow.usecases') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], env=fresh.variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_comes_at_once(fresh: Program) -> None:
    began = time.monotonic()
    answer = fresh.run("--help")
    assert answer.code == 0
    assert time.monotonic() - began < 1.0
    assert not fresh.data.exists()


def test_options_may_stand_before_or_after_the_command(billow: Program) -> None:
    before = billow.run("--json", "accounts", "list")
    after = billow.run("accounts", "list", "--json")
    assert before.document == after.document == {"accounts": []}


def test_completion_knows_commands(fresh: Program) -> None:
    script = fresh.run("completion", "bash")
    assert script.code == 0
    assert "_BILLOW_COMPLETE=bash_complete" in script.stdout
    completing = {**fresh.variables, "_BILLOW_COMPLETE": "bash_complete", "COMP_WORDS": "billow inv", "COMP_CWORD": "1"}
    done = subprocess.run(fresh.command(), env=completing, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "plain,invoices"
