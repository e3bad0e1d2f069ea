"""Every address, asked by everybody, about what is theirs, what is hidden from them, and what is another MSP's."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from billow.interfaces.web.urls import urlpatterns
from billow.records.audit.models import AuditEntry
from tests.api.world import MSP_ROLES
from tests.web.addresses import ADDRESSES, OPEN, Address
from tests.web.world import CUSTOMERS, EVERYBODY, INSIDE, Objects, World, make_world

NAMES = {"ours": "Nimbus Partners", "theirs": "Cirrus Resale"}
REFUSED = {403, 404}
every_address = pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each.name)
with_objects = pytest.mark.parametrize(
    "address",
    [each for each in ADDRESSES if each.kinds],
    ids=lambda each: each.name,
)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[str], World]]:
    """Give both MSPs, made once for this file in a transaction that never commits."""
    with django_db_blocker.unblock(), transaction.atomic():
        worlds = {name: make_world(name=NAMES[name]) for name in NAMES}
        yield lambda name: deepcopy(worlds[name])
        transaction.set_rollback(True)


@pytest.fixture
def ours(made: Callable[[str], World], db: None) -> World:
    return made("ours")


@pytest.fixture
def theirs(made: Callable[[str], World], db: None) -> World:
    return made("theirs")


def ask(client: Client, address: Address, method: str, objects: Objects) -> tuple[HttpResponseBase, str, int]:
    """Ask, read the answer, count what the audit log says was done, and take it back."""
    before = AuditEntry.objects.count()
    with transaction.atomic():
        if method == "GET":
            answer: Any = client.get(address.url(objects))
        else:
            body = {name: text.format(**objects) for name, text in address.body.items()}
            answer = client.post(address.url(objects), body)
        content = answer.getvalue() if answer.streaming else answer.content
        done = AuditEntry.objects.count() - before
        transaction.set_rollback(True)
    assert answer.status_code < 500
    assert answer.status_code != 405
    return answer, content.decode("utf-8", "replace"), done


def may(address: Address, method: str, who: str) -> bool:
    if who in MSP_ROLES:
        return who in address.methods[method]
    return address.customers


def refuses(answer: HttpResponseBase, text: str, done: int, *, who: str) -> None:
    """Check that the refusal is a page with a way back, names nothing, and that nothing was done."""
    assert done == 0
    assert "<h1>" in text
    home = "/invoices" if who in MSP_ROLES else "/portal"
    assert f'class="button" href="{home}"' in text
    assert ("Leave account" in text) == (who in INSIDE)
    named = text if who in MSP_ROLES else text.replace("Nimbus Partners Olives", "")  # whose portal it is
    assert "Olives" not in named
    assert "Cheese" not in named
    assert answer.headers["Content-Type"].startswith("text/html")


def test_every_address_is_in_the_table(ours: World) -> None:
    served = {str(part.pattern): part.callback for part in urlpatterns}
    missing = sorted(set(served) - {each.path for each in ADDRESSES} - set(OPEN))
    assert missing == [], "give each a row in tests/web/addresses.py"
    assert {each.path for each in ADDRESSES} | set(OPEN) == set(served)
    assert {path for path, view in served.items() if not getattr(view, "login_required", True)} == set(OPEN)


@every_address
def test_everybody_and_what_is_theirs(address: Address, ours: World) -> None:
    for method in address.methods:
        for who in EVERYBODY:
            answer, text, done = ask(ours.client(who), address, method, ours.shown_to(who))
            found = (who, method, answer.status_code)
            if may(address, method, who) or (address.inside and who in INSIDE):
                assert answer.status_code not in REFUSED, found
            else:
                # What belongs to customers alone does not exist for the MSP; what is the MSP's, customers may not open.
                wanted = 404 if who in MSP_ROLES and (address.customers or address.hides) else 403
                assert found == (who, method, wanted)
                refuses(answer, text, done, who=who)
            assert "Cirrus" not in text, found
            assert who in MSP_ROLES or "Cheese" not in text, found


@every_address
def test_who_is_not_signed_in_is_sent_to_sign_in(address: Address, ours: World) -> None:
    for method in address.methods:
        answer, _, done = ask(Client(), address, method, ours.shown_to("owner"))
        assert (answer.status_code, done) == (302, 0)
        assert answer.headers["Location"].startswith("/sign-in?next=")


@every_address
def test_other_methods_are_not_known(address: Address, ours: World) -> None:
    known = {method for each in ADDRESSES if each.path == address.path for method in each.methods}
    others = {"GET", "POST", "PUT", "DELETE"} - known
    for method in others:
        answer = ours.client("owner").generic(method, address.url(ours.shown_to("owner")))
        assert (method, answer.status_code) == (method, 405)


@with_objects
def test_what_is_another_msps_does_not_exist(address: Address, ours: World, theirs: World) -> None:
    if not address.kinds & set(theirs.shown_to("owner")):
        return
    _does_not_exist(address, ours, {**ours.shown, **theirs.shown_to("owner")}, foreign="Cirrus")


@with_objects
def test_what_is_hidden_or_another_customers_does_not_exist(address: Address, ours: World) -> None:
    if not address.kinds & set(ours.hidden) or address.shows_hidden:
        return
    _does_not_exist(address, ours, {**ours.shown, **ours.hidden}, foreign="Cheese")


def _does_not_exist(address: Address, ours: World, objects: Objects, *, foreign: str) -> None:
    for method in address.methods:
        for who in EVERYBODY:
            answer, text, done = ask(ours.client(who), address, method, objects)
            found = (who, method, answer.status_code)
            assert foreign not in text, found
            assert done == 0, found
            if answer.status_code in REFUSED:
                if may(address, method, who):
                    assert found == (who, method, 404)
                elif who not in MSP_ROLES:
                    assert found == (who, method, 403)
                refuses(answer, text, done, who=who)
            else:
                assert may(address, method, who), found
                assert address.is_bulk or answer.status_code == 302, found


def test_a_viewer_sees_no_button_that_writes(ours: World) -> None:
    for page in ("/invoices?period=2026-09", f"/invoices/{ours.shown['draft']}"):
        owners = ours.client("owner").get(page).content.decode()
        viewers = ours.client("viewer").get(page).content.decode()
        assert "/invoices/confirm/approve" in owners
        for name in ("generate", "approve", "regenerate", "send", "cancel"):
            assert f"/invoices/confirm/{name}" not in viewers


def test_the_way_back_of_a_refusal_leads_somewhere(ours: World) -> None:
    for who in EVERYBODY:
        client = ours.client(who)
        text = client.get("/nowhere").content.decode()
        back = re.search(r'class="button" href="([^"]+)"', text)
        assert back is not None
        assert client.get(back[1]).status_code == 200, who


def test_unknown_acts_and_tokens_are_friendly_404s(ours: World) -> None:
    client = ours.client("owner")
    for answer in (client.post("/invoices/do/explode"), client.get("/invoices/nonsense"), client.get("/accounts/x")):
        assert answer.status_code == 404
        assert "Go to the invoices" in answer.content.decode()


def test_customers_are_as_many_as_roles() -> None:
    assert len(CUSTOMERS) == len(INSIDE) == len(MSP_ROLES) == 4
