"""Cost that nobody owns, added up by where it was billed."""

from decimal import Decimal

from billow.rating.rated_costs import UnallocatedCost

_Place = tuple[str, str, str | None, str | None, str]


class UnallocatedSums:
    """Sums of the groups without an owner."""

    def __init__(self) -> None:
        self._cost: dict[_Place, Decimal] = {}
        self._charges: dict[_Place, int] = {}
        self._names: dict[_Place, str | None] = {}

    def add(self, *, place: _Place, name: str | None, cost: Decimal, charges: int) -> None:
        """Count one group; ``place`` is integration, provider, billing account, sub account, currency."""
        self._cost[place] = self._cost.get(place, Decimal(0)) + cost
        self._charges[place] = self._charges.get(place, 0) + charges
        self._names[place] = max(filter(None, (self._names.get(place), name)), default=None)

    def finish(self) -> tuple[UnallocatedCost, ...]:
        """Return the sums, sorted by place."""
        return tuple(
            UnallocatedCost(
                integration_token=place[0],
                provider=place[1],
                billing_account_id=place[2],
                sub_account_id=place[3],
                sub_account_name=self._names[place],
                currency=place[4],
                cost=self._cost[place],
                charges=self._charges[place],
            )
            for place in sorted(self._cost, key=_sort_key)
        )


def _sort_key(place: _Place) -> tuple[str, ...]:
    return tuple(part or "" for part in place)
