"""The words and places that stand in recent costs, for whoever writes a rule or delegates costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from billow.billingrules.facts import CHARGE_TYPE_COLUMNS, DISPLAY_NAMES
from billow.coststore.partition import Partition
from billow.coststore.query import CostQuery
from billow.coststore.run import UnableToQuery
from billow.records.accounts.models import Permission
from billow.usecases.actor import Actor
from billow.usecases.billed_accounts import billed_under
from billow.usecases.costs import cost_store, current_imports, partition_of

MOST_IMPORTS = 8
"""The newest deliveries that are looked at; their answers are remembered."""

MOST_PLACES = 2_000
"""More accounts than this are not offered one by one."""

_PLAIN = ("ServiceName", "ServiceCategory")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostWords:
    """Each in the order of the alphabet."""

    charge_types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPlaces:
    """The identifiers at providers that bills name, each in the order of the alphabet."""

    billing_accounts: tuple[str, ...] = ()
    sub_accounts: tuple[str, ...] = ()


def cost_places(*, actor: Actor) -> CostPlaces:
    """Return the places that the newest imports name; those that cannot be read are left out."""
    actor.must(Permission.SEE_MANAGEMENT)
    payers: set[str] = set()
    payees: set[str] = set()
    for cost_import in current_imports(management_account=actor.management_account)[:MOST_IMPORTS]:
        try:
            billed = billed_under(partition_of(cost_import))
        except UnableToQuery:
            continue
        payees.update(billed)
        payers.update(*billed.values())
    return CostPlaces(billing_accounts=tuple(sorted(payers)), sub_accounts=tuple(sorted(payees)[:MOST_PLACES]))


def cost_words(*, actor: Actor) -> CostWords:
    """Return the words of the newest imports; those that cannot be read are left out."""
    actor.must(Permission.SEE_MANAGEMENT)
    found: list[CostWords] = []
    for cost_import in current_imports(management_account=actor.management_account)[:MOST_IMPORTS]:
        columns = tuple(column for column in CHARGE_TYPE_COLUMNS if column in cost_import.columns)
        try:
            found.append(_words(partition_of(cost_import), columns or ("ChargeCategory",)))
        except UnableToQuery:
            continue
    return CostWords(
        charge_types=_together([each.charge_types for each in found]),
        services=_together([each.services for each in found]),
        categories=_together([each.categories for each in found]),
    )


@lru_cache(maxsize=64)
def _words(partition: Partition, type_columns: tuple[str, ...]) -> CostWords:
    """Return the words of a partition, which never changes."""
    query = CostQuery(period=partition.billing_period, cost_column="BilledCost", group_by=(*_PLAIN, *type_columns))
    table = cost_store().query(query, partitions=[partition])
    types = {text for column in type_columns for text in table[column].to_pylist() if text}
    return CostWords(
        charge_types=tuple(DISPLAY_NAMES.get(text, text) for text in types),
        services=tuple({text for text in table["ServiceName"].to_pylist() if text}),
        categories=tuple({text for text in table["ServiceCategory"].to_pylist() if text}),
    )


def _together(lists: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({text for each in lists for text in each}, key=str.casefold))
