"""The invoice as PDF, read back as a reader's program reads it."""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest

from billow.documents import fonts
from billow.documents.logo import read_logo
from billow.documents.pdf import UnableToRenderDocument, render_pdf
from billow.invoicing.invoice import AdjustmentType, BankAccount, CustomField, ExchangeRate, Invoice
from tests.unit.documents.samples import (
    BUYER,
    SELLER,
    adjustment,
    invoice,
    line,
    long_invoice,
    pages_of,
    short_invoice,
    text_of,
    words_of,
)
from tests.unit.documents.test_logo import SVG

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "invoice.txt"

NASTY = (
    "#panic()",
    "*x*",
    "$a$",
    "_y_",
    '\\ " <>',
    "= Heading",
    "- item",
    "@ref <label>",
    "// gone",
    "/* gone */",
    "`raw`",
    "https://example.com/#a",
    "#sys.inputs.invoice",
    "[x](y) ~ -- --- ...",
    "{{ 7*7 }}",
    "'quoted' & <b>bold</b>",
)
SCRIPTS = {
    "Greek": "Εταιρεία Νέφους Α.Ε.",
    "Polish": "Zażółć gęślą jaźń sp. z o.o.",
    "Cyrillic": "ООО «Облачные решения»",
    "Vietnamese": "Công ty Điện toán đám mây",
    "Arabic": "شركة الغيمة الشمالية",
    "Hebrew": "הלציון רובוטיקה",
    "Japanese": "株式会社ハルシオン",
    "Chinese": "云计算有限公司",
    "Korean": "할시온 로보틱스",
}


def test_the_text_of_an_invoice_is_the_golden_text() -> None:
    text = text_of(render_pdf(invoice=short_invoice(), logo=None)) + "\n"
    if os.environ.get("BILLOW_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_same_invoice_gives_the_same_bytes_again_and_in_another_process() -> None:
    first = render_pdf(invoice=short_invoice(), logo=None)
    render_pdf(invoice=long_invoice(lines=30), logo=None)
    assert render_pdf(invoice=short_invoice(), logo=None) == first
    program = (
        "import sys; from billow.documents.pdf import render_pdf; from tests.unit.documents.samples import *;"
        "sys.stdout.buffer.write(render_pdf(invoice=short_invoice(), logo=None))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
    }
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert other.stdout == first


def test_the_pdf_says_that_it_is_archivable_accessible_titled_and_in_english() -> None:
    pdf = render_pdf(invoice=short_invoice(), logo=read_logo(data=SVG, file_name="logo.svg"))
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_metadata() as xmp:
        assert xmp["pdfaid:part"] == "3"
        assert xmp["pdfaid:conformance"] == "A"
        assert xmp["pdfuaid:part"] == "1"
        assert xmp["dc:title"] == "Invoice INV-2026-00042"
        assert "".join(xmp["dc:creator"]) == "Northwind Cloud Partners GmbH"
        assert xmp["xmp:CreateDate"].startswith("2026-04-04T00:00:00")
        assert str(document.Root.Lang) == "en"
        assert bool(document.Root.MarkInfo.Marked)
        assert "/StructTreeRoot" in document.Root
        fonts_embedded = [o for o in document.objects if isinstance(o, pikepdf.Dictionary) and o.get("/FontFile2")]
        assert fonts_embedded


@pytest.mark.parametrize("text", NASTY)
def test_text_prints_as_typed_wherever_it_stands(text: str) -> None:
    nasty = invoice(
        [line(text, 1000, description=text, provider=text, region=text, sub_account_name=text)],
        [adjustment(text, AdjustmentType.CHARGE, 100)],
        number=text,
        seller=replace(SELLER, name=text, custom_fields=(CustomField(name=text, value=text),)),
        buyer=replace(BUYER, name=text, address_line_1=text),
        bank=BankAccount(bank_name=text),
    )
    printed = words_of(text_of(render_pdf(invoice=nasty, logo=None)))
    assert printed.count(words_of(text)) >= 12


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_print_in_every_promised_script(script: str) -> None:
    name = SCRIPTS[script]
    printed = words_of(text_of(render_pdf(invoice=short_invoice(buyer=replace(BUYER, name=name)), logo=None)))
    if script == "Arabic":  # readers give the letters of a ligature in visual order
        letters = re.findall(r"[\u0600-\u06ff]", printed)
        assert sorted(letters) == sorted(name.replace(" ", ""))
    else:
        assert name in printed


def test_a_right_to_left_name_keeps_its_own_order_and_disturbs_nobody() -> None:
    name = "הלציון (ישראל) בע״מ"
    printed = text_of(render_pdf(invoice=short_invoice(buyer=replace(BUYER, name=name)), logo=None))
    assert "הלציון" in printed
    assert "Amount due" in printed
    turned = short_invoice(buyer=replace(BUYER, name="Halcyon \u202egpj.exe"))
    assert "Halcyon gpj.exe" in text_of(render_pdf(invoice=turned, logo=None))


@pytest.mark.parametrize(("character", "code"), [("😀", "U+1F600"), ("\ue000", "U+E000"), ("ཀ", "U+0F40")])
def test_a_character_that_no_font_shows_is_named_with_its_place(character: str, code: str) -> None:
    with pytest.raises(UnableToRenderDocument) as refused:
        render_pdf(invoice=short_invoice(buyer=replace(BUYER, name=f"Smile {character}")), logo=None)
    assert refused.value.code == "character_not_printable"
    assert "buyer.name" in refused.value.message
    assert code in refused.value.message
    with pytest.raises(UnableToRenderDocument) as refused:
        render_pdf(invoice=invoice([line("A", 500), line(f"B{character}", 500)]), logo=None)
    assert "lines[2].service" in refused.value.message


def test_missing_cjk_font_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "has_cjk_font", lambda: False)
    with pytest.raises(UnableToRenderDocument) as refused:
        render_pdf(invoice=short_invoice(buyer=replace(BUYER, name="株式会社")), logo=None)
    assert refused.value.code == "font_missing"
    assert "billow[cjk]" in refused.value.message
    assert "buyer.name" in refused.value.message


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_PACKAGES", ("fontpkg_that_is_not_there",))
    fonts._covered.cache_clear()
    with pytest.raises(UnableToRenderDocument, match=r"fontpkg_that_is_not_there.*billow\[fonts\]") as refused:
        render_pdf(invoice=short_invoice(), logo=None)
    assert refused.value.code == "font_missing"


def test_control_characters_cannot_break_the_page() -> None:
    odd = short_invoice(buyer=replace(BUYER, name="Halcyon\x00\tRobotics\r\nLtd\ufeff\u2028 AG"))
    assert "Halcyon Robotics Ltd AG" in text_of(render_pdf(invoice=odd, logo=None))


def minor_of(text: str) -> int:
    return int(text.replace(",", "").replace(".", "").replace("−", "-"))


def test_printed_rows_add_up_to_services_providers_and_total() -> None:
    printed = text_of(render_pdf(invoice=short_invoice(), logo=None))
    table = printed[printed.index("Charges") :]
    amounts = [minor_of(found) for found in re.findall(r"(−?[\d,]+\.\d{2})$", table, flags=re.MULTILINE)]
    aws, ec2, usage, plan, s3, s3_usage, small, azure, azure_row, northwind, credit, subtotal, *rest = amounts
    assert (ec2, s3) == (usage + plan, s3_usage + small)
    assert (aws, azure, northwind) == (ec2 + s3, azure_row, credit)
    assert subtotal == aws + azure + northwind == 216621
    assert sum([subtotal, *rest[:4]]) == rest[4] == short_invoice().totals.total_minor


def test_a_long_invoice_repeats_its_heads_and_adds_up_over_all_pages() -> None:
    long = long_invoice(lines=1200)
    pages = pages_of(render_pdf(invoice=long, logo=None))
    assert 25 <= len(pages) <= 45
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Amount (EUR)" in page
        if number > 1:
            assert "Northwind Cloud Partners GmbH · Invoice INV-2026-00042" in words_of(page)
    rows = re.findall(r"^Virtual Machines .*?([\d,]+\.\d{2})$", "\n".join(pages), flags=re.MULTILINE)
    assert len(rows) == 1200
    assert sum(minor_of(amount) for amount in rows) == long.totals.total_minor
    assert any("AWS service" in page and "continued" in page for page in pages[2:])
    assert "Summary" in pages[0]
    assert "Total" in pages[0]


@pytest.mark.parametrize("count", range(1, 30))
def test_totals_never_part_from_the_last_row_nor_a_heading_from_its_first(count: int) -> None:
    made = [line(f"Service {n // 2}", 5000 + n, sub_account_name=f"team {n}") for n in range(count)]
    fields = tuple(CustomField(name=f"Field {n}", value="x") for n in range(count % 23))
    pages = pages_of(render_pdf(invoice=invoice(made, buyer=replace(BUYER, custom_fields=fields)), logo=None))
    with_total = next(page for page in pages if re.search(r"^Total ", page, flags=re.MULTILINE))
    lines = with_total.split("\n")
    above = lines[next(n for n, text in enumerate(lines) if text.startswith("Total ")) - 1]
    assert re.search(r"\d\.\d{2}$", above), above
    for page in pages:
        body = [text for text in page.split("\n") if not re.match(r"(Page|Invoice|$)", text)]
        assert not re.match(r"(AWS|Service \d+)( [\d,.]+)?$", body[-1]), body[-3:]


def test_a_quantity_reads_as_one_figure_with_its_unit() -> None:
    hours = line("Virtual Machines", 124_512, usage_amount=Decimal("62479.49912"), usage_unit="1 Hour")
    packs = line("Storage", 5_000, usage_amount=Decimal("12.25"), usage_unit="10 GB")
    text = words_of(text_of(render_pdf(invoice=invoice([hours, packs]), logo=None)))
    assert "62,479.5 Hour " in text
    assert "12.25 × 10 GB " in text


def test_a_charge_without_a_description_says_its_sub_category_unless_the_service_does() -> None:
    disk = line("Compute", 5_000, service_subcategory="Block Storage", description="")
    machine = line("Azure Virtual Machines", 4_000, service_subcategory="Virtual Machines", description="")
    text = words_of(text_of(render_pdf(invoice=invoice([disk, machine]), logo=None)))
    assert "Compute · Block Storage" in text
    assert "Azure Virtual Machines · Usage" in text


@pytest.mark.parametrize("lines", [30, 60, 100, 300])
def test_a_draft_of_any_length_is_laid_out_with_its_mark_on_every_page(lines: int) -> None:
    pdf = render_pdf(invoice=long_invoice(lines=lines, issue_date=None, due_date=None), logo=None)
    assert len(pages_of(pdf)) > 1
    assert all("DRAFT" in page for page in pages_of(pdf))


def test_a_draft_says_so_and_has_no_dates() -> None:
    draft = short_invoice(issue_date=None, due_date=None)
    assert draft.is_draft
    pdf = render_pdf(invoice=draft, logo=None)
    printed = text_of(pdf)
    assert "Draft invoice" in printed
    assert "DRAFT" in printed
    assert "Issue date" not in printed
    assert "Due date" not in printed
    assert "DRAFT" not in text_of(render_pdf(invoice=short_invoice(), logo=None))
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_metadata() as xmp:
        assert xmp["xmp:CreateDate"].startswith("2026-03-31")


def test_payment_details_are_only_those_that_are_filled() -> None:
    printed = text_of(render_pdf(invoice=short_invoice(), logo=None))
    assert "DE89 3704 0044 0532 0130 00" in printed
    assert "Routing number" not in printed
    assert "by 14 April 2026" in printed
    assert "Net 10" in printed
    bare = text_of(render_pdf(invoice=short_invoice(bank=BankAccount(), payment_terms_days=0), logo=None))
    assert "IBAN" not in bare
    assert "Payment reference" not in bare
    assert "Due on receipt" in bare


def test_a_negative_total_is_a_credit_balance_that_nobody_pays() -> None:
    printed = text_of(render_pdf(invoice=invoice([line("Refund", -12345, charge_category="Credit")]), logo=None))
    assert "Credit balance" in printed
    assert "€123.45" in printed
    assert "−123.45" in printed
    assert "IBAN" not in printed
    assert "Amount due" not in printed


def test_exchange_rates_are_printed_with_both_currencies_and_the_day() -> None:
    rate = ExchangeRate(
        base_currency="USD", currency="JPY", rate=Decimal("151.2345670"), effective_date=date(2026, 3, 31)
    )
    printed = text_of(
        render_pdf(invoice=invoice([line("EC2", 1845120)], currency="JPY", exchange_rates=(rate,)), logo=None)
    )
    assert "1 USD = 151.234567 JPY" in printed
    assert "31 March 2026" in printed
    assert "1,845,120" in printed
    assert "1,845,120.00" not in printed


def test_nothing_of_the_provider_or_the_rules_is_printed() -> None:
    printed = text_of(render_pdf(invoice=short_invoice(), logo=None))
    for secret in ("777", "66.6", "Secret markup", "bllng_rule"):
        assert secret not in printed


def test_an_invoice_without_lines_still_prints() -> None:
    printed = text_of(render_pdf(invoice=invoice([]), logo=None))
    assert "No charges in this period." in printed
    assert "nothing to pay" in printed


def test_words_without_a_space_wrap_inside_their_column() -> None:
    word = "arn:aws:ec2:eu-central-1:444455556666:" + "x" * 300
    long = invoice([line(word, 1000, sub_account_name=word, region=word)], buyer=replace(BUYER, name="W" * 200))
    printed = words_of(text_of(render_pdf(invoice=long, logo=None))).replace(" ", "")
    assert printed.count("x" * 300) >= 3


def test_an_invoice_that_does_not_add_up_is_refused() -> None:
    good: Invoice = short_invoice()
    for totals in (replace(good.totals, total_minor=1), replace(good.totals, subtotal_minor=1)):
        with pytest.raises(UnableToRenderDocument) as refused:
            render_pdf(invoice=replace(good, totals=totals), logo=None)
        assert refused.value.code == "totals_disagree"


def test_an_unknown_locale_is_named() -> None:
    with pytest.raises(UnableToRenderDocument, match="'klingon' is not a locale"):
        render_pdf(invoice=short_invoice(locale="klingon"), logo=None)
