"""Any list of rules on any charges gives what the slow, obvious way gives, to the last digit."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billow.allocation.delegation import Delegation
from billow.billingrules.order import in_execution_order
from billow.billingrules.rule import AdjustmentRule, BillingRule, ChargeRule, CreditRule, ExclusionRule
from billow.rating.rate import rate
from billow.rating.rated_costs import Agreement
from tests.engines.bills import INTEGRATION, MARCH, FilesOnly, a_charge, write_bill
from tests.engines.interpreter import interpret, lines_of

ACCOUNTS = ("acct_a", "acct_b", "acct_c")
# Few days, all at edges, so that charges, owners and rules meet on the same ones.
days = st.sampled_from(
    [date(2026, 2, 20), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 1)]
)
# Six decimals of cost and three of each factor: four rules stay within 18 decimals, so nothing is ever rounded and
# the result may not depend on how charges are grouped.
costs = st.decimals(min_value=-(10**6), max_value=10**9, places=6, allow_nan=False, allow_infinity=False)


@st.composite
def charges(draw: st.DrawFn) -> dict[str, Any]:
    return a_charge(
        day=draw(days),
        BilledCost=draw(costs),
        BillingAccountId=draw(st.sampled_from("pq")),
        SubAccountId=draw(st.sampled_from(("1", None))),
        ServiceName=draw(st.sampled_from(("EC2", "S3"))),
        ServiceCategory=draw(st.sampled_from(("Compute", None))),
        ChargeCategory=draw(st.sampled_from(("Usage", "Tax"))),
        ChargeClass=draw(st.sampled_from((None, "Correction"))),
        BillingCurrency=draw(st.sampled_from(("USD", "EUR"))),
    )


@st.composite
def rules(draw: st.DrawFn, number: int) -> BillingRule:
    token, kind = f"rule-{number}", draw(st.integers(0, 3))
    start, end = draw(st.none() | days), draw(st.none() | days)
    if kind == 0:
        wanted = draw(st.sampled_from(("tax", "correction")))
        return ExclusionRule(token=token, title=token, charge_type=wanted, start_date=start, end_date=end)
    if kind == 1:
        return AdjustmentRule(
            token=token,
            title=token,
            percentage=draw(st.decimals(0, 300, places=1)),
            service=draw(st.sampled_from((None, "EC2"))),
            category=draw(st.sampled_from((None, "Compute"))),
            start_date=start,
            end_date=end,
        )
    make = ChargeRule if kind == 2 else CreditRule
    amount = draw(st.decimals(min_value=1, max_value=1000, places=2))
    fields: dict[str, Any] = {"service": "Fee", "category": "Compute", "sub_category": "Once", "amount": amount}
    return make(token=token, title=token, start_date=start or date(2026, 3, 3), **fields)


@st.composite
def agreements(draw: st.DrawFn) -> list[Agreement]:
    return [
        Agreement(
            account_token=account,
            currency="USD",
            rules=in_execution_order(
                rules=[draw(rules(place * 10 + number)) for number in range(draw(st.integers(1, 4)))]
            ),
        )
        for place, account in enumerate(ACCOUNTS[: draw(st.integers(1, 3))])
    ]


@st.composite
def delegations(draw: st.DrawFn) -> list[Delegation]:
    scopes = [(None, None), ("p", None), ("p", "1"), ("q", "1")]
    given_out = []
    for billing, sub in draw(st.lists(st.sampled_from(scopes), unique=True, min_size=1, max_size=4)):
        first, second = draw(st.sampled_from(ACCOUNTS)), draw(st.sampled_from(ACCOUNTS))
        day = draw(days)
        day_after = date.fromordinal(day.toordinal() + 1)
        scope: dict[str, Any] = {"integration_token": INTEGRATION, "billing_account_id": billing, "sub_account_id": sub}
        changes = draw(st.booleans())
        given_out.append(Delegation(account_token=first, end_date=day if changes else None, **scope))
        if changes and draw(st.booleans()):
            given_out.append(Delegation(account_token=second, start_date=day_after, **scope))
    return given_out


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(charges(), min_size=1, max_size=30), agreements(), delegations(), st.booleans())
def test_the_plan_gives_what_the_interpreter_gives(
    bill: list[dict[str, Any]], agreed: list[Agreement], given_out: list[Delegation], by_number: bool
) -> None:
    with TemporaryDirectory() as folder:
        partition = write_bill(Path(folder), bill)
        store = FilesOnly(Path(folder) / "spill", by_number=by_number)
        month = rate(store=store, partitions=[partition], period=MARCH, agreements=agreed, delegations=given_out)
        own = rate(
            store=store,
            partitions=[partition],
            period=MARCH,
            agreements=agreed[:1],
            delegations=given_out,
            with_unallocated=False,
        )
    expected = interpret(
        bill, integration_token=INTEGRATION, year=2026, month=3, agreements=agreed, delegations=given_out
    )
    for agreement in agreed:
        assert lines_of(month.by_account[agreement.account_token]) == expected.costs[agreement.account_token]
    assert sum((place.cost for place in month.unallocated), Decimal(0)) == expected.unowned
    assert own.by_account[agreed[0].account_token] == month.by_account[agreed[0].account_token]
    unrated = set(ACCOUNTS) - {agreement.account_token for agreement in agreed}
    if not unrated:
        total = expected.unowned + sum(
            line.provider_cost for rated in month.by_account.values() for line in rated.lines
        )
        assert total == sum(charge["BilledCost"] for charge in bill)


@st.composite
def finest_costs(draw: st.DrawFn) -> Decimal:
    return draw(st.decimals(min_value=-(10**15), max_value=10**15, places=18, allow_nan=False, allow_infinity=False))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.lists(finest_costs(), min_size=1, max_size=10),
    st.lists(st.decimals(0, 300, places=7), min_size=1, max_size=40),
)
def test_where_a_line_is_one_charge_every_rule_rounds_it_as_the_interpreter_does(
    finest: list[Decimal], percentages: list[Decimal]
) -> None:
    bill = [a_charge(BilledCost=cost, SubAccountId=str(place)) for place, cost in enumerate(finest)]
    adjusted = tuple(
        AdjustmentRule(token=f"rule-{place}", title="", percentage=percentage, service=(None, "EC2", "S3")[place % 3])
        for place, percentage in enumerate(percentages)
    )
    agreed = [Agreement(account_token="acct_a", currency="USD", rules=adjusted)]
    given_out = [Delegation(integration_token=INTEGRATION, account_token="acct_a")]
    with TemporaryDirectory() as folder:
        partition = write_bill(Path(folder), bill)
        store = FilesOnly(Path(folder) / "spill")
        month = rate(store=store, partitions=[partition], period=MARCH, agreements=agreed, delegations=given_out)
    expected = interpret(
        bill, integration_token=INTEGRATION, year=2026, month=3, agreements=agreed, delegations=given_out
    )
    assert lines_of(month.by_account["acct_a"]) == expected.costs["acct_a"]
