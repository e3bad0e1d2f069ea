"""Exchange rates come as a file: all of it or nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billow.records.billing.models import ExchangeRate, Invoice
from billow.terms.period import BillingPeriod
from billow.usecases.rates import MOST_ROWS, RatesImported, import_rates, list_rates
from billow.usecases.refused import Refused
from tests.factories.invoices import make_draft, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, make_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
HEADER = "base_currency_code,currency_code,rate,date\n"


@pytest.fixture
def people() -> People:
    return make_people()


def upload(people: People, text: str) -> RatesImported:
    return import_rates(actor=people.alice.actor, data=text.encode(), now=NOW)


def refusals(people: People, text: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        upload(people, text)
    assert not ExchangeRate.objects.exists()
    return [issue.message for issue in refused.value.issues]


def test_rates_keep_every_digit_and_the_newest_stands_first(people: People) -> None:
    assert upload(
        people,
        "date,rate,currency_code,base_currency_code\n2026-02-28,0.9,eur,usd\n2026-03-31,300.0110000001,JPY,KWD\n",
    ) == RatesImported(created=2, changed=0, unchanged=0)
    assert [(rate.base_currency, rate.currency, rate.rate) for rate in list_rates(actor=people.bob.actor)] == [
        ("KWD", "JPY", Decimal("300.0110000001")),
        ("USD", "EUR", Decimal("0.9")),
    ]
    assert len(list_rates(actor=people.bob.actor, period=BillingPeriod(2026, 2))) == 1
    assert list_rates(actor=people.charlie.actor) == ()


def test_the_same_pair_and_day_overwrites(people: People) -> None:
    upload(people, f"{HEADER}USD,EUR,0.9,2026-03-31\nUSD,GBP,0.8,2026-03-31\n")
    assert upload(people, f"{HEADER}USD,EUR,0.91,2026-03-31\nUSD,GBP,0.80,2026-03-31\nUSD,EUR,0.92,2026-03-30\n") == (
        RatesImported(created=1, changed=1, unchanged=1)
    )
    assert ExchangeRate.objects.get(currency="EUR", effective_date=date(2026, 3, 31)).rate == Decimal("0.91")


def test_every_bad_row_is_named_and_nothing_is_stored(people: People) -> None:
    assert refusals(
        people,
        HEADER
        + "USD,EUR,0.9,2026-03-31\n"
        + "USD,EUR,0,2026-03-30\n"
        + "USD,EUR,0.12345678901,2026-03-29\n"
        + "USD,USD,1,2026-03-31\n"
        + "XAU,EUR,1,2026-03-31\n"
        + 'USD,EUR,"0,9",31.03.2026\n'
        + "USD,EUR,0.8,2026-03-31\n"
        + "USD,EUR,NaN,\n",
    ) == [
        "Row 2: Rate must be greater than zero",
        "Row 3: Rate may have 12 digits before and 10 after the point",
        "Row 4: USD to USD needs no rate",
        "Row 5: Base currency code must be an ISO 4217 code such as EUR",
        "Row 6: Rate must be a number such as 12.5",
        "Row 6: Date must be a date such as 2026-03-31",
        "Row 7: the rate USD to EUR of 2026-03-31 stands twice in the file, differently",
        "Row 8: Rate must be a number such as 12.5",
        "Row 8: Date can't be blank",
    ]


def test_a_file_has_a_header_and_at_most_ten_thousand_rows(people: People) -> None:
    assert refusals(people, "USD,EUR,0.9,2026-03-31\n")
    first = date(2000, 1, 1).toordinal()
    rows = [f"USD,EUR,0.9,{date.fromordinal(first + day)}\n" for day in range(MOST_ROWS + 1)]
    assert refusals(people, HEADER + "".join(rows)) == [f"The file has {MOST_ROWS + 1:,} rows; at most 10,000 fit"]
    assert upload(people, HEADER + "".join(rows[:-1])).created == MOST_ROWS


def test_only_drafts_that_the_rate_concerns_become_stale(people: People) -> None:
    profile = make_profile(management_account=people.msp)
    for name, currency in (("Ada", "EUR"), ("Bob", "USD")):
        account = make_managed_account(management_account=people.msp, name=name, currency=currency)
        make_draft(account=account, profile=profile, lines=[make_line(cost="1", currency=currency)])
    month = Invoice.objects.values_list("period_start", flat=True)[0]
    upload(people, f"{HEADER}USD,EUR,0.9,{BillingPeriod.of(month).previous.start}\n")
    assert not Invoice.objects.filter(is_stale=True).exists()
    upload(people, f"{HEADER}USD,EUR,0.9,{month}\n")
    stale = Invoice.objects.filter(is_stale=True).values_list("managed_account__name", flat=True)
    assert list(stale) == ["Ada"]


def test_only_owners_upload_rates(people: People) -> None:
    with pytest.raises(Refused, match="Only an owner"):
        import_rates(actor=people.bob.actor, data=f"{HEADER}USD,EUR,1,2026-01-01\n".encode(), now=NOW)
