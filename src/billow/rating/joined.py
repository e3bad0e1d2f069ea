"""What several groups of charges make together, and the lines that rules add."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce

from billow.billingrules.facts import charge_category_of, provider_name
from billow.billingrules.run import Group
from billow.rating.rated_costs import RatedLine, RuleDelta
from billow.terms.bulk import maker_of

Deltas = list[tuple[str, Decimal]]
Usage = tuple[Decimal | None, str | None, bool]
"""An amount, its unit, and whether several units are mixed."""

SUBCATEGORY = 8
"""The place of the sub-category behind the eight columns of a line's key."""

_ZERO = Decimal(0)
_rule_delta = maker_of(RuleDelta)


def rule_deltas(deltas: Iterable[tuple[str, Decimal]], *, places: Mapping[str, int]) -> tuple[RuleDelta, ...]:
    """Add up each rule's deltas, in the order of the rules."""
    amounts: dict[str, Decimal] = {}
    for token, amount in deltas:
        amounts[token] = amounts[token] + amount if token in amounts else amount
    if len(amounts) == 1:
        return tuple([_rule_delta(token, amount) for token, amount in amounts.items()])
    return tuple([_rule_delta(token, amounts[token]) for token in sorted(amounts, key=places.__getitem__)])


def joined_usage(usages: Iterable[Usage]) -> Usage:
    """Return the usage of all together; none if their units differ."""
    nothing: Usage = (None, None, False)
    return reduce(_joined, usages, nothing)


def _joined(one: Usage, other: Usage) -> Usage:
    if one[2] or other[2]:
        return None, None, True
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[1] != other[1]:
        return None, None, True
    return one[0] + other[0], one[1], False


def inserted_line(group: Group, *, places: Mapping[str, int]) -> RatedLine:
    """Return the line that a rule added, as later rules left it."""
    insert, row = group.insert, dict(group.insert.row if group.insert else {})
    assert insert is not None
    shown = dict(group.treatment.shown) if group.treatment else {}
    cost_type = row.get("cost_type")
    provider = row.get("provider")
    return RatedLine(
        provider=shown.get(0, provider_name(key=provider) if provider else "") or "",
        billing_account_id=shown.get(3, row.get("billing_account_id")),
        sub_account_id=shown.get(4, row.get("account_id")),
        sub_account_name=None,
        service=shown.get(1, row.get("service")) or "",
        service_category=shown.get(2, row.get("cost_category")),
        service_subcategory=shown.get(SUBCATEGORY, row.get("cost_sub_category")),
        charge_category=shown.get(6) or charge_category_of(cost_type=cost_type, amount_is_negative=insert.amount < 0),
        region=shown.get(5, row.get("region")),
        currency=group.currency,
        provider_cost=_ZERO,
        rated_cost=group.rated_cost,
        deltas=rule_deltas(group.deltas, places=places),
        usage_amount=insert.usage_amount,
        usage_unit=row.get("usage_unit") if insert.usage_amount is not None else None,
        description=insert.description,
        inserted_by=insert.rule_token,
    )
