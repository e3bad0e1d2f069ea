"""The folder in which rules lie as text: one file per rule, who has which, and what was last exported.

``assignments.toml`` names accounts with their rules in order; ``exported.toml`` holds the fingerprints of what Billow
had when folder and database last agreed, so that a change on both sides is noticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from billow.billingrules.text_form import read_toml, write_toml
from billow.records.billing.models import BillingRule
from billow.terms.issue import Issue
from billow.terms.text import trimmed
from billow.usecases.refused import Refused
from billow.usecases.rule_fields import DEFAULTS, RULE_FIELDS, SHORTCUTS

ASSIGNMENTS, EXPORTED = "assignments.toml", "exported.toml"
HEADINGS = {
    ASSIGNMENTS: "Managed accounts with the files of their rules, in the order they run. Who is not here keeps his.",
    EXPORTED: "Written by Billow to notice changes on both sides. Keep it with the other files; do not edit it.",
}
MOST_BYTES = 1_000_000

TEXT_FIELDS = tuple(name for name in RULE_FIELDS if name != "start_period")
"""What a rule's file may say beside its token."""

_OWN_FIELDS = tuple(name for name in TEXT_FIELDS if name not in SHORTCUTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One rule as written; without a token it is a new one."""

    name: str
    text: str
    token: str | None
    fields: Mapping[str, object]

    @property
    def stem(self) -> str:
        """The name by which assignments refer to it."""
        return self.name.removesuffix(".toml")

    @property
    def all_fields(self) -> dict[str, object]:
        """Every field but the type, which never changes: what the file leaves out is empty."""
        fields = {**dict.fromkeys(TEXT_FIELDS), "apply_to_all": False, **self.fields}
        del fields["type"]
        return fields

    @property
    def type(self) -> str:
        """The type as written, or nothing."""
        return str(self.fields.get("type", "")).strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFolder:
    """Everything in the folder; ``lists`` is by account as named, with rules as named."""

    path: Path
    rules: tuple[RuleFile, ...]
    lists: Mapping[str, tuple[str, ...]]
    exported: Mapping[str, str]


def read_folder(*, path: Path) -> tuple[RulesFolder, list[Issue]]:
    """Return what the folder says and what is wrong with its files; raise Refused if it cannot be read."""
    if not path.is_dir():
        raise Refused("no_folder", f"{path} is no folder; `billow rules export` makes one")
    issues: list[Issue] = []
    rules = []
    special: dict[str, dict[str, object]] = {ASSIGNMENTS: {}, EXPORTED: {}}
    for file in sorted(path.glob("*.toml")):
        text, keys, faults = _read(file)
        issues.extend(faults)
        if file.name in special:
            special[file.name] = keys
        elif not faults:
            rules.append(_rule_file(file.name, text, keys, issues))
    return (
        RulesFolder(
            path=path,
            rules=tuple(rules),
            lists=_lists(special[ASSIGNMENTS], issues),
            exported={name: str(value) for name, value in special[EXPORTED].items()},
        ),
        issues,
    )


def read_rule_file(*, path: Path) -> RuleFile:
    """Return one rule's file; raise Refused with its line if it is not TOML."""
    text, keys, issues = _read(path)
    found = list(issues)
    file = _rule_file(path.name, text, keys, found)
    if found:
        raise Refused(found[0].code, found[0].message, found)
    return file


def rule_entries(*, rule: BillingRule) -> dict[str, object]:
    """Return what the rule's file says, in its order; what goes without saying is None.

    Spaces around a text that another program wrote are its own and no difference; SQL is kept to the last sign.
    """
    values = ((name, _told(name, getattr(rule, name))) for name in _OWN_FIELDS)
    return {"token": rule.token} | {name: None if value == DEFAULTS.get(name) else value for name, value in values}


def _told(name: str, value: object) -> object:
    return trimmed(value) if isinstance(value, str) and name != "sql_query" else value


def write_files(*, folder: Path, texts: Mapping[str, str]) -> list[tuple[Path, Path]]:
    """Write those that differ beside their places; return what ``publish`` must rename. Raises Refused."""
    waiting = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            place = folder / name
            if place.is_file() and place.read_bytes() == text.encode():
                continue
            beside = folder / f".{name}.new"
            waiting.append((beside, place))
            beside.write_bytes(text.encode())
    except OSError as denied:
        for beside, _ in waiting:
            beside.unlink(missing_ok=True)
        raise Refused("unwritable_folder", f"{folder} cannot be written: {denied.strerror or denied}") from denied
    return waiting


def publish(*, waiting: list[tuple[Path, Path]]) -> tuple[str, ...]:
    """Put written files in their places and return their names."""
    for beside, place in waiting:
        beside.replace(place)
    return tuple(place.name for _, place in waiting)


def list_text(*, lists: Mapping[str, tuple[str, ...]]) -> str:
    """Return the text of ``assignments.toml``."""
    return write_toml(entries=lists, heading=HEADINGS[ASSIGNMENTS])


def _read(file: Path) -> tuple[str, dict[str, object], tuple[Issue, ...]]:
    try:
        content = file.read_bytes()
        if len(content) > MOST_BYTES:
            return "", {}, (Issue("too_large", "No rule is that long", path=file.name),)
        text = content.decode("utf-8")
    except OSError as denied:
        return "", {}, (Issue("unreadable_file", f"It cannot be read: {denied.strerror or denied}", path=file.name),)
    except UnicodeDecodeError:
        return "", {}, (Issue("not_utf8", "It is not UTF-8 text; save it as UTF-8", path=file.name),)
    keys, issues = read_toml(text=text, path=file.name)
    return text, keys, issues


def _rule_file(name: str, text: str, keys: Mapping[str, object], issues: list[Issue]) -> RuleFile:
    fields = dict(keys)
    token = fields.pop("token", None)
    if token is not None and not isinstance(token, str):
        issues.append(Issue("not_text", "token must be text", path=name, column="token"))
    for key in fields.keys() - set(TEXT_FIELDS):
        message = f"There is no key {key!r}; keys are token, {', '.join(TEXT_FIELDS)}"
        issues.append(Issue("unknown_field", message, path=name, column=key))
        del fields[key]
    return RuleFile(name=name, text=text, token=token if isinstance(token, str) else None, fields=fields)


def _lists(keys: Mapping[str, object], issues: list[Issue]) -> dict[str, tuple[str, ...]]:
    lists = {}
    for account, rules in keys.items():
        if isinstance(rules, list) and all(isinstance(rule, str) for rule in rules):
            lists[account] = tuple(rules)
        else:
            message = f'{account!r} must be a list of rule files such as ["markup-0123"]; quote a name with a dot'
            issues.append(Issue("not_a_list", message, path=ASSIGNMENTS, column=account))
    return lists
