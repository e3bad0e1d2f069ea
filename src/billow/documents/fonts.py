"""The fonts documents are set in: where their packages keep them and which characters they show."""

import functools
import struct
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import typst

FAMILIES = ("Inter", "Noto Sans", "IBM Plex Sans Arabic", "Heebo")
CJK_FAMILY = "Noto Sans CJK TC"
CJK_EXTRA = "billow[cjk]"

_PACKAGES = ("fontpkg_inter", "fontpkg_noto_sans", "fontpkg_ibm_plex_sans_arabic", "fontpkg_heebo")
_CJK_PACKAGE = "cvttf_NotoSansCJK_Regular"

_CJK_BLOCKS = (
    (0x1100, 0x11FF),  # Hangul Jamo
    (0x2E80, 0x9FFF),  # radicals, kana, bopomofo, unified ideographs
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),  # Hangul syllables
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),  # full-width forms
    (0x20000, 0x3FFFF),
)
_INVISIBLE = frozenset(map(ord, "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069"))


class UnableToFindFonts(Exception):
    """A font package that Billow needs is not installed."""


def has_cjk(text: str) -> bool:
    """Tell whether the text holds a Chinese, Japanese or Korean character."""
    return any(_is_cjk(ord(character)) for character in set(text))


def has_cjk_font() -> bool:
    """Tell whether the optional package with the CJK font is installed."""
    return find_spec(_CJK_PACKAGE) is not None


def hidden_characters(text: str) -> frozenset[str]:
    """Return the characters of the text that no installed font shows (the CJK font counts if CJK occurs)."""
    with_cjk = has_cjk(text) and has_cjk_font()
    return frozenset(character for character in set(text) if not _is_shown(character, with_cjk=with_cjk))


@functools.cache
def typst_fonts(*, with_cjk: bool) -> typst.Fonts:
    """Return the pinned fonts and no others; the large CJK font only when asked for."""
    folders: list[Path] = [folder for package in _PACKAGES for folder in _folders(package)]
    if with_cjk:
        folders += _folders(_CJK_PACKAGE)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _is_cjk(code: int) -> bool:
    return any(first <= code <= last for first, last in _CJK_BLOCKS)


def _is_shown(character: str, *, with_cjk: bool) -> bool:
    code = ord(character)
    if code in _INVISIBLE or character in "\n ":
        return True
    if unicodedata.category(character) in {"Co", "Cs", "Cc", "Cn"}:  # PDF/A forbids them, whatever a font says
        return False
    return code in _covered(with_cjk=False) or (with_cjk and code in _covered(with_cjk=True))


def _folders(package: str) -> list[Path]:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UnableToFindFonts(f"the font package {package} is not installed; install billow[fonts]")
    folder = Path(spec.origin).parent
    files = folder / "files"
    return [files if files.is_dir() else folder]


@functools.cache
def _covered(*, with_cjk: bool) -> frozenset[int]:
    """Return the code points that the upright fonts map to a glyph."""
    packages = (_CJK_PACKAGE,) if with_cjk else _PACKAGES
    files = [file for package in packages for folder in _folders(package) for file in sorted(folder.glob("*.[to]tf"))]
    return frozenset().union(*(_character_map(file.read_bytes()) for file in files if "Italic" not in file.name))


def _character_map(font: bytes) -> set[int]:
    """Read the code points of an OpenType ``cmap`` table, format 12 if it has one, else 4."""
    table_count = struct.unpack_from(">H", font, 4)[0]
    for index in range(table_count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if tag == b"cmap":
            return _best_subtable(font, offset)
    raise UnableToFindFonts("a font file has no character map")


def _best_subtable(font: bytes, cmap: int) -> set[int]:
    subtable_count = struct.unpack_from(">H", font, cmap + 2)[0]
    offsets = {cmap + struct.unpack_from(">HHI", font, cmap + 4 + 8 * i)[2] for i in range(subtable_count)}
    by_format = {struct.unpack_from(">H", font, offset)[0]: offset for offset in sorted(offsets)}
    if 12 in by_format:
        return _format_12(font, by_format[12])
    return _format_4(font, by_format[4])


def _format_12(font: bytes, offset: int) -> set[int]:
    codes: set[int] = set()
    for index in range(struct.unpack_from(">I", font, offset + 12)[0]):
        first, last, glyph = struct.unpack_from(">III", font, offset + 16 + 12 * index)
        codes.update(range(first + (glyph == 0), last + 1))
    return codes


def _format_4(font: bytes, offset: int) -> set[int]:
    count = struct.unpack_from(">H", font, offset + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", font, offset + 14)
    starts = struct.unpack_from(f">{count}H", font, offset + 16 + 2 * count)
    return {code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1) if code != 0xFFFF}
