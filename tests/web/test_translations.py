"""Whatever a page says in English can be said in another language."""

from pathlib import Path

from django.conf import settings

from tests.web.texts import unmarked

PAGES = Path(settings.TEMPLATES[0]["DIRS"][0])


def test_no_text_of_a_template_stands_outside_the_marks_for_translators() -> None:
    templates = sorted(PAGES.rglob("*.html"))
    assert len(templates) > 100

    found = [f"{path.relative_to(PAGES)}, {one}" for path in templates for one in unmarked(path.read_text())]

    assert found == []


def test_a_text_outside_the_marks_is_found_wherever_it_stands() -> None:
    bad = """<h1 class="big">Hello {{ name }}</h1><a title="Go" href="/">{% translate "On" %}</a>
<p>{{ n }} line{{ n|pluralize }}</p>"""

    assert [one.partition(":")[0] for one in unmarked(bad)] == ["line 1", "line 1", "line 2", "line 2"]
