"""Lines become values when somebody first looks at one, once, and are then a tuple in all but name."""

from decimal import Decimal

from billow.rating.rated_costs import RatedLine, RatedLines


def line(cost: str) -> RatedLine:
    return RatedLine(
        provider="AWS",
        billing_account_id=None,
        sub_account_id=None,
        sub_account_name=None,
        service="EC2",
        service_category=None,
        service_subcategory=None,
        charge_category="Usage",
        region=None,
        currency="USD",
        provider_cost=Decimal(cost),
        rated_cost=Decimal(cost),
    )


def test_lines_are_made_once_and_only_when_looked_at() -> None:
    made: list[str] = []

    def make() -> tuple[RatedLine, ...]:
        made.append("made")
        return line("1"), line("2"), line("3")

    lines = RatedLines(make, length=3)
    assert (len(lines), bool(lines), made) == (3, True, [])
    assert lines[1] == line("2")
    assert [each.rated_cost for each in lines] == [1, 2, 3]
    assert lines[1:] == (line("2"), line("3"))
    assert lines[-1] in lines
    assert made == ["made"]


def test_lines_are_equal_to_the_same_lines_however_they_are_kept() -> None:
    given = (line("1"), line("2"))
    lines = RatedLines(lambda: given, length=2)
    assert lines == given
    assert given == lines
    assert lines == RatedLines(lambda: (line("1"), line("2")), length=2)
    assert lines != given[:1]
    assert lines != [*given]
    assert hash(lines) == hash(given)
    assert repr(lines) == repr(given)
