"""The invoice as PDF: tagged, archivable (PDF/A-3a and PDF/UA-1) and the same bytes every time."""

import base64
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time

from billow.documents import fonts
from billow.documents.figures import UnknownLocale
from billow.documents.logo import Logo
from billow.documents.press import PressError, press
from billow.documents.printed import printed_credit_note, printed_invoice
from billow.documents.text import printable
from billow.invoicing.correction import CreditNote
from billow.invoicing.invoice import Invoice

_NEVER_PRINTED = frozenset({"deltas", "inserted_by", "token"})


class UnableToRenderDocument(Exception):
    """The invoice cannot be printed; ``code`` is stable, ``message`` names the place and the fix."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def render_pdf(*, invoice: Invoice, logo: Logo | None) -> bytes:
    """Return the invoice as PDF; equal input gives equal bytes, in any process.

    The document is dated with the issue date, a draft with the last day of its period.
    """
    _check_sums(invoice)
    try:
        return _rendered(invoice, logo)
    except fonts.UnableToFindFonts as missing:
        raise UnableToRenderDocument("font_missing", str(missing)) from missing


def render_credit_note_pdf(*, note: CreditNote, logo: Logo | None) -> bytes:
    """Return the credit note as PDF; equal input gives equal bytes, in any process."""
    _check_sums(note.document)
    try:
        return _rendered(note, logo)
    except fonts.UnableToFindFonts as missing:
        raise UnableToRenderDocument("font_missing", str(missing)) from missing


def _rendered(document: Invoice | CreditNote, logo: Logo | None) -> bytes:
    invoice = document if isinstance(document, Invoice) else document.document
    try:
        printed = (
            printed_invoice(invoice=document, has_logo=logo is not None)
            if isinstance(document, Invoice)
            else printed_credit_note(note=document, has_logo=logo is not None)
        )
        content = json.dumps(printed, ensure_ascii=False)
    except UnknownLocale as unknown:
        raise UnableToRenderDocument("unknown_locale", str(unknown)) from unknown
    with_cjk = fonts.has_cjk(content)
    if with_cjk and not fonts.has_cjk_font():
        raise _font_missing(document)
    _check_characters(document, content)
    dated = datetime.combine(invoice.issue_date or invoice.period.last_day, time(), tzinfo=UTC)
    try:
        return press().print(
            template="invoice.typ",
            inputs={"invoice": content, "fonts": _font_input(with_cjk)} | _logo_input(logo),
            dated=dated,
            rows=len(invoice.lines),
            with_cjk=with_cjk,
        )
    except PressError as error:
        raise UnableToRenderDocument("layout_failed", f"the invoice could not be laid out: {error}") from error


def _check_sums(invoice: Invoice) -> None:
    """Refuse to print amounts that do not add up."""
    totals = invoice.totals
    charged = totals.subtotal_minor - totals.discounts_minor + totals.charges_minor - totals.credits_minor
    if sum(line.amount_minor for line in invoice.lines) != totals.subtotal_minor or charged != totals.total_minor:
        raise UnableToRenderDocument(
            "totals_disagree", f"the lines of invoice {invoice.number} do not add up to its totals; generate it again"
        )


def _font_missing(document: Invoice | CreditNote) -> UnableToRenderDocument:
    invoice = document if isinstance(document, Invoice) else document.document
    place, text = next((found for found in _texts(document) if fonts.has_cjk(found[1])), ("locale", invoice.locale))
    return UnableToRenderDocument(
        "font_missing",
        f"{place} is {text!r}: Chinese, Japanese and Korean need one more font; install {fonts.CJK_EXTRA}",
    )


def _check_characters(document: Invoice | CreditNote, content: str) -> None:
    if not fonts.hidden_characters(content):
        return
    for place, text in _texts(document):
        hidden = sorted(fonts.hidden_characters(printable(text)))
        if hidden:
            named = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in hidden)
            raise UnableToRenderDocument(
                "character_not_printable", f"{place} is {text!r}: no font shows {named}; write it without"
            )
    hidden = sorted(fonts.hidden_characters(content))
    raise UnableToRenderDocument("character_not_printable", f"no font shows {hidden!r}, used by the locale's figures")


def _texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Walk every text of the invoice with its place, such as ``buyer.name`` or ``lines[3].service``."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value, start=1):
            yield from _texts(item, f"{place}[{index}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in _NEVER_PRINTED:
                yield from _texts(getattr(value, field.name), f"{place}.{field.name}".lstrip("."))


def _font_input(with_cjk: bool) -> str:
    return json.dumps([*fonts.FAMILIES, *([fonts.CJK_FAMILY] if with_cjk else [])])


def _logo_input(logo: Logo | None) -> dict[str, str]:
    """Wrap the PNG in SVG, because a template takes text but no bytes."""
    if logo is None:
        return {}
    picture = base64.b64encode(logo.png).decode("ascii")
    size = f'width="{logo.width}" height="{logo.height}"'
    return {
        "logo": f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        f'<image href="data:image/png;base64,{picture}" {size}/></svg>',
        "logo_width": str(logo.width),
        "logo_height": str(logo.height),
    }
