"""The audit log at the console, without script: filtered by who, what and when, paged without counting, as CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billow.records.accounts.models import ManagementAccount, Role
from billow.records.audit.models import AuditEntry
from billow.usecases.actor import Actor, Source
from billow.usecases.audit import record
from billow.usecases.read_audit_log import entry_token
from tests.people import People
from tests.web.conftest import SignedIn
from tests.web.test_safety import EVIL, Page

LIST = "/settings/audit-log"
FIRST = datetime(2026, 10, 1, 12, tzinfo=UTC)
MOST_QUERIES = 10


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def write(actor: Actor, name: str, *, kind: str = "ManagedAccount", at: datetime = FIRST, **changes: object) -> None:
    record(
        actor=actor,
        action="record_updated",
        object_type=kind,
        object_token=f"token_{name}"[:40],
        object_name=name,
        changes=changes,
        now=at,
    )


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def link(text: str, rel: str) -> str:
    return text.partition(f'rel="{rel}" href="')[2].partition('"')[0].replace("&amp;", "&")


def names_in(text: str) -> list[str]:
    return [part.partition("</bdi>")[0] for part in text.partition("<tbody>")[2].split(" <bdi>")[1:]]


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_entries_are_found_by_who_what_when_and_by_which_way(client: Client, people: People) -> None:
    api = Actor(management_account=people.msp, user=people.bob.user, source=Source.API)
    write(people.alice.actor, "Thessaly Olives", currency="EUR")
    write(api, "Silver plan", kind="BillingRule", at=FIRST + timedelta(days=1))
    write(people.operator, "October", kind="CostImport", at=FIRST + timedelta(days=2))
    everything = text_of(client, LIST)
    assert names_in(everything) == ["October", "Silver plan", "Thessaly Olives"]
    assert "currency: EUR" in everything
    for query, names in (
        (f"who={people.alice.user.token}", ["Thessaly Olives"]),
        ("who=nobody", ["October"]),
        ("who=usr_unknown", []),
        ("what=rules", ["Silver plan"]),
        ("door=api", ["Silver plan"]),
        ("thing=Thessaly+Olives", ["Thessaly Olives"]),
        ("thing=token_October", ["October"]),
        ("thing=thessaly", []),
        ("from=2026-10-02&to=2026-10-02", ["Silver plan"]),
        ("to=2026-10-01", ["Thessaly Olives"]),
        (f"who={people.bob.user.token}&what=costs", []),
    ):
        assert (query, names_in(text_of(client, f"{LIST}?{query}"))) == (query, names)
    for nonsense in ("what=x", "door=x", "from=soon", "to=0001-01-01", "from=9999-12-31", "before=x", "after=adt_lg_1"):
        assert len(names_in(text_of(client, f"{LIST}?{nonsense}"))) == 3


def test_a_day_is_one_of_the_management_accounts_time_zone(client: Client, people: People) -> None:
    ManagementAccount.objects.filter(pk=people.msp.pk).update(time_zone="Pacific/Auckland")
    write(people.alice.actor, "Late", at=datetime(2026, 10, 1, 12, 30, tzinfo=UTC))
    assert names_in(text_of(client, f"{LIST}?from=2026-10-02")) == ["Late"]
    assert names_in(text_of(client, f"{LIST}?to=2026-10-01")) == []


def test_pages_lead_there_and_back_without_a_gap_even_within_one_instant(client: Client, people: People) -> None:
    for number in range(120):
        write(people.alice.actor, f"N{number}")
    first = text_of(client, LIST)
    second = text_of(client, link(first, "next"))
    third = text_of(client, link(second, "next"))
    names = [name for text in (first, second, third) for name in names_in(text)]
    assert names == [f"N{number}" for number in reversed(range(120))]
    assert (link(first, "prev"), link(third, "next")) == ("", "")
    assert names_in(text_of(client, link(third, "prev"))) == names_in(second)
    assert names_in(text_of(client, link(second, "prev"))) == names_in(first)
    assert link(text_of(client, link(second, "prev")), "prev") == ""


def test_nothing_is_counted_or_skipped_however_long_the_log_is(client: Client, people: People) -> None:
    def queries_of(address: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            text_of(client, address)
        return [query["sql"] for query in queries if "audit_auditentry" in query["sql"]]

    for number in range(200):
        write(people.alice.actor, f"N{number}")
    queries_of(LIST)
    short = queries_of(LIST)
    deep = link(text_of(client, link(text_of(client, LIST), "next")), "next")
    for queries in (short, queries_of(deep), queries_of(f"{LIST}?who={people.alice.user.token}&what=accounts")):
        assert 1 <= len(queries) <= 2
        assert not any("COUNT(" in query or "OFFSET" in query for query in queries)
        assert "LIMIT 51" in queries[-1]


def test_the_detail_of_an_entry_names_each_field_and_leads_to_the_record(client: Client, people: People) -> None:
    write(people.alice.actor, "Bob", kind="User", role="viewer", teams=["North", "South"])
    entry = AuditEntry.objects.get()
    text = text_of(client, f"{LIST}/{entry_token(entry=entry)}")
    for shown in ("alice@nimbus.example", "1 Oct 2026, 12:00:00 UTC", "role", "viewer", "&quot;North&quot;"):
        assert shown in text
    assert 'href="/settings/users/token_Bob"' in text
    assert f'href="{LIST}?thing=token_Bob"' in text
    assert client.get(f"{LIST}/adt_lg_ffffffffffffffff").status_code == 404


def test_a_file_has_every_entry_that_fits_is_safe_in_a_spreadsheet_and_is_in_the_log_itself(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billow.usecases.browse_audit_log._BATCH", 7)
    for number in range(20):
        write(people.alice.actor, f"N{number}")
    write(people.bob.actor, "=1+1", kind="BillingRule", text=EVIL)
    write(people.charlie.actor, "Not ours")
    rows = rows_of(client, f"{LIST}.csv?what=accounts")
    assert [row["object_name"] for row in rows] == [f"N{number}" for number in reversed(range(20))]
    assert rows[0]["email"] == "alice@nimbus.example"
    assert rows[0]["time"] == "2026-10-01T12:00:00+00:00"
    assert rows_of(client, f"{LIST}.csv?what=rules")[0]["object_name"] == "'=1+1"
    exports = AuditEntry.objects.filter(action="audit_log.export").order_by("pk")
    assert exports[0].changes == {"object_types": ["ManagedAccount", "SsoConnection"]}
    assert "Not ours" not in str(rows_of(client, f"{LIST}.csv"))


@pytest.mark.parametrize("role", [Role.INTEGRATION_OWNER, Role.EDITOR, Role.VIEWER])
def test_a_refused_file_is_not_in_the_log(role: Role, people: People, signed_in: SignedIn) -> None:
    people.bob.user.role = role
    people.bob.user.save()
    assert signed_in(people.bob).get(f"{LIST}.csv").status_code == 403
    assert not AuditEntry.objects.exists()


def test_hostile_texts_stay_text(client: Client, people: People) -> None:
    write(people.alice.actor, EVIL, kind=EVIL[:40], text=EVIL, more=[EVIL])
    entry = AuditEntry.objects.get()
    for page in (LIST, f"{LIST}?thing={EVIL}&who={EVIL}", f"{LIST}/{entry_token(entry=entry)}"):
        text = text_of(client, page)
        assert (Page(text).inline, Page(text).images) == ([], [])
        assert "<script>alert" not in text


def test_the_page_asks_few_questions(client: Client, people: People) -> None:
    for number in range(60):
        write(people.alice.actor, f"N{number}")
    with CaptureQueriesContext(connection) as queries:
        text_of(client, f"{LIST}?who={people.alice.user.token}")
    assert len(queries) <= MOST_QUERIES
