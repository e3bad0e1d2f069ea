"""The rules of the house that no linter knows, checked on the source itself. Each failure names file, line and rule.

An exception is a line in one of the tables at the top, with its reason; there is no other way around a rule.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "billow"

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
MAX_STAGE_README_LINES = 80
MAX_DEPENDENCIES = 24  # docs/adr/0016

STAGES = (
    "terms",
    "ingest",
    "coststore",
    "allocation",
    "billingrules",
    "rating",
    "invoicing",
    "documents",
    "delivery",
)
MONEY_FOLDERS = (*STAGES, "usecases", "records")
DRAWERS_FOR_ODDS_AND_ENDS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}

# Modules that answer differently each time they are asked. A stage gets dates and tokens handed in.
UNREPEATABLE_MODULES = {"time", "random", "secrets", "uuid"}
UNREPEATABLE_NAMES = {"now", "utcnow", "today", "getenv", "environ"}

MAY_USE_FLOAT: dict[str, str] = {}
MAY_BE_UNREPEATABLE = {
    "coststore/staging.py": "names the folder a partition is written in before it is published; the name does not last",
    "terms/token.py": "makes the random public identifiers; nothing is calculated from them",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed source file; ``name`` is its path below src/billow."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def shown(self) -> str:
        return str(self.path.relative_to(ROOT))


def sources(*folders: str) -> Iterator[Source]:
    for folder in folders:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield Source(path=path, name=path.relative_to(PACKAGE).as_posix(), text=text, tree=ast.parse(text))


def python_files() -> Iterator[Path]:
    for folder in ("src", "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not ("migrations" in path.parts and path.name.startswith("0001_")):
                yield path


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def nothing(found: list[str], *, rule: str) -> None:
    assert not found, f"{rule}:\n  " + "\n  ".join(found)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    counted = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    found = [f"{path.relative_to(ROOT)}: {n} lines" for path, n in counted.items() if n > MAX_FILE_LINES]
    nothing(found, rule=f"a file has at most {MAX_FILE_LINES} lines; split it by subject")


def test_every_function_fits_on_a_screen() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{function.lineno}: {function.name} has {length} lines"
        for path in python_files()
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if (length := (function.end_lineno or function.lineno) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    nothing(
        found, rule=f"a function has at most {MAX_FUNCTION_LINES} lines; keep the branches, move out the arithmetic"
    )


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if DRAWERS_FOR_ODDS_AND_ENDS & {path.stem, path.parent.name}
    ]
    nothing(found, rule="a module is named after its subject, never utils, helpers, common, base or manager")


def test_no_float_comes_near_money() -> None:
    found = [
        f"{source.shown}:{line}: {what}"
        for source in sources(*MONEY_FOLDERS)
        if source.name not in MAY_USE_FLOAT
        for line, what in floats(source.tree)
    ]
    nothing(found, rule="amounts are Decimal or whole minor units, never float; write Decimal('0.1'), seconds as int")


def floats(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find each use of float, but not ``isinstance(…, float)``, which is how a float is refused."""
    refusals = {id(name) for call in calls_of(tree, "isinstance") for name in ast.walk(call.args[-1])}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float" and id(node) not in refusals:
            yield node.lineno, "the name float"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"the float literal {node.value}"


def calls_of(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args:
            yield node


def test_stages_give_the_same_answer_every_time() -> None:
    found = [
        f"{source.shown}:{line}: {what}"
        for source in sources(*STAGES)
        if source.name not in MAY_BE_UNREPEATABLE
        for line, what in unrepeatable(source.tree)
    ]
    nothing(found, rule="a stage reads no clock, no environment and no randomness; take the value as an argument")


def unrepeatable(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {node.module.partition(".")[0]}
        elif isinstance(node, ast.Attribute) and node.attr in UNREPEATABLE_NAMES:
            yield node.lineno, f".{node.attr}"
            continue
        else:
            continue
        for name in sorted(names & UNREPEATABLE_MODULES):
            yield node.lineno, f"imports {name}"


def test_public_functions_of_stages_say_what_each_argument_is() -> None:
    found = [
        f"{source.shown}:{function.lineno}: {function.name}: {what}"
        for source in sources(*STAGES)
        for function, is_method in public_functions(source.tree)
        for what in unclear_arguments(function, is_method=is_method)
    ]
    nothing(
        found, rule="only the subject, the first argument, may be positional; everything is annotated; no **options"
    )


def public_functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, bool]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node, False
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                    static = any(
                        isinstance(item, ast.Name) and item.id == "staticmethod" for item in member.decorator_list
                    )
                    yield member, not static


def unclear_arguments(function: ast.FunctionDef, *, is_method: bool) -> Iterator[str]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args][1 if is_method else 0 :]
    for argument in positional[1:]:
        yield f"{argument.arg} must be keyword-only"
    for argument in [*positional, *arguments.kwonlyargs]:
        if argument.annotation is None:
            yield f"{argument.arg} has no annotation"
    if function.returns is None:
        yield "the return type is missing"
    if arguments.kwarg is not None:
        yield f"**{arguments.kwarg.arg} hides what can be passed"


def test_nothing_is_asynchronous() -> None:
    found = [
        f"{source.shown}:{function.lineno}: {function.name}"
        for source in sources(".")
        for function in functions(source.tree)
        if isinstance(function, ast.AsyncFunctionDef)
    ]
    nothing(found, rule="the code base is synchronous (docs/adr/0001)")


def test_the_database_adds_up_whole_numbers_only() -> None:
    found = [
        f"{source.shown}:{node.lineno}: Sum({ast.unparse(node.args[0])})"
        for source in sources("records", "usecases", "interfaces")
        for node in calls_of(source.tree, "Sum")
        if not (
            isinstance(node.args[0], ast.Constant) and re.search(r"(_minor|_count|rows|size)$", str(node.args[0].value))
        )
    ]
    nothing(found, rule="SQLite adds decimals as floats: Sum() only over columns of whole numbers (…_minor, …_count)")


def test_unit_tests_touch_no_database() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sorted((ROOT / "tests" / "unit").rglob("*.py"))
        for word in ("import django", "from django", "django_db", "billow.records", "billow.usecases")
        if word in path.read_text(encoding="utf-8")
    ]
    nothing(
        found, rule="tests/unit tests the stages alone; a test with a database belongs to tests/scenarios or records"
    )


def test_every_template_is_used() -> None:
    others = {path: path.read_text(encoding="utf-8") for path in source_texts()}
    found = [
        str(template.relative_to(ROOT))
        for template in others
        if template.suffix != ".py" and not is_mentioned(template, others=others)
    ]
    nothing(found, rule="a template that no code or other template names is dead; delete it")


def source_texts() -> Iterator[Path]:
    for suffix in ("*.py", "*.html", "*.txt", "*.typ"):
        yield from (path for path in sorted(PACKAGE.rglob(suffix)) if "static" not in path.parts)


def is_mentioned(template: Path, *, others: dict[Path, str]) -> bool:
    """A neighbour may use the bare name; anybody further away needs the folder too."""
    near, far = f"{template.name}", f"{template.parent.name}/{template.name}"
    return any(
        (near if path.parent in {template.parent, template.parent.parent} else far) in text
        for path, text in others.items()
        if path != template
    )


def test_every_stage_says_what_it_owns() -> None:
    found = []
    for stage in STAGES:
        readme = PACKAGE / stage / "README.md"
        if not readme.is_file():
            found.append(f"{readme.relative_to(ROOT)} is missing")
            continue
        length = len(readme.read_text(encoding="utf-8").splitlines())
        if length > MAX_STAGE_README_LINES:
            found.append(f"{readme.relative_to(ROOT)}: {length} lines")
    nothing(
        found,
        rule=f"a stage's README says in {MAX_STAGE_README_LINES} lines what it owns and not, dates, invariants",
    )


def requirement_names(requirements: list[str]) -> list[str]:
    return [re.split(r"[\[~<>=! ;]", requirement, maxsplit=1)[0] for requirement in requirements]


def test_dependencies_are_few_and_each_is_defended() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = requirement_names(project["dependencies"])
    assert len(direct) <= MAX_DEPENDENCIES, f"{len(direct)} direct dependencies; at most {MAX_DEPENDENCIES}: {direct}"

    extras = [name for extra in project["optional-dependencies"].values() for name in requirement_names(extra)]
    document = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    defended = set(re.findall(r"^\| `([^`]+)` \| .{20,}", document, flags=re.MULTILINE))
    nothing(sorted({*direct, *extras} - defended), rule="docs/dependencies.md defends each dependency in one sentence")
    nothing(sorted(defended - {*direct, *extras}), rule="docs/dependencies.md defends packages that nobody asks for")


def test_the_lock_holds_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {name.lower().replace("_", "-") for group in groups for name in requirement_names(group)}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9.-]+)==", lock, flags=re.MULTILINE))
    nothing(
        sorted(wanted - locked), rule="pyproject.toml asks for packages that requirements.lock lacks; run `make lock`"
    )


def test_exceptions_in_this_file_are_still_needed() -> None:
    stale = [name for name in [*MAY_USE_FLOAT, *MAY_BE_UNREPEATABLE] if not (PACKAGE / name).is_file()]
    stale += [s.name for s in sources(*MONEY_FOLDERS) if s.name in MAY_USE_FLOAT and not any(floats(s.tree))]
    stale += [s.name for s in sources(*STAGES) if s.name in MAY_BE_UNREPEATABLE and not any(unrepeatable(s.tree))]
    nothing(stale, rule="an exception that is no longer used goes out of its table")
