"""Logos: what is taken, in which form, and what is refused."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from billow.documents.logo import Logo, UnableToReadLogo, read_logo
from billow.documents.pdf import render_pdf
from tests.unit.documents.samples import short_invoice

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 80"><defs><linearGradient id="a"><stop offset="0" '
    b'stop-color="#0b7285"/><stop offset="1" stop-color="#3bc9db"/></linearGradient></defs>'
    b'<circle cx="40" cy="40" r="34" fill="url(#a)"/><rect x="90" y="26" width="250" height="28" rx="14"/></svg>'
)


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def refused(data: bytes) -> UnableToReadLogo:
    with pytest.raises(UnableToReadLogo) as failure:
        read_logo(data=data, file_name="logo.png")
    assert "logo.png" in failure.value.message
    return failure.value


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (saved(Image.new("RGB", (300, 100), "#123456")), (300, 100)),
        (saved(Image.new("RGBA", (2400, 300), "#12345678")), (1200, 150)),
        (saved(Image.new("RGB", (500, 2000)), "JPEG"), (100, 400)),
        (saved(Image.new("P", (64, 64))), (64, 64)),
        (saved(Image.new("L", (64, 64))), (64, 64)),
        (SVG, (1200, 267)),
    ],
)
def test_a_picture_becomes_a_png_that_fits(data: bytes, size: tuple[int, int]) -> None:
    logo = read_logo(data=data, file_name="logo")
    assert (logo.width, logo.height) == size
    with Image.open(io.BytesIO(logo.png)) as picture:
        assert picture.format == "PNG"
        assert picture.size == size
    assert logo == read_logo(data=data, file_name="another name")
    assert isinstance(render_pdf(invoice=short_invoice(), logo=logo), bytes)


def test_metadata_does_not_come_along() -> None:
    notes = PngInfo()
    notes.add_text("Author", "secret person")
    image = Image.new("RGB", (20, 20))
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    logo = read_logo(data=saved(image, pnginfo=notes, exif=exif, icc_profile=b"secret profile"), file_name="x")
    assert b"secret" not in logo.png
    assert logo.png == read_logo(data=saved(image), file_name="x").png


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    logo = read_logo(data=saved(Image.new("RGB", (30, 10)), "JPEG", exif=exif), file_name="x")
    assert (logo.width, logo.height) == (10, 30)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises that many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "logo_empty"),
        (b"not a picture", "logo_not_an_image"),
        (b"%PDF-1.7", "logo_not_an_image"),
        (b"GIF89a", "logo_not_an_image"),
        (b"<html><body>hello</body></html>", "logo_not_an_image"),
        (b"\x89PNG\r\n\x1a\nrubbish", "logo_not_an_image"),
        (saved(Image.effect_noise((90, 90), 50))[:-500], "logo_not_an_image"),
        (saved(Image.effect_noise((90, 90), 50), "JPEG")[:200], "logo_not_an_image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024), "logo_too_large"),
        (saved(Image.new("1", (20_000, 16))), "logo_too_many_pixels"),
        (png_claiming(20_000, 20_000), "logo_too_many_pixels"),
        (png_claiming(200_000, 200_000), "logo_too_many_pixels"),
        (png_claiming(9_000, 9_000), "logo_too_many_pixels"),
        (saved(Image.new("CMYK", (20, 20)), "JPEG"), "logo_color_mode"),
        (saved(Image.new("I;16", (20, 20))), "logo_color_mode"),
        (saved(Image.new("RGBA", (20, 20))), "logo_blank"),
        (
            saved(Image.new("RGB", (9, 9)), save_all=True, append_images=[Image.new("RGB", (9, 9), "red")]),
            "logo_animated",
        ),
    ],
)
def test_what_cannot_be_a_logo_is_refused_with_a_reason(data: bytes, code: str) -> None:
    assert refused(data).code == code


def svg(inside: str, attributes: str = 'viewBox="0 0 9 9"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><rect width="9" height="9"/>{inside}</svg>'.encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (svg("<script>alert(1)</script>"), "svg_script"),
        (svg('<rect width="1" height="1" onclick="x()"/>'), "svg_script"),
        (svg('<image href="http://x/y.png"/>'), "svg_image"),
        (svg('<use href="http://x/y.svg#a"/>'), "svg_external"),
        (svg('<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>'), "svg_external"),
        (svg('<rect fill="url(http://x)"/>'), "svg_external"),
        (svg("<style>@import 'http://x/y.css';</style>"), "svg_external"),
        (svg("<foreignObject/>"), "svg_foreign_object"),
        (svg("<text>Northwind</text>"), "svg_text"),
        (svg("<filter/>"), "svg_filter"),
        (svg('<rect><animate attributeName="x"/></rect>'), "svg_animated"),
        (svg("<marker/>"), "svg_element"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("&a;"), "svg_doctype"),
        (svg("<g>")[:-3], "svg_unreadable"),
        (svg("", 'width="0" height="0"'), "svg_unreadable"),
        (b"<svg>\xff\xfe</svg>", "svg_encoding"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>', "logo_blank"),
        (svg('<g id="a"><use href="#b"/></g><g id="b"><rect/></g><use href="#a"/>'), "svg_too_complex"),
        (svg("<g/>" * 20_001), "svg_too_complex"),
        (svg('<g id="a">' + "<rect/>" * 200 + "</g>" + '<use href="#a"/>' * 300), "svg_too_complex"),
    ],
)
def test_an_svg_may_hold_shapes_only(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_an_svg_of_an_editor_with_its_notes_is_taken() -> None:
    noted = b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->\n' + svg(
        '<title>Mark</title><metadata><x xmlns="urn:editor">note</x></metadata>'
        '<g style="fill:#ff0000"><path d="M0 0h9v9z"/></g>'
    )
    assert isinstance(read_logo(data=noted, file_name="x.svg"), Logo)
