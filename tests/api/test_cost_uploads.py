"""Costs of a custom provider come as CSV, in every kind of form, and are the customer's a moment later."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings

from billow.records.billing.models import Invoice
from billow.records.costs.models import CostImport, Integration, UserCostsUpload
from billow.usecases.costs import list_imports
from tests.api.test_uploads import PART
from tests.api.world import Msp
from tests.factories.costs import make_integration
from tests.factories.invoices import make_draft
from tests.factories.parties import delegate

HEADER = "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n"
CSV = f"{HEADER}2026-10-05,Usage,12.5,Backups\n2026-10-20T08:00:00Z,Fee,0.000000000000000001,Backups\n"


@pytest.fixture(autouse=True)
def own_store(settings: LazySettings, tmp_path: Path) -> None:
    settings.COST_STORE = tmp_path / "costs"


@pytest.fixture
def source(ours: Msp) -> Integration:
    return make_integration(management_account=ours.account, name="Temporal", provider="custom_provider")


def send(ours: Msp, source: Integration, content: str | bytes, *, name: str = "", who: str = "owner") -> Any:
    fields = {"csv": content, "auto_transform": "false"} | ({"filename": name} if name else {})
    return ours.client(who).ask(
        "POST",
        f"/v2/integrations/{source.token}/costs.csv",
        data=urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded",
    )


def totals(ours: Msp) -> dict[str, Decimal]:
    imports = list_imports(actor=ours.operator)
    return {str(each.period): each.totals.get().billed_cost for each in imports}


def test_an_upload_is_a_cost_import_and_says_what_it_holds(ours: Msp, source: Integration) -> None:
    answer = send(ours, source, CSV)
    assert answer.status_code == 201, answer.content
    upload = answer.json()
    assert upload == {
        **upload,
        "amount": "12.500000000000000001",
        "start_date": "2026-10-05",
        "end_date": "2026-10-20",
        "import_status": "imported",
        "created_by_token": ours.people["owner"].token,
    }
    assert upload["token"].startswith("usr_csts_upld_")
    listed = ours.client("viewer").get(f"/v2/integrations/{source.token}/costs").json()
    assert listed["user_costs_uploads"] == [upload]
    assert totals(ours) == {"2026-10": Decimal("12.500000000000000001")}
    assert ours.client("viewer").get(f"/v2/integrations/{source.token}").json()["status"] == "imported"


FORMS = {
    "as the TypeScript client sends it": ("multipart/form-data", PART.format("----formdata-undici-05", "", CSV)),
    "as a browser sends a file": (
        "multipart/form-data; boundary=x",
        PART.format("x", '; filename="../../etc/october.csv"\r\nContent-Type: text/csv', CSV),
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_uploads_arrive_in_every_kind_of_form(kind: str, ours: Msp, source: Integration) -> None:
    content_type, body = FORMS[kind]
    path = f"/v2/integrations/{source.token}/costs.csv"
    answer = ours.client("owner").ask("POST", path, data=body.encode(), content_type=content_type)
    assert answer.status_code == 201, answer.content
    if "filename" in body:
        assert answer.json()["filename"] == "october.csv"
    assert totals(ours) == {"2026-10": Decimal("12.500000000000000001")}


def test_a_customer_is_charged_what_was_uploaded(ours: Msp, source: Integration) -> None:
    delegate(account=ours.shown, integration=source, sub_account_id="", billing_account_id="")
    draft = make_draft(account=ours.shown, profile=ours.profile, period=ours.invoice.period.next)
    assert send(ours, source, CSV.replace("2026-10", str(draft.period))).status_code == 201
    month = f"start_date={draft.period.start}&end_date={draft.period.last_day}"
    answer = ours.client("customer").get(f"/v2/costs?{month}&groupings=provider,service,charge_type").json()
    assert [(cost["provider"], cost["charge_type"], cost["amount"]) for cost in answer["costs"]] == [
        ("custom_provider", "Usage", "12.5"),
        ("custom_provider", "Fee", "0.000000000000000001"),
    ]
    assert Invoice.objects.get(pk=draft.pk).is_stale


def test_files_add_up_by_month_and_a_name_stands_for_one_file(ours: Msp, source: Integration) -> None:
    send(ours, source, f"{HEADER}2026-09-30,Usage,1,Backups\n2026-10-01,Usage,2,Backups\n", name="a.csv")
    send(ours, source, f"{HEADER}2026-10-02,Usage,4,Backups\n", name="b.csv")
    assert totals(ours) == {"2026-09": Decimal(1), "2026-10": Decimal(6)}
    september = CostImport.objects.get(period_start="2026-09-01")
    assert september.superseded_at is None, "a month that the second file does not touch stays as it is"
    send(ours, source, f"{HEADER}2026-11-01,Usage,8,Backups\n", name="a.csv")
    assert totals(ours) == {"2026-10": Decimal(4), "2026-11": Decimal(8)}
    assert sorted(UserCostsUpload.objects.values_list("filename", flat=True)) == ["a.csv", "b.csv"]
    path = f"/v2/integrations/{source.token}/costs"
    (b,) = [each for each in ours.client("owner").get(path).json()["user_costs_uploads"] if each["filename"] == "b.csv"]
    assert ours.client("owner").delete(f"{path}/{b['token']}").status_code == 204
    assert totals(ours) == {"2026-11": Decimal(8)}
    assert ours.client("owner").delete(f"{path}/{b['token']}").status_code == 404


BAD_FILES: dict[str, tuple[str | bytes, list[str]]] = {
    "a bad number": (f"{HEADER}2026-10-01,Usage,1,x\n2026-10-01,Usage,$2,x\n", ["Row 2: BilledCost: '$2' is not"]),
    "an impossible day": (f"{HEADER}2026-02-30,Usage,1,x\n", ["Row 1: ChargePeriodStart: '2026-02-30' is not a time"]),
    "several faults": (
        f"{HEADER}2026-10-01,Rent,1,x\n2026-10-01,Usage,,x\n",
        ["Row 1: ChargeCategory: 'Rent' is not", "Row 2: BilledCost: the value is missing"],
    ),
    "a ragged row": (f"{HEADER}2026-10-01,Usage,1\n", ["Row 1: has 3 fields, the header has 4"]),
    "a missing column": ("ChargePeriodStart,BilledCost,ServiceName\n2026-10-01,1,x\n", ["ChargeCategory"]),
    "not UTF-8": (HEADER.encode() + b"2026-10-01,Usage,1,Caf\xe9\n", ["UTF-8"]),
    "a NUL": (HEADER.encode() + b"2026-10-01,Usage,1,a\x00b\n", ["zero bytes"]),
    "no rows": (HEADER, ["no rows"]),
    "nothing": (" ", ["can't be blank"]),
    "too many rows": (HEADER + "2026-10-01,Usage,1,x\n" * 10_001, ["10,001 rows"]),
    "too many bytes": (HEADER + "2026-10-01,Usage,1," + "x" * 2_000_000 + "\n", ["bytes; at most"]),
    "a number beyond all": (f"{HEADER}2026-10-01,Usage,1e30,x\n", ["Row 1: BilledCost: '1e30' does not fit"]),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused_whole_with_its_rows(kind: str, ours: Msp, source: Integration) -> None:
    content, said = BAD_FILES[kind]
    send(ours, source, CSV, name="good.csv")
    answer = send(ours, source, content, name="good.csv")
    assert answer.status_code == 422, answer.content
    errors = answer.json()["errors"]
    assert len(errors) == len(said)
    assert all(words in error for words, error in zip(said, errors, strict=True)), errors
    assert totals(ours) == {"2026-10": Decimal("12.500000000000000001")}


def test_the_same_bytes_under_two_names_would_count_twice(ours: Msp, source: Integration) -> None:
    assert send(ours, source, CSV, name="a.csv").status_code == 201
    assert send(ours, source, CSV, name="a.csv").status_code == 201
    refused = send(ours, source, CSV, name="b.csv")
    assert (refused.status_code, "same bytes as a.csv" in refused.json()["errors"][0]) == (422, True)


def test_only_custom_providers_take_uploads(ours: Msp, source: Integration) -> None:
    assert send(ours, ours.integration, CSV).status_code == 400
    assert send(ours, source, CSV, who="editor").status_code == 403
    assert send(ours, source, CSV, who="customer").status_code == 403
    no_csv = ours.client("owner").ask(
        "POST",
        f"/v2/integrations/{source.token}/costs.csv",
        data=b"file=x",
        content_type="application/x-www-form-urlencoded",
    )
    assert no_csv.status_code == 400
    assert not CostImport.objects.exists()


def test_texts_in_every_language_arrive_as_they_were_written(ours: Msp, source: Integration) -> None:
    assert send(ours, source, f"{HEADER}2026-10-01,Usage,1,Καφές & co + μπύρα\n", name="Ιούλιος.csv").status_code == 201
    month = "start_date=2026-10-01&end_date=2026-10-31&groupings=service"
    (cost,) = ours.client("owner").get(f"/v2/costs?{month}").json()["costs"]
    assert cost["service"] == "Καφές & co + μπύρα"
    assert UserCostsUpload.objects.get().filename == "Ιούλιος.csv"


def test_names_with_control_characters_are_refused(ours: Msp, source: Integration) -> None:
    assert send(ours, source, CSV, name="a\nb.csv").status_code == 400
