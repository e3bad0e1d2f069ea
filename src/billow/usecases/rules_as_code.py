"""Export the rules into a folder of text, and apply such a folder: all of it, or nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from billow.billingrules.text_form import file_name, write_toml
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.terms.issue import Issue
from billow.usecases.actor import Actor
from billow.usecases.agreements import agreements_of
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.plan_rules import RulesPlan, plan_of, plan_rules
from billow.usecases.read_wanted_rules import Wanted, fingerprints, read_wanted
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import assign_rules
from billow.usecases.rule_fields import read_changed_rule
from billow.usecases.rules import add_rule, change_rule, delete_rule, list_rules
from billow.usecases.rules_folder import (
    ASSIGNMENTS,
    EXPORTED,
    HEADINGS,
    RuleFile,
    list_text,
    publish,
    read_folder,
    rule_entries,
    write_files,
)

__all__ = ["apply_rules", "export_rules", "plan_rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesExported:
    """The folder's files: all of it, and those that were written because they differed."""

    files: tuple[str, ...]
    written: tuple[str, ...]


def export_rules(*, actor: Actor, folder: Path) -> RulesExported:
    """Write every rule and assignment into the folder; a file that says the same already stays as it is.

    Files keep the names they have. Raises Refused if the folder holds a file that is no rule of the database.
    """
    rules = list_rules(actor=actor)
    files = _files_by_token(folder, rules)
    names, texts = {}, {}
    for rule in rules:
        file = files.get(rule.token)
        names[rule.token] = file.name if file else file_name(title=rule.title, token=rule.token)
        texts[names[rule.token]] = _rule_text(rule, file)
    accounts = tuple(ManagedAccount.objects.visible_to(actor.management_account).live().order_by("name", "pk"))
    lists = {each.account_token: [rule.token for rule in each.rules] for each in agreements_of(accounts)}
    called = [account.name for account in accounts]
    texts[ASSIGNMENTS] = list_text(
        lists={
            account.name if called.count(account.name) == 1 else account.token: tuple(
                names[token].removesuffix(".toml") for token in lists[account.token]
            )
            for account in accounts
        }
    )
    marks = fingerprints(rules=rules, lists=lists)
    texts[EXPORTED] = write_toml(entries=marks, heading=HEADINGS[EXPORTED])
    return RulesExported(files=tuple(texts), written=publish(waiting=write_files(folder=folder, texts=texts)))


def apply_rules(*, actor: Actor, folder: Path, fingerprint: str, now: datetime) -> RulesPlan:
    """Make the database say what the folder says, in one transaction; return what was done.

    ``fingerprint`` is that of the plan somebody agreed to. Tokens of new rules are written into their files, and the
    lists where a rule came to apply to all. Raises Refused, with nothing changed on either side.
    """
    actor.must_write_rules()
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        wanted = read_wanted(actor=actor, folder=folder)
        plan = plan_of(wanted=wanted)
        if plan.fingerprint != fingerprint:
            raise Refused("changed_since_plan", "Rules or files changed since the plan was made; plan again")
        rules = _write_rules(actor, wanted, plan, now)
        for account in _accounts_to_write(wanted, plan):
            listed = [rules[token] for token in wanted.lists[account.token]]
            assign_rules(actor=actor, account=account, rules=listed, now=now)
        # Written before the commit, so that a folder that cannot be written leaves the database as it was.
        waiting = write_files(folder=folder, texts=_texts_after(actor, wanted, rules))
    publish(waiting=waiting)
    return plan


def _files_by_token(folder: Path, rules: tuple[BillingRule, ...]) -> dict[str, RuleFile]:
    if not folder.exists():
        return {}
    read, issues = read_folder(path=folder)
    known = {rule.token for rule in rules}
    issues += [
        Issue("not_exported", "This file is no rule in Billow; apply it first, or remove it", path=file.name)
        for file in read.rules
        if file.token not in known
    ]
    if issues:
        raise Refused("folder_in_use", f"{folder} holds files that an export would not replace", issues)
    return {file.token: file for file in read.rules if file.token}


def _rule_text(rule: BillingRule, file: RuleFile | None) -> str:
    """Return the rule's text, or the file's own where it says the same, with whatever comments it has."""
    if file is not None:
        try:
            written = read_changed_rule(rule=rule, fields=file.all_fields).rule
            if file.type in {"", rule.type} and rule_entries(rule=written) == rule_entries(rule=rule):
                return file.text
        except Refused:
            pass  # The file is wrong, and is replaced by what is right.
    return write_toml(entries=rule_entries(rule=rule))


def _write_rules(actor: Actor, wanted: Wanted, plan: RulesPlan, now: datetime) -> dict[str, BillingRule]:
    """Remove, change and add the rules; return those there are now, by the tokens of the plan."""
    rules = dict(wanted.stored)
    for change in plan.removed:
        delete_rule(actor=actor, rule=rules.pop(change.token), now=now)
    for change in plan.changed:
        given = {field.name: getattr(wanted.rules[change.token], field.name) for field in change.fields}
        rules[change.token] = change_rule(actor=actor, rule=rules[change.token], fields=given, now=now).rule
    for change in plan.added:
        rules[change.token] = add_rule(actor=actor, fields=wanted.files[change.token].fields, now=now).rule
    return rules


def _accounts_to_write(wanted: Wanted, plan: RulesPlan) -> list[ManagedAccount]:
    """Return the accounts whose list changes, or holds a rule whose change may have moved it to another group."""
    moved = {change.account_token for change in plan.assignments}
    changed = {change.token for change in plan.changed}
    return [each for each in wanted.accounts if each.token in moved or changed & set(wanted.lists[each.token])]


def _texts_after(actor: Actor, wanted: Wanted, rules: dict[str, BillingRule]) -> dict[str, str]:
    """Return what the folder must say now: tokens of new rules, lists that grew, and the new fingerprints."""
    texts = {
        wanted.files[planned].name: f"{write_toml(entries={'token': rule.token})}{wanted.files[planned].text}"
        for planned, rule in rules.items()
        if planned not in wanted.stored
    }
    lists = {name: _references_after(name, wanted) for name in wanted.folder.lists}
    if lists != dict(wanted.folder.lists):
        texts[ASSIGNMENTS] = list_text(lists=lists)
    agreed = {each.account_token: [rule.token for rule in each.rules] for each in agreements_of(wanted.accounts)}
    marks = fingerprints(rules=list_rules(actor=actor), lists=agreed)
    texts[EXPORTED] = write_toml(entries=marks, heading=HEADINGS[EXPORTED])
    return texts


def _references_after(name: str, wanted: Wanted) -> tuple[str, ...]:
    """Return the account's list in the words of the folder, with the names of files that were added to it."""
    tokens = wanted.lists[wanted.named[name].token]
    given = wanted.folder.lists[name]
    return given if len(given) == len(tokens) else tuple(wanted.files[token].stem for token in tokens)
