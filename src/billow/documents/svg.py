"""Check an SVG drawing for anything but shapes, and draw it as PNG."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import typst

_TEMPLATE = Path(__file__).parent / "templates" / "svg.typ"
_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use", "clipPath", "mask"}
_GROUPS = {"svg", "g", "defs", "symbol", "switch", "linearGradient", "radialGradient", "stop", "style"}
_NOTES = {"title", "desc", "metadata"}
_SHAPES = frozenset(_DRAWN | _GROUPS | _NOTES)
_MOST_ELEMENTS = 20_000
_MOST_DRAWN = 50_000

_WHY_NOT = {
    "script": ("svg_script", "contains a script; remove it"),
    "foreignObject": ("svg_foreign_object", "contains a foreign object; draw it with shapes only"),
    "image": ("svg_image", "contains a picture; save the logo as PNG instead"),
    "text": ("svg_text", "contains live text, which would print in another font; convert the text to outlines"),
    "filter": ("svg_filter", "uses filter effects; save the logo as PNG instead"),
    "animate": ("svg_animated", "is animated; save one frame of it"),
    "animateTransform": ("svg_animated", "is animated; save one frame of it"),
    "animateMotion": ("svg_animated", "is animated; save one frame of it"),
    "set": ("svg_animated", "is animated; save one frame of it"),
}


class UnableToDrawSvg(Exception):
    """The drawing is not plain shapes; ``code`` is stable, ``message`` says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def draw_svg(*, svg: bytes, width: int, height: int) -> bytes:
    """Return the drawing as PNG, as large as fits the width and height in pixels."""
    text = _decoded(svg)
    root = _parsed(text)
    for element in root.iter():
        _check_element(element)
    _check_size(root)
    try:
        drawn = typst.compile(
            _TEMPLATE,
            format="png",
            ppi=72,
            ignore_system_fonts=True,
            sys_inputs={"svg": text, "width": str(width), "height": str(height)},
        )
    except typst.TypstError as broken:
        raise UnableToDrawSvg("svg_unreadable", f"cannot be drawn ({broken}); save it as PNG instead") from broken
    return drawn


def _decoded(svg: bytes) -> str:
    try:
        text = svg.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise UnableToDrawSvg("svg_encoding", "is not UTF-8; save the SVG as UTF-8") from wrong
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise UnableToDrawSvg("svg_doctype", "has a document type declaration; save it as plain SVG without one")
    return text


def _parsed(text: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no declaration, so no entity, gets this far
    except (ElementTree.ParseError, ValueError) as broken:
        raise UnableToDrawSvg("svg_unreadable", f"is not well-formed SVG ({broken})") from broken
    if root.tag != f"{_SVG}svg":
        raise UnableToDrawSvg("svg_unreadable", "is XML but not an SVG drawing")
    return root


def _check_element(element: ElementTree.Element) -> None:
    if not element.tag.startswith(_SVG):
        return  # an editor's own notes: never drawn
    name = element.tag.removeprefix(_SVG)
    if name not in _SHAPES:
        code, why = _WHY_NOT.get(name, ("svg_element", f"contains <{name}>; save the logo as PNG instead"))
        raise UnableToDrawSvg(code, why)
    for attribute, value in element.attrib.items():
        local = attribute.rpartition("}")[2]
        if local.lower().startswith("on"):
            raise UnableToDrawSvg("svg_script", f"runs a script ({local}); remove it")
        if local == "href" and not value.strip().startswith("#"):
            raise UnableToDrawSvg(
                "svg_external", f"refers to something outside itself ({value[:60]}); embed it as shapes"
            )
        _check_style(value)
    if name == "style":
        _check_style(element.text or "")


def _check_style(value: str) -> None:
    lowered = value.lower().replace(" ", "").replace("'", "").replace('"', "")
    outside = lowered.replace("url(#", "")
    if "url(" in outside or "@import" in outside or "javascript:" in outside or "\\" in outside:
        raise UnableToDrawSvg("svg_external", "its styles refer to something outside the file; embed it as shapes")


def _check_size(root: ElementTree.Element) -> None:
    """Refuse a drawing that grows beyond measure through references to references."""
    elements = list(root.iter())
    if len(elements) > _MOST_ELEMENTS:
        raise UnableToDrawSvg("svg_too_complex", f"has {len(elements):,} elements; save the logo as PNG instead")
    by_id = {element.get("id", ""): element for element in elements}
    uses = Counter(
        element.get("href", element.get("{http://www.w3.org/1999/xlink}href", ""))[1:]
        for element in elements
        if element.tag == f"{_SVG}use"
    )
    drawn = len(elements)
    for target, count in uses.items():
        inside = list(by_id[target].iter()) if target in by_id else []
        if any(element.tag == f"{_SVG}use" for element in inside):
            raise UnableToDrawSvg("svg_too_complex", "reuses shapes inside reused shapes; save the logo as PNG instead")
        drawn += count * len(inside)
    if drawn > _MOST_DRAWN:
        raise UnableToDrawSvg("svg_too_complex", f"draws {drawn:,} shapes; save the logo as PNG instead")
