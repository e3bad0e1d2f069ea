"""Files that come over the API: exchange rates in every kind of form, and logos."""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from PIL import Image

from billow.records.billing.models import ExchangeRate
from tests.api.world import Msp

CSV = "base_currency_code,currency_code,rate,date\nUSD,EUR,0.925,2026-10-01\nUSD,KRW,300.011,2026-10-01\n"
PART = '--{0}\r\nContent-Disposition: form-data; name="csv"{1}\r\n\r\n{2}\r\n--{0}--\r\n'
FORMS = {
    "as the Python client sends it": ("application/x-www-form-urlencoded", urlencode({"csv": CSV})),
    "as the TypeScript client sends it": ("multipart/form-data", PART.format("----formdata-undici-05", "", CSV)),
    "as a browser sends a file": (
        "multipart/form-data; boundary=x",
        PART.format("x", '; filename="../../rates.csv"\r\nContent-Type: text/csv', CSV),
    ),
    "as a browser sends a text": ("multipart/form-data; boundary=x", PART.format("x", "", CSV)),
}


def upload(ours: Msp, content_type: str, body: str) -> tuple[int, str]:
    answer = ours.client("owner").ask("POST", "/v2/exchange_rates/csv", data=body.encode(), content_type=content_type)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("kind", FORMS)
def test_rates_arrive_in_every_kind_of_form(kind: str, ours: Msp) -> None:
    assert upload(ours, *FORMS[kind]) == (201, "")
    answer = ours.client("viewer").get("/v2/exchange_rates").json()
    assert [(each["base_currency_code"], each["currency_code"], each["rate"]) for each in answer["exchange_rates"]] == [
        ("USD", "EUR", "0.925"),
        ("USD", "KRW", "300.011"),
    ]
    assert answer["exchange_rates"][0]["effective_date"] == "2026-10-01"
    assert answer["exchange_rates"][0]["updated_at"].endswith(" UTC")
    beyond = ours.client("viewer").get("/v2/exchange_rates?page=99&limit=1").json()["meta"]
    assert beyond["prev_page"] == beyond["total_pages"]
    assert answer["meta"] == {
        "current_page": 1,
        "next_page": None,
        "prev_page": None,
        "total_pages": 1,
        "total_count": 2,
    }


BAD_FORMS = {
    "a bad row": ("application/x-www-form-urlencoded", urlencode({"csv": CSV + "USD,XXX,0,2026-13-01\n"}), "Row 3"),
    "no field": ("application/x-www-form-urlencoded", "file=x", "can't be blank"),
    "nothing": ("application/x-www-form-urlencoded", "", "can't be blank"),
    "many fields": ("application/x-www-form-urlencoded", "&".join(f"a{n}=1" for n in range(5000)), "too many fields"),
    "no boundary": ("multipart/form-data", "csv", "no boundary"),
    "another boundary": ("multipart/form-data; boundary=", PART.format("y", "", CSV), "cannot be read"),
    "another header": ("application/x-www-form-urlencoded", urlencode({"csv": "a,b\n1,2\n"}), "no column"),
}


@pytest.mark.parametrize("kind", BAD_FORMS)
def test_bad_uploads_are_refused_whole(kind: str, ours: Msp) -> None:
    content_type, body, words = BAD_FORMS[kind]
    status, text = upload(ours, content_type, body)
    assert status == 400, text
    assert words in text
    assert not ExchangeRate.objects.exists()


def test_an_upload_beyond_all_measure_is_413(ours: Msp) -> None:
    status, _ = upload(ours, "application/x-www-form-urlencoded", "csv=" + "x" * 11_000_000)
    assert status == 413


def test_customers_have_no_exchange_rates(ours: Msp) -> None:
    answer = ours.client("customer").get("/v2/exchange_rates")
    assert answer.status_code == 403
    assert answer.json()["errors"] == ["This feature is not available for this account."]


def test_a_logo_is_set_fetched_and_taken_away(ours: Msp) -> None:
    client = ours.client("owner")
    path = f"/v2/billing_profiles/{ours.profile.token}/logo"
    drawn = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(drawn, "PNG")
    put = client.ask("PUT", path, data=drawn.getvalue(), content_type="image/png")
    assert put.status_code == 200, put.content
    assert put.json()["has_logo"] is True
    fetched = client.get(path)
    assert fetched.headers["Content-Type"] == "image/png"
    assert Image.open(BytesIO(fetched.content)).size == (40, 20)
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    for data in (b"", b"MZ", b"x" * 3_000_000):
        assert client.ask("PUT", path, data=data, content_type="image/png").status_code == 400
    assert client.ask("PUT", path, data=b"x" * 6_000_000, content_type="image/png").status_code == 413


@pytest.mark.parametrize("kind", FORMS)
def test_an_upload_with_a_key_is_done_once(kind: str, ours: Msp) -> None:
    content_type, body = FORMS[kind]
    for _ in range(2):
        answer = ours.client("owner").ask(
            "POST",
            "/v2/exchange_rates/csv",
            data=body.encode(),
            content_type=content_type,
            headers={"Idempotency-Key": "rates-2026-10"},
        )
        assert answer.status_code == 201, answer.content
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert ExchangeRate.objects.count() == 2
