"""Preview a billing rule: what it would do to a month, customer by customer, before anybody is billed by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from billow.billingrules import rule as values
from billow.billingrules.order import with_rule_changed, with_rule_placed
from billow.rating.lint import lint_rule
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingRule, ManagedAccount
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.agreements import agreements_of
from billow.usecases.closed_months import newest_ended_month
from billow.usecases.compare_agreements import Comparison, compare_agreements
from billow.usecases.costs import current_imports, has_aws_reports
from billow.usecases.find import find_rule
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import understood
from billow.usecases.rule_fields import read_changed_rule, read_new_rule
from billow.usecases.rules_folder import read_rule_file
from billow.usecases.unpriced_usage import unpriced_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePreview:
    """The rule as it would be, what it would change, and what a person should look at."""

    rule: BillingRule
    comparison: Comparison
    warnings: tuple[Issue, ...]


def preview_rule(
    *,
    actor: Actor,
    period: BillingPeriod,
    rule: BillingRule | None = None,
    fields: Mapping[str, object] | None = None,
    accounts: Sequence[ManagedAccount] = (),
) -> RulePreview:
    """Return the month without the wish and with it; nothing is written.

    ``fields`` alone are a new rule, with ``rule`` a change of it; ``rule`` alone is compared with its absence.
    Customers are the ``accounts``, else those the rule is assigned to, and all where it comes to apply to all. Where
    it is not assigned yet, it runs at the end of its group. Raises Refused if the fields are wrong or the month
    cannot be rated.
    """
    actor.must(Permission.SEE_MANAGEMENT)
    actor.must_own(*accounts)
    if rule is None:
        read = read_new_rule(actor=actor, fields=fields or {})
    else:
        actor.must_own(rule)
        read = read_changed_rule(rule=rule, fields=fields or {})
    concerned = _customers(actor, rule, read.rule, accounts)
    now = {each.account_token: each.rules for each in agreements_of(concerned)}
    wanted = read.rule.as_rule()
    with understood():
        after = {
            token: with_rule_placed(rules=with_rule_changed(rules=rules, rule=wanted), rule=wanted)
            for token, rules in now.items()
        }
    before = now if fields else {token: _without(rules, wanted) for token, rules in now.items()}
    comparison = compare_agreements(actor=actor, accounts=concerned, period=period, before=before, after=after)
    lint = lint_rule(
        rule=wanted,
        period=period,
        before=comparison.rated_before,
        after=comparison.rated_after,
        titles={each.token: each.title for rules in after.values() for each in rules},
        has_aws_reports=has_aws_reports(management_account=actor.management_account, period=period),
    )
    unpriced = unpriced_usage(actor=actor, rule=wanted, accounts=concerned, period=period)
    return RulePreview(rule=read.rule, comparison=comparison, warnings=(*read.warnings, *lint, *unpriced))


def preview_rule_file(
    *, actor: Actor, path: Path, period: BillingPeriod, accounts: Sequence[ManagedAccount] = ()
) -> RulePreview:
    """Return the preview of a rule's text: of a new rule, or with a token of a change to that rule."""
    file = read_rule_file(path=path)
    if file.token is None:
        return preview_rule(actor=actor, period=period, fields=file.fields, accounts=accounts)
    rule = find_rule(actor=actor, text=file.token)
    return preview_rule(actor=actor, period=period, rule=rule, fields=file.all_fields, accounts=accounts)


def newest_month_with_costs(*, actor: Actor, now: datetime) -> BillingPeriod:
    """Return the newest month that is over and has costs; raise Refused if there is none."""
    actor.must(Permission.SEE_MANAGEMENT)
    ended = newest_ended_month(management_account=actor.management_account, now=now)
    imports = current_imports(management_account=actor.management_account).filter(period_start__lte=ended.start)
    newest = imports.first()
    if newest is None:
        raise Refused("no_costs", f"No costs of {ended} or earlier were imported yet; name another month")
    return newest.period


def _customers(
    actor: Actor, stored: BillingRule | None, wanted: BillingRule, accounts: Sequence[ManagedAccount]
) -> tuple[ManagedAccount, ...]:
    if accounts:
        return tuple({account.token: account for account in accounts}.values())
    live = ManagedAccount.objects.visible_to(actor).live().select_related("billing_profile")
    comes_to_apply_to_all = wanted.apply_to_all and not (stored and stored.apply_to_all)
    if not comes_to_apply_to_all:
        live = live.filter(rule_assignments__billing_rule__token=wanted.token)
    return tuple(live.order_by("name", "pk"))


def _without(rules: Sequence[values.BillingRule], wanted: values.BillingRule) -> tuple[values.BillingRule, ...]:
    return tuple(rule for rule in rules if rule.token != wanted.token)
