"""Read an uploaded logo into the one form that documents embed: a small, clean PNG."""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from billow.documents.svg import UnableToDrawSvg, draw_svg

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS_A_SIDE = 10_000
MOST_PIXELS = 40_000_000
WIDTH = 1200
HEIGHT = 400

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PLAIN_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})


class UnableToReadLogo(Exception):
    """The file cannot be used as a logo; ``code`` is stable, ``message`` says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A PNG of at most 1200 by 400 pixels without metadata, and the SHA-256 of its bytes."""

    png: bytes
    width: int
    height: int
    sha256: str


def read_logo(*, data: bytes, file_name: str) -> Logo:
    """Return the PNG, JPEG or SVG file as a logo, scaled down to fit; the same file gives the same bytes."""
    if not data:
        raise UnableToReadLogo("logo_empty", f"{file_name} is empty; choose a PNG, JPEG or SVG file")
    if len(data) > MOST_BYTES:
        raise UnableToReadLogo(
            "logo_too_large", f"{file_name} has {len(data):,} bytes; a logo may have at most {MOST_BYTES:,} (2 MiB)"
        )
    if data.startswith((_PNG, _JPEG)):
        return _logo(_read_pixels(data, file_name), file_name)
    if _looks_like_svg(data):
        return _logo(_read_svg(data, file_name), file_name)
    raise UnableToReadLogo("logo_not_an_image", f"{file_name} is not a PNG, JPEG or SVG picture; save it as one")


def _looks_like_svg(data: bytes) -> bool:
    return (data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in data) or b":svg" in data[:2048]


def _read_svg(data: bytes, file_name: str) -> Image.Image:
    try:
        drawn = draw_svg(svg=data, width=WIDTH, height=HEIGHT)
    except UnableToDrawSvg as unable:
        raise UnableToReadLogo(unable.code, f"{file_name}: {unable.message}") from unable
    return _read_pixels(drawn, file_name)


def _read_pixels(data: bytes, file_name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            _check_shape(image, file_name)
            image.load()
            upright = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError as bomb:
        raise _too_many_pixels(file_name, "far too many pixels") from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as broken:
        raise UnableToReadLogo(
            "logo_not_an_image", f"{file_name} is damaged or not a picture at all; save it again as PNG"
        ) from broken
    return upright


def _check_shape(image: Image.Image, file_name: str) -> None:
    width, height = image.size
    if max(width, height) > MOST_PIXELS_A_SIDE or width * height > MOST_PIXELS:
        raise _too_many_pixels(file_name, f"{width:,} × {height:,} pixels")
    if getattr(image, "is_animated", False):
        raise UnableToReadLogo("logo_animated", f"{file_name} is animated; save one frame of it as PNG")
    if image.mode not in _PLAIN_MODES:
        raise UnableToReadLogo(
            "logo_color_mode", f"{file_name} has the color mode {image.mode}; save it as 8-bit RGB (not CMYK or 16-bit)"
        )


def _too_many_pixels(file_name: str, size: str) -> UnableToReadLogo:
    return UnableToReadLogo(
        "logo_too_many_pixels", f"{file_name} has {size}; scale it down, {WIDTH:,} × {HEIGHT:,} is all that is printed"
    )


def _logo(image: Image.Image, file_name: str) -> Logo:
    see_through = "A" in image.mode or "transparency" in image.info
    pixels = image.convert("RGBA" if see_through else "RGB")
    if see_through and not pixels.getchannel("A").getbbox():
        raise UnableToReadLogo("logo_blank", f"{file_name} shows nothing: every pixel is transparent")
    pixels.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    clean = Image.new(pixels.mode, pixels.size)  # a new picture carries no metadata along
    clean.paste(pixels)
    png = io.BytesIO()
    clean.save(png, "PNG", optimize=True)
    return Logo(
        png=png.getvalue(),
        width=clean.width,
        height=clean.height,
        sha256=hashlib.sha256(png.getvalue()).hexdigest(),
    )
