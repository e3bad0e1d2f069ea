"""The kinds of billing rules: what each does, and which fields its form has."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """One kind; ``fixed`` are the fields that make a rule one of this kind."""

    name: str
    title: str
    sentence: str
    fields: tuple[str, ...]
    fixed: Mapping[str, str]


_BOOKED = ("service", "category", "sub_category")
_ALL = (
    RuleKind(
        name="exclusion",
        title=gettext_noop("Exclusion"),
        sentence=gettext_noop("Leaves out every charge of one charge type, such as tax or upfront fees."),
        fields=("charge_type",),
        fixed={"type": "exclusion"},
    ),
    RuleKind(
        name="per_service",
        title=gettext_noop("Adjustment"),
        sentence=gettext_noop("Shows a percentage of the cost: 110 marks up by 10, 95 gives 5 off."),
        fields=("percentage", "service", "category"),
        fixed={"type": "adjustment", "adjustment_type": "per_service"},
    ),
    RuleKind(
        name="fixed",
        title=gettext_noop("Charge"),
        sentence=gettext_noop("Adds a line with an amount, once or every month."),
        fields=(*_BOOKED, "amount", "recurrence"),
        fixed={"type": "charge", "charge_calculation": "fixed"},
    ),
    RuleKind(
        name="credit",
        title=gettext_noop("Credit"),
        sentence=gettext_noop("Takes an amount off, once or every month."),
        fields=(*_BOOKED, "amount", "recurrence"),
        fixed={"type": "credit"},
    ),
    RuleKind(
        name="support_fee",
        title=gettext_noop("Support fee"),
        sentence=gettext_noop("Adds a share of the month's spend, in tiers, with a least amount."),
        fields=(*_BOOKED, "support_plan", "fee_tiers", "fee_minimum", "fee_provider", "fee_per_account"),
        fixed={"type": "charge", "charge_calculation": "support_fee"},
    ),
    RuleKind(
        name="public_price",
        title=gettext_noop("Public price"),
        sentence=gettext_noop("AWS usage costs what AWS asks everybody; your own discounts stay yours."),
        fields=(),
        fixed={"type": "adjustment", "adjustment_type": "public_price"},
    ),
    RuleKind(
        name="remove_commitment_discounts",
        title=gettext_noop("Commitments removed"),
        sentence=gettext_noop(
            "Usage covered by another account's reservation or savings plan costs its list price again."
        ),
        fields=(),
        fixed={"type": "adjustment", "adjustment_type": "remove_commitment_discounts"},
    ),
    RuleKind(
        name="retier",
        title=gettext_noop("Re-tiered"),
        sentence=gettext_noop("Volume tiers are counted for this customer alone, not for all of yours together."),
        fields=("include_free_tier",),
        fixed={"type": "adjustment", "adjustment_type": "retier"},
    ),
    RuleKind(
        name="custom",
        title=gettext_noop("SQL"),
        sentence=gettext_noop("An UPDATE, DELETE or INSERT of your own, for what no other kind does."),
        fields=("sql_query",),
        fixed={"type": "custom"},
    ),
)
KINDS = {kind.name: kind for kind in _ALL}


def in_words(kind: RuleKind) -> RuleKind:
    """Return the kind with its words in the reader's language."""
    return replace(kind, title=_(kind.title), sentence=_(kind.sentence))
