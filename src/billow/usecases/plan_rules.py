"""Plan what a folder of rules would change: rules field by field, who has which, and the effect in money."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from billow.rating.lint import lint_rule
from billow.records.billing.models import BillingRule
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.agreements import agreements_of
from billow.usecases.compare_agreements import Comparison, compare_agreements
from billow.usecases.costs import has_aws_reports
from billow.usecases.preview_rules import newest_month_with_costs
from billow.usecases.read_wanted_rules import Wanted, fingerprints, read_wanted
from billow.usecases.refused import Refused
from billow.usecases.rule_fields import tier_text
from billow.usecases.rules_folder import rule_entries
from billow.usecases.unpriced_usage import unpriced_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a rule, as text, before and after; None is empty."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A rule that is added (every field set from None), changed, or removed (no field named)."""

    token: str
    title: str
    file: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """A customer's rules in order, by token, before and after."""

    account_token: str
    account_name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPlan:
    """Everything that applying the folder would do, in the order it would; ``effect`` is None without any costs.

    Tokens of added rules are not the ones they will have. ``fingerprint`` stands for folder and database as read.
    """

    added: tuple[RuleChange, ...]
    changed: tuple[RuleChange, ...]
    removed: tuple[RuleChange, ...]
    assignments: tuple[ListChange, ...]
    titles: Mapping[str, str]
    warnings: tuple[Issue, ...]
    fingerprint: str
    effect: Comparison | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether database and folder say the same."""
        return not (self.added or self.changed or self.removed or self.assignments)


def plan_rules(*, actor: Actor, folder: Path, now: datetime, period: BillingPeriod | None = None) -> RulesPlan:
    """Return what applying the folder would do, with its effect on a month (None: the newest closed with costs).

    Raises Refused with everything that is wrong in the folder, or changed in Billow since it was exported.
    """
    wanted = read_wanted(actor=actor, folder=folder)
    plan = plan_of(wanted=wanted)
    if plan.is_empty:
        return plan
    try:
        month = period or newest_month_with_costs(actor=actor, now=now)
    except Refused:
        return plan
    return _with_effect(actor, wanted, plan, month)


def plan_of(*, wanted: Wanted) -> RulesPlan:
    """Return the differences between database and folder."""
    before, after = wanted.stored, wanted.rules
    titles = {token: rule.title for token, rule in {**before, **after}.items()}
    changed = [
        replace(_change(wanted, token), fields=fields)
        for token, rule in after.items()
        if token in before and (fields := _differences(before[token], rule))
    ]
    touched = {token for token in after if token not in before} | {change.token for change in changed}
    unchanged = {file.name for token, file in wanted.files.items() if token not in touched}
    return RulesPlan(
        added=tuple(
            replace(_change(wanted, token), fields=_differences(None, rule))
            for token, rule in after.items()
            if token not in before
        ),
        changed=tuple(changed),
        removed=tuple(_change(wanted, token) for token in before if token not in after),
        assignments=tuple(
            ListChange(
                account_token=account.token,
                account_name=str(account),
                before=wanted.current[account.token],
                after=wanted.lists[account.token],
            )
            for account in wanted.accounts
            if wanted.current[account.token] != wanted.lists[account.token]
        ),
        titles=titles,
        warnings=tuple(issue for issue in wanted.warnings if issue.path not in unchanged),
        fingerprint=_fingerprint_of(wanted),
    )


def _change(wanted: Wanted, token: str) -> RuleChange:
    file = wanted.files.get(token)
    rule = wanted.rules.get(token) or wanted.stored[token]
    return RuleChange(token=token, title=rule.title, file=file.name if file else "")


def _differences(old: BillingRule | None, new: BillingRule) -> tuple[FieldChange, ...]:
    before, after = {} if old is None else rule_entries(rule=old), rule_entries(rule=new)
    return tuple(
        FieldChange(name=name, old=_told(before.get(name)), new=_told(value))
        for name, value in after.items()
        if name != "token" and before.get(name) != value
    )


def _told(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(tier_text(tier) for tier in value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _fingerprint_of(wanted: Wanted) -> str:
    marks = fingerprints(rules=tuple(wanted.stored.values()), lists=wanted.current)
    texts = [f"{token} {mark}" for token, mark in sorted(marks.items())]
    texts += [f"{file.name}\n{file.text}" for file in wanted.folder.rules]
    texts += [f"{account}: {rules}" for account, rules in wanted.folder.lists.items()]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _with_effect(actor: Actor, wanted: Wanted, plan: RulesPlan, period: BillingPeriod) -> RulesPlan:
    touched = {change.token for change in (*plan.added, *plan.changed, *plan.removed)}
    moved = {change.account_token for change in plan.assignments}
    accounts = [
        account
        for account in wanted.accounts
        if account.token in moved or touched & {*wanted.current[account.token], *wanted.lists[account.token]}
    ]
    before = {each.account_token: each.rules for each in agreements_of(accounts)}
    after = {
        account.token: tuple(wanted.rules[token].as_rule() for token in wanted.lists[account.token])
        for account in accounts
    }
    effect = compare_agreements(actor=actor, accounts=accounts, period=period, before=before, after=after)
    warnings = list(plan.warnings)
    has_reports = has_aws_reports(management_account=actor.management_account, period=period)
    for change, concerned in _to_look_at(wanted, plan):
        rule = wanted.rules[change.token].as_rule()
        found = lint_rule(
            rule=rule,
            period=period,
            before={token: effect.rated_before[token] for token in concerned},
            after={token: effect.rated_after[token] for token in concerned},
            titles=plan.titles,
            has_aws_reports=has_reports,
        )
        having = [account for account in accounts if account.token in concerned]
        found += unpriced_usage(actor=actor, rule=rule, accounts=having, period=period)
        warnings.extend(replace(issue, path=change.file) for issue in found)
    return replace(plan, effect=effect, warnings=tuple(dict.fromkeys(warnings)))


def _to_look_at(wanted: Wanted, plan: RulesPlan) -> Iterator[tuple[RuleChange, frozenset[str]]]:
    """Yield the rules to warn about, with the accounts: all who have a new or changed rule, else who newly get it."""
    written = {change.token: change for change in (*plan.added, *plan.changed)}
    for token, change in written.items():
        yield change, frozenset(account for account, rules in wanted.lists.items() if token in rules)
    given: dict[str, set[str]] = {}
    for each in plan.assignments:
        for token in each.after:
            if token not in each.before and token not in written:
                given.setdefault(token, set()).add(each.account_token)
    for token, accounts in given.items():
        yield _change(wanted, token), frozenset(accounts)
