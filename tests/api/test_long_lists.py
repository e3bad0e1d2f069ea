"""A hundred thousand invoices: every page costs the same few queries, and none of them sorts the whole list."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billow.records.billing.models import Invoice
from tests.api.world import Msp
from tests.factories.agreements import make_adjustment
from tests.factories.invoices import FIRST_OF_NOVEMBER
from tests.factories.parties import make_managed_account, make_profile

MANY = 100_000
MOST_QUERIES = 8


def fill(msp: Msp, *, many: int) -> None:
    """Add cancelled invoices: of them there may be any number in a month."""
    Invoice.objects.bulk_create(
        (
            Invoice(
                management_account=msp.account,
                managed_account=msp.shown,
                period_start=f"20{10 + number % 16}-{number % 12 + 1:02}-01",
                series=msp.invoice.series,
                sequence=1_000 + number,
                number=f"OLD-{number:06}",
                status="cancelled",
                cancel_reason="Filled in by a test",
                generation_requested_at=FIRST_OF_NOVEMBER,
                created_at=FIRST_OF_NOVEMBER,
                updated_at=FIRST_OF_NOVEMBER,
            )
            for number in range(many)
        ),
        batch_size=2_000,
    )


def queries_for(msp: Msp, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        answer = msp.client("owner").get(path)
    assert answer.status_code == 200
    assert len(answer.json()["invoices"]) == 100
    return [query["sql"] for query in queries.captured_queries]


def test_each_page_of_a_hundred_thousand_costs_the_same_few_queries(ours: Msp) -> None:
    fill(ours, many=MANY)
    first = queries_for(ours, "/v2/invoices?limit=100")
    middle = queries_for(ours, "/v2/invoices?limit=100&page=500")
    last = queries_for(ours, f"/v2/invoices?limit=100&page={MANY // 100}")
    assert len(middle) == len(last)
    assert max(len(first), len(last)) <= MOST_QUERIES
    listing = next(sql for sql in last if sql.startswith("SELECT") and "OFFSET" in sql)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {listing}")
            assert "TEMP B-TREE" not in str(cursor.fetchall())


def test_other_lists_cost_the_same_however_long(ours: Msp) -> None:
    paths = ("/v2/billing_rules", "/v2/managed_accounts", "/v2/billing_profiles", "/v2/integrations", "/v2/teams")
    client = ours.client("owner")

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    client.get("/v2/teams")
    before = {path: count(path) for path in paths}
    for number in range(20):
        make_adjustment(management_account=ours.account, percentage="100", title=f"Rule {number}")
        make_profile(management_account=ours.account, nickname=f"Profile {number}")
        make_managed_account(management_account=ours.account, name=f"Account {number}")
        client.post("/v2/integrations/custom_provider", {"name": f"Source {number}"})
        client.post("/v2/teams", {"name": f"Team {number}", "user_emails": [ours.people["viewer"].email]})
    assert {path: count(path) for path in paths} == before
