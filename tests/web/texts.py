"""The texts of a page that a person reads or hears: of a page as it is answered, of a template and of a module."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label")
NOT_READ = frozenset({"script", "style", "pre", "code", "kbd"})
"""What machines and commands are made of."""
VARIABLE = "\N{MIDDLE DOT}"


class Texts(HTMLParser):
    """Collects each text with its line; what machines or commands are made of is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the element's attributes say; a part in a language of its own, such as a document, is silent."""
        named = dict(attrs)
        if self.silent:
            self.silent += [tag] * (tag == self.silent[0])
        elif tag in NOT_READ or ("lang" in named and tag != "html"):
            self.silent = [tag]
        if not self.silent and tag != "meta":
            self.found += [(self.getpos()[0], named[name] or "") for name in SPOKEN if named.get(name)]

    def handle_endtag(self, tag: str) -> None:
        """Listen again after a silent element."""
        if self.silent and self.silent[0] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        """Keep a text between elements."""
        if not self.silent and data.strip():
            self.found.append((self.getpos()[0], data))


def texts_of(html: str) -> list[tuple[int, str]]:
    """Return the texts of a page, each with its line."""
    reader = Texts()
    reader.feed(html)
    reader.close()
    return reader.found


def unmarked(source: str) -> Iterator[str]:
    """Yield every text of a template that no translator would find."""
    for line, text in texts_of(_without_marked(source)):
        if re.search(r"[^\W\d_]", text.replace("Billow", "")):
            yield f"line {line}: {' '.join(text.split())!r}"
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.VAR and re.search(r"\|\s*pluralize|\|\s*default:\W*[A-Za-z]", token.contents):
            yield f"line {token.lineno}: {token.contents!r} makes English"


def _without_marked(source: str) -> str:
    """Return the template without what is marked, and with a dot for each variable."""
    parts: list[str] = []
    inside = ""
    for token in Lexer(source).tokenize():
        lines = "\n" * token.contents.count("\n")
        name = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        if inside:
            inside = "" if name == f"end{inside}" else inside
            parts.append(lines)
        elif name in {"blocktranslate", "comment"} or "main_class" in token.contents.split()[1:2]:
            # The name of a style stands in a block of its own.
            inside = name if token.contents.split()[1:2] != ["main_class"] else "block"
        elif token.token_type == TokenType.TEXT:
            parts.append(token.contents)
        else:
            parts.append(VARIABLE if token.token_type == TokenType.VAR else " ")
    return "".join(parts)


_MARKS = frozenset({"_", "gettext", "gettext_noop", "gettext_lazy", "ngettext"})
_WORDS = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}")


def unmarked_python(source: str) -> Iterator[str]:
    """Yield the texts of several words in a module that are neither marked nor docstrings."""
    tree = ast.parse(source)
    spoken: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS:
            spoken |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.Expr):
            spoken.add(id(node.value))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in spoken)
    for text in texts:
        if isinstance(text.value, str) and _WORDS.search(text.value):
            yield f"line {text.lineno}: {text.value!r}"
