"""Read a folder of rules beside the database, and refuse it with everything that contradicts itself or the database."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from billow.billingrules.order import check_order, with_rule_changed, with_rule_placed
from billow.billingrules.text_form import write_toml
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.agreements import agreements_of
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import MOST_RULES, understood
from billow.usecases.rule_fields import read_changed_rule, read_new_rule
from billow.usecases.rules import list_rules
from billow.usecases.rules_folder import ASSIGNMENTS, RuleFile, RulesFolder, read_folder, rule_entries


@dataclass(slots=True, kw_only=True)
class Wanted:
    """Database and folder side by side: ``rules`` as they would be and ``lists`` of their tokens, by account token.

    ``named`` are the accounts that the folder names, by the name it uses; ``files`` the rules' files by token.
    """

    folder: RulesFolder
    stored: dict[str, BillingRule]
    accounts: tuple[ManagedAccount, ...]
    current: dict[str, tuple[str, ...]]
    rules: dict[str, BillingRule] = field(default_factory=dict)
    files: dict[str, RuleFile] = field(default_factory=dict)
    named: dict[str, ManagedAccount] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: list[Issue] = field(default_factory=list)


def read_wanted(*, actor: Actor, folder: Path) -> Wanted:
    """Return database and folder side by side; raise Refused with every contradiction."""
    read, issues = read_folder(path=folder)
    accounts = ManagedAccount.objects.visible_to(actor.management_account).live().select_related("billing_profile")
    live = tuple(accounts.order_by("name", "pk"))
    agreed = {each.account_token: tuple(rule.token for rule in each.rules) for each in agreements_of(live)}
    stored = {rule.token: rule for rule in list_rules(actor=actor)}
    wanted = Wanted(folder=read, stored=stored, accounts=live, current=agreed)
    for file in read.rules:
        issues.extend(_read_rule(actor, wanted, file))
    issues.extend(_same_titles(wanted))
    issues.extend(_changed_meanwhile(wanted))
    with understood():
        issues.extend(_read_lists(wanted))
        if issues:
            raise Refused("invalid_rules", f"{len(issues)} problems in {folder}; nothing was changed", issues)
        _place_where_all(wanted)
    return wanted


def fingerprints(*, rules: Sequence[BillingRule], lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what stands for each rule and for each account's list, by token."""
    written = {rule.token: write_toml(entries=rule_entries(rule=rule)) for rule in rules}
    written |= {account: "\n".join(tokens) for account, tokens in lists.items()}
    return {token: hashlib.sha256(text.encode()).hexdigest() for token, text in written.items()}


def _read_rule(actor: Actor, wanted: Wanted, file: RuleFile) -> Sequence[Issue]:
    """Add the file's rule to what is wanted, or return what is wrong with it."""
    if file.token in wanted.files:
        text = f"{wanted.files[file.token].name} has the same token; a copy that is to be a new rule must have none"
        return [Issue("token_twice", text, path=file.name, column="token")]
    try:
        if file.token is None:
            read = read_new_rule(actor=actor, fields=file.fields)
        else:
            stored = wanted.stored.get(file.token)
            if stored is None:
                text = f"There is no rule {file.token} (any more); delete the file, or only its token to add it anew"
                return [Issue("unknown_token", text, path=file.name, column="token")]
            wanted.files[file.token] = file
            read = read_changed_rule(rule=stored, fields=file.all_fields)
            if file.type not in {"", stored.type}:
                text = f"The type of a rule cannot change from {stored.type}; delete the file and write a new one"
                return [Issue("type_fixed", text, path=file.name, column="type")]
    except Refused as no:
        return [replace(issue, path=file.name) for issue in no.issues]
    wanted.files[read.rule.token] = file
    wanted.rules[read.rule.token] = read.rule
    wanted.warnings.extend(replace(issue, path=file.name) for issue in read.warnings)
    return []


def _same_titles(wanted: Wanted) -> Sequence[Issue]:
    count = Counter(rule.title for rule in wanted.rules.values())
    return [
        Issue(
            "duplicate_title", f"There is a rule {rule.title!r} already", path=wanted.files[token].name, column="title"
        )
        for token, rule in wanted.rules.items()
        if token not in wanted.stored and count[rule.title] > 1
    ]


def _changed_meanwhile(wanted: Wanted) -> Sequence[Issue]:
    """Return the rules of the database that are not as exported, unless the folder says the same of them."""
    issues = []
    exported = wanted.folder.exported
    for token, mark in fingerprints(rules=tuple(wanted.stored.values()), lists={}).items():
        if exported.get(token) == mark:
            continue
        rule, file = wanted.stored[token], wanted.files.get(token)
        if token in wanted.rules and rule_entries(rule=rule) == rule_entries(rule=wanted.rules[token]):
            continue
        what = "changed" if token in exported else "added"
        text = f"{rule.title!r} was {what} in Billow after this folder was exported; export again, then repeat the edit"
        issues.append(Issue("changed_since_export", text, path=file.name if file else "", value=token))
    return issues


def _read_lists(wanted: Wanted) -> Sequence[Issue]:
    """Fill the lists of the accounts that the folder names; the others keep theirs, less what is removed."""
    issues: list[Issue] = []
    places = _references(wanted)
    for name, references in wanted.folder.lists.items():
        found = [account for account in wanted.accounts if account.token == name] or [
            account for account in wanted.accounts if account.name == name
        ]
        faults = _account_faults(name, found, wanted) or _list_faults(name, references, places, wanted)
        issues.extend(Issue(code, text, path=ASSIGNMENTS, column=name) for code, text in faults)
        if not faults:
            tokens = tuple(token for reference in references for token in places.get(reference, ()))
            wanted.named[name] = found[0]
            wanted.lists[found[0].token] = tokens
            issues.extend(_list_changed_meanwhile(name, found[0], wanted))
    for account in wanted.accounts:
        if account.token not in wanted.lists:
            wanted.lists[account.token] = _kept(wanted, account)
    return issues


def _kept(wanted: Wanted, account: ManagedAccount) -> tuple[str, ...]:
    """Return the list of an account that the folder does not name, each rule in the group that it now belongs to."""
    kept = tuple(token for token in wanted.current[account.token] if token in wanted.files)
    if not all(token in wanted.rules for token in kept):
        return kept  # a file of them is refused already
    values = tuple(wanted.stored[token].as_rule() for token in kept)
    for token in kept:
        values = with_rule_changed(rules=values, rule=wanted.rules[token].as_rule())
    return tuple(value.token for value in values)


def _references(wanted: Wanted) -> dict[str, tuple[str, ...]]:
    """Return the rules meant by each file name, token and title; several where a title is not unique."""
    titles: dict[str, tuple[str, ...]] = {}
    for token, rule in wanted.rules.items():
        titles[rule.title] = (*titles.get(rule.title, ()), token)
    by_file = {file.stem: (token,) for token, file in wanted.files.items()}
    return {**titles, **{token: (token,) for token in wanted.files if token in wanted.stored}, **by_file}


def _account_faults(name: str, found: Sequence[ManagedAccount], wanted: Wanted) -> list[tuple[str, str]]:
    if not found:
        return [("unknown_account", f"There is no managed account {name!r}; `billow accounts list` lists them")]
    if len(found) > 1:
        tokens = ", ".join(account.token for account in found)
        return [("ambiguous", f"Several managed accounts are called {name!r}; use a token: {tokens}")]
    if found[0] in wanted.named.values():
        return [("account_twice", f"{name!r} is here twice, by name and by token; keep one")]
    return []


def _list_faults(
    name: str, references: Sequence[str], places: Mapping[str, tuple[str, ...]], wanted: Wanted
) -> list[tuple[str, str]]:
    faults = []
    broken = {file.stem for file in wanted.folder.path.glob("*.toml")} - set(places)
    for reference in dict.fromkeys(references):
        if len(places.get(reference, ())) > 1:
            faults.append(("ambiguous", f"{name}: several rules are called {reference!r}; write a file's name"))
        elif reference not in places and reference not in broken:
            faults.append(("unknown_rule", f"{name}: no file is the rule {reference!r}"))
    tokens = [token for reference in references for token in places.get(reference, ())]
    for token, times in Counter(tokens).items():
        if times > 1:
            faults.append(("rule_twice", f"{name}: {wanted.files[token].stem!r} is in the list {times} times"))
    if len(tokens) > MOST_RULES:
        faults.append(("too_many_rules", f"{name}: {len(tokens)} rules; at most {MOST_RULES} run for one account"))
    known = [wanted.rules[token].as_rule() for token in dict.fromkeys(tokens) if token in wanted.rules]
    faults.extend((issue.code, f"{name}: {issue.message}") for issue in check_order(rules=known))
    return faults


def _list_changed_meanwhile(name: str, account: ManagedAccount, wanted: Wanted) -> Sequence[Issue]:
    current = wanted.current[account.token]
    mark = fingerprints(rules=(), lists={account.token: current})[account.token]
    if wanted.folder.exported.get(account.token, mark) == mark or wanted.lists[account.token] == current:
        return []
    text = f"The rules of {name!r} were changed in Billow after this folder was exported; export again"
    return [Issue("changed_since_export", text, path=ASSIGNMENTS, column=name)]


def _place_where_all(wanted: Wanted) -> None:
    """Add each rule that comes to apply to all at the end of its group, wherever it is not yet."""
    for token, rule in wanted.rules.items():
        stored = wanted.stored.get(token)
        if not rule.apply_to_all or (stored is not None and stored.apply_to_all):
            continue
        for account, tokens in wanted.lists.items():
            present = [wanted.rules[each].as_rule() for each in tokens]
            placed = with_rule_placed(rules=present, rule=rule.as_rule())
            wanted.lists[account] = tuple(each.token for each in placed)
