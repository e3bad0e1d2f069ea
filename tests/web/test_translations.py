"""Whatever a page says in English can be said in another language.

The second half opens every page in a language that is made up: it puts ⟦brackets⟧ around each text that a translator
is given. What stands outside them and is nobody's data is English that cannot be translated.
"""

import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel import Locale
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import CharField, JSONField, TextField
from django.test import Client
from django.utils.translation import trans_real
from pytest_django import Settings

from billow.interfaces.web.frame.languages import languages_in
from billow.terms.issue import Issue
from billow.usecases.refused import ItemResult, Refused
from tests.web.addresses import ADDRESSES, Address
from tests.web.texts import texts_of, unmarked, unmarked_python
from tests.web.world import World, make_world

PAGES = Path(settings.TEMPLATES[0]["DIRS"][0])
MADE_UP = "eo"
NOT_ENGLISH = (
    "Billow",
    "AWS",
    "Azure",
    "Azure CSP",
    "Google Cloud",
    *Locale(MADE_UP).territories.values(),
    *Locale(MADE_UP).currencies.values(),
    *(name.replace("_", " ") for name in available_timezones()),
)
"""Names that are no texts of ours: the Unicode data says them in the reader's language."""
FROM_BELOW = ("The URL must have at most 2000 characters, all printable ASCII, such as", "Switched off by a person.")
"""What stages and use cases say otherwise than by refusing, in English on purpose like their refusals."""
ADDRESSES_OF_MAIL_AND_PAGES = r"[\w.+-]+@[\w.-]+|https?://\S+|/tmp/\S+"
CODES = r"\b[A-Z]{2,3}\b|\b[0-9a-f]{12}\b|\b\w+_[0-9a-f]{16}\b"
"""A currency, a time zone or initials; a fingerprint; a token."""


class Brackets(gettext.NullTranslations):
    """A catalogue that knows every text: it is said in brackets."""

    def to_language(self) -> str:
        return MADE_UP

    def gettext(self, message: str) -> str:
        return f"⟦{message.rpartition(chr(4))[2]}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{(msgid1 if n == 1 else msgid2).rpartition(chr(4))[2]}⟧"


def test_no_text_of_a_template_stands_outside_the_marks_for_translators() -> None:
    templates = sorted(PAGES.rglob("*.html"))
    assert len(templates) > 100

    found = [f"{path.relative_to(PAGES)}, {one}" for path in templates for one in unmarked(path.read_text())]

    assert found == []


NOT_FOR_READERS = (
    "'billow ",  # commands
    "'amount ",  # names of styles
    "'Mac OS X'",
    "'Google Cloud'",
    "'<option value=",  # two hundred of them, faster than a template writes them
    "'a request with files has at most '",  # a log's
    "'the page needs a signed-in person'",  # an assertion's
)


def test_no_text_that_a_view_writes_stands_outside_the_marks_for_translators() -> None:
    modules = sorted(PAGES.rglob("*.py"))
    assert len(modules) > 100

    found = [f"{path.relative_to(PAGES)}, {one}" for path in modules for one in unmarked_python(path.read_text())]

    assert [one for one in found if not any(known in one for known in NOT_FOR_READERS)] == []


def test_a_text_of_a_module_outside_the_marks_is_found() -> None:
    module = """said = f"{name} was added" if name else _("Nothing was added")"""

    assert [*unmarked_python(module)] == ["line 1: ' was added'"]


def test_a_text_outside_the_marks_is_found_wherever_it_stands() -> None:
    bad = """<h1 class="big">Hello {{ name }}</h1><a title="Go" href="/">{% translate "On" %}</a>
<p>{{ n }} line{{ n|pluralize }}</p>"""

    assert [one.partition(":")[0] for one in unmarked(bad)] == ["line 1", "line 1", "line 2", "line 2"]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """Give a language whose every text is in brackets to browsers that ask for it."""
    settings.LANGUAGES = [("en", "English"), (MADE_UP, "In brackets")]
    monkeypatch.setitem(trans_real._translations, MADE_UP, Brackets())  # type: ignore[attr-defined]
    return MADE_UP


@pytest.fixture
def found_wrong(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what Billow finds wrong or refuses: it is said in English everywhere."""
    messages: list[str] = []

    def listen(kind: Any) -> None:
        plain = kind.__init__

        def init(self: Any, *parts: Any, **named: Any) -> None:
            plain(self, *parts, **named)
            messages.append(self.message)

        monkeypatch.setattr(kind, "__init__", init)

    for kind in (Refused, Issue, ItemResult):
        listen(kind)
    return messages


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world(name="Nimbus Partners")
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def data(world: World) -> re.Pattern[str]:
    """Match everything that is written in the database, and what else is no text of ours."""
    values = {*(text for text in written() if len(text) > 1), *NOT_ENGLISH}
    found = "|".join(re.escape(text) for text in sorted(values, key=len, reverse=True))
    return re.compile(rf"{ADDRESSES_OF_MAIL_AND_PAGES}|(?<!\w)(?:{found})(?!\w)|{CODES}")


def written() -> Iterator[str]:
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if is_text(field)]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                yield from strings_in(value)


def is_text(field: Any) -> bool:
    return isinstance(field, CharField | TextField | JSONField) and not field.choices


def strings_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (str(name).replace("_", " ") for name in value)  # the audit log's fields
        yield from strings_in(list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from strings_in(one)


def outside(html: str, *, data: re.Pattern[str], found_wrong: list[str]) -> list[str]:
    """Return the texts of a page that stand outside brackets and are nobody's data."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", html)) != html:
        html = shorter
    found = []
    for _line, text in texts_of(html):
        rest = text
        for message in (*found_wrong, *FROM_BELOW):
            rest = rest.replace(message, " ")
        if re.search(r"[^\W\d_]{2}", data.sub(" ", rest)):
            found.append(" ".join(text.split()))
    return list(dict.fromkeys(found))


ASKED = [(each, who) for each in ADDRESSES for who in ("owner", *(each.customers * ("owner inside", "customer owner")))]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("address", "who"), ASKED, ids=[f"{each.name} as {who}" for each, who in ASKED])
def test_no_page_says_anything_in_english_alone(
    address: Address, who: str, made_up: str, found_wrong: list[str], world: World, data: re.Pattern[str]
) -> None:
    client, objects = world.client(who), world.shown_to(who)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = made_up
    for method in address.methods:
        with transaction.atomic():
            body = {name: text.format(**objects) for name, text in address.body.items()}
            ask = client.get if method == "GET" else client.post
            answer: Any = ask(address.url(objects), body if method == "POST" else None, follow=True)
            content = answer.getvalue() if answer.streaming else answer.content
            transaction.set_rollback(True)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            html = content.decode()
            assert f'lang="{made_up}"' in html or "<html" not in html
            assert outside(html, data=data, found_wrong=found_wrong) == []


def test_a_browser_gets_a_language_there_is_a_catalogue_for_and_english_otherwise(client: Client) -> None:
    german = client.get("/sign-in", headers={"Accept-Language": "de-DE,de;q=0.9"})  # Django's own texts know it

    assert german.headers["Content-Language"] == "en"
    assert '<html lang="en"' in german.content.decode()


def test_a_compiled_catalogue_makes_a_language_and_a_bare_list_of_texts_does_not(tmp_path: Path) -> None:
    for name in ("de/LC_MESSAGES/django.mo", "pt_BR/LC_MESSAGES/django.mo", "fr/LC_MESSAGES/django.po"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.touch()

    assert languages_in(tmp_path) == [("en", "English"), ("de", "Deutsch"), ("pt-br", "Português Brasileiro")]
