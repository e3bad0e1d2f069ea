"""What a rule would change, customer by customer, as the page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billow.interfaces.web.shown.amounts import Amount, amount, signed
from billow.interfaces.web.shown.times import month_name
from billow.terms.money import from_minor, to_minor
from billow.usecases.compare_agreements import CustomerEffect
from billow.usecases.preview_rules import RulePreview

MOST_CUSTOMERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectLine:
    """One customer, or all of one currency."""

    name: str
    currency: str
    before: Amount | None
    after: Amount | None
    difference: str
    margin: Amount | None
    lines: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The whole difference; customers without any are only counted."""

    month: str
    customers: tuple[EffectLine, ...]
    more: int
    untouched: int
    totals: tuple[EffectLine, ...]
    warnings: tuple[str, ...]
    nobody: bool


def preview_shown(preview: RulePreview) -> Preview:
    """Return the preview, most changed customers first."""
    effects = preview.comparison.customers
    touched = [each for each in effects if each.problem is not None or each.lines_touched]
    touched.sort(key=lambda each: (each.problem is None, -abs(each.difference or Decimal(0))))
    return Preview(
        month=month_name(preview.comparison.period),
        customers=tuple(_line(each) for each in touched[:MOST_CUSTOMERS]),
        more=max(len(touched) - MOST_CUSTOMERS, 0),
        untouched=len(effects) - len(touched),
        totals=tuple(_line(each) for each in preview.comparison.totals if each.lines_touched),
        warnings=_once([issue.message for issue in preview.warnings]),
        nobody=not effects,
    )


def _line(effect: CustomerEffect) -> EffectLine:
    difference = effect.difference
    return EffectLine(
        name=effect.account_name or _("All in %(currency)s") % {"currency": effect.currency},
        currency=effect.currency,
        before=amount(effect.before, currency=effect.currency),
        after=amount(effect.after, currency=effect.currency),
        difference=""
        if difference is None
        else signed(from_minor(to_minor(difference, currency=effect.currency), currency=effect.currency)),
        margin=amount(effect.margin_after, currency=effect.currency),
        lines=effect.lines_touched,
        problem=effect.problem.message if effect.problem else "",
    )


def _once(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
