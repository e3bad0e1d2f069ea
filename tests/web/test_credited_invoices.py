"""A wholly credited invoice on the Invoices screen: still there, called credited, and in no sum."""

import re

from django.test import Client

from billow.records.billing.models import Invoice
from billow.usecases.credit_invoices import credit_invoice
from billow.usecases.read_invoices import list_invoices
from tests.factories.invoices import FIRST_OF_NOVEMBER, OCTOBER, make_approved, make_line
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People
from tests.web.conftest import SignedIn

SCREEN = f"/invoices?period={OCTOBER}"


def text_of(client: Client) -> str:
    answer = client.get(SCREEN)
    assert answer.status_code == 200
    return answer.content.decode()


def summary_in(text: str) -> str:
    return text[text.index('id="summary"') : text.index('id="filters"')]


def credited(people: People, *, line_numbers: list[int] | None = None) -> Invoice:
    account = make_managed_account(management_account=people.msp)
    profile = make_profile(management_account=people.msp)
    lines = [make_line(cost="1234.56"), make_line(cost="1", service="Amazon S3")]
    invoice = make_approved(account=account, profile=profile, by=people.alice, lines=lines)
    credit_invoice(
        actor=people.alice.actor,
        invoice_token=invoice.token,
        line_numbers=line_numbers,
        reason="Wrong",
        now=FIRST_OF_NOVEMBER,
    )
    return invoice


def test_it_is_called_credited_beside_the_month_that_is_ready_again(people: People, signed_in: SignedIn) -> None:
    invoice = credited(people)
    text = text_of(signed_in(people.alice))
    assert invoice.number in text
    assert "Credited" in text
    assert "1,235.56" not in summary_in(text)
    keys = re.findall(r'id="(row-[^"]+)"', text)
    assert len(keys) == len(set(keys)) == 2
    (row,) = list_invoices(actor=people.alice.actor, now=FIRST_OF_NOVEMBER)
    assert (row.status, row.is_credited) == ("approved", True)


def test_one_that_is_credited_in_part_counts_on(people: People, signed_in: SignedIn) -> None:
    credited(people, line_numbers=[2])
    text = text_of(signed_in(people.alice))
    assert "Credited" not in text
    assert "1,235.56" in summary_in(text)
    (row,) = list_invoices(actor=people.alice.actor, now=FIRST_OF_NOVEMBER)
    assert not row.is_credited
