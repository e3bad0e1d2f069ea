"""Which languages the console speaks: English, and whichever has a compiled catalogue."""

from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils.translation import to_language

LOCALE = Path(__file__).parent.parent / "locale"
"""Where the catalogues are: LANGUAGE/LC_MESSAGES/django.po, and django.mo compiled from it."""


def languages_in(folder: Path) -> list[tuple[str, str]]:
    """Return English and the languages with a catalogue in the folder, each with its name.

    Django's own texts know a hundred languages. A browser that asks for one of those gets all of a page in English
    rather than a word of it in its own.
    """
    found = sorted(to_language(file.parent.parent.name) for file in folder.glob("*/LC_MESSAGES/django.mo"))
    return [("en", "English"), *((code, _name(code)) for code in found if code != "en")]


def _name(code: str) -> str:
    return str(LANG_INFO.get(code, {}).get("name_local", code))
