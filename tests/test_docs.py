"""What the documents say exists, and what exists is in the documents."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "billow"
MAY_READ_VARIABLES = {
    "usecases/keys.py": "makes the keys without which the settings refuse to load",
    "interfaces/cli/installation.py": "takes the owner's first password, which no setting may hold",
    "interfaces/cli/door.py": "explains a failure that may have come from the settings themselves",
}
ADR_HEADINGS = ["Context", "Decision", "Consequences", "Files that obey"]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def markdown_files() -> list[Path]:
    stages = PACKAGE.rglob("*.md")
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *stages])


def adrs() -> list[Path]:
    return sorted((DOCS / "adr").glob("*.md"))


def settings_read_by_the_code() -> set[str]:
    """Find every variable the program reads: in the settings file and in the few files that read one themselves."""
    tree = ast.parse(read(PACKAGE / "settings.py"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r"BILLOW_[A-Z0-9_]+", text)} | {
        name for names in settings_read_elsewhere().values() for name in names
    }


def settings_read_elsewhere() -> dict[str, list[str]]:
    reading = r"(?:environ\.get\(|getenv\(|environ\[)\s*\"(BILLOW_[A-Z0-9_]+)\"(?!\]\s*=)"
    return {
        path.relative_to(PACKAGE).as_posix(): found
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "settings.py" and (found := re.findall(reading, read(path)))
    }


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    documented = set(re.findall(r"^\| `(BILLOW_[A-Z0-9_]+)` \|", read(DOCS / "settings.md"), flags=re.MULTILINE))
    assert settings_read_by_the_code() == documented


def test_only_the_settings_file_reads_the_environment() -> None:
    found = {
        name: read_there for name, read_there in settings_read_elsewhere().items() if name not in MAY_READ_VARIABLES
    }
    assert found == {}, "a variable is read in src/billow/settings.py; exceptions stand at the top of this file"


def test_messages_and_documents_name_only_settings_that_exist() -> None:
    known = settings_read_by_the_code()
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "settings.py"]
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*sources, *markdown_files()]
        for name in re.findall(r"\bBILLOW_[A-Z0-9_]*[A-Z0-9]\b", read(path))
        if name not in known and not name.startswith("BILLOW_TEST_")
    ]
    assert found == []


@pytest.mark.parametrize("adr", adrs(), ids=lambda path: path.stem)
def test_every_decision_has_its_four_headings(adr: Path) -> None:
    text = read(adr)
    assert re.match(rf"# {adr.name[:4]}\. \S", text), "the first line is the number and the decision in one sentence"
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == ADR_HEADINGS
    assert len(text.splitlines()) <= 60, "a decision is one page"


def test_decisions_are_numbered_one_by_one() -> None:
    numbers = [int(path.name[:4]) for path in adrs()]
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("adr", adrs(), ids=lambda path: path.stem)
def test_the_files_that_obey_a_decision_exist(adr: Path) -> None:
    obeying = read(adr).partition("## Files that obey")[2]
    for name in re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.(?:toml|lock))`", obeying):
        assert (ROOT / name).exists(), f"{name} does not exist"


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), flags=re.MULTILINE)) | {".venv/.complete"}
    named = {
        (path.name, target)
        for path in markdown_files()
        for target in re.findall(r"(?:^|`|&& )make ([a-z.][\w./-]*)", read(path), flags=re.MULTILINE)
    }
    assert {name for name, _ in named} >= {"README.md", "CONTRIBUTING.md"}
    assert {(name, target) for name, target in named if target not in targets} == set()


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in markdown_files()
        for link in re.findall(r"\]\(([^)#\s]+)", read(path))
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert broken == []


def commands(group: click.Group, *, above: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, above=f"{above} {name}")
        else:
            yield f"{above} {name}"


def documented_commands() -> set[str]:
    """Read the first cells of the table: `billow costs list [--period P]`, and `list` after it for its siblings."""
    found = set()
    for cell in re.findall(r"^\| (`billow .+?) \|", read(DOCS / "cli.md").replace("\\|", "/"), flags=re.MULTILINE):
        above: list[str] = []
        for text in re.findall(r"`([^`]+)`", cell):
            words = re.match(r"[a-z]+( [a-z]+)*(?![a-z])", text.replace("billow ", "", 1))
            assert words, f"{text} in docs/cli.md is no command"
            parts = words.group().split()
            if text.startswith("billow "):
                above = parts[:-1]
                found.add(" ".join(["billow", *parts]))
            else:
                found.add(" ".join(["billow", *above, *parts]))
    return found


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    from billow.interfaces.cli.main import main

    assert set(commands(main, above="billow")) == documented_commands()
