"""Somebody of the MSP enters a customer's account: he sees what the customer sees, and it is plain where he is."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from billow.records.accounts.models import Permission, Role, Team, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import AccountAccess, BillingProfile, Invoice, ManagedAccount
from billow.records.reports.models import Workspace
from billow.usecases.actor import Actor, Source
from billow.usecases.approve_invoices import approve
from billow.usecases.refused import Refused
from billow.usecases.workspaces import own_workspaces
from tests.factories.accounts import make_user
from tests.factories.invoices import make_approved, make_draft
from tests.factories.parties import make_managed_account
from tests.people import People, Person
from tests.web.conftest import SignedIn

NOTICE = "Logged in as <strong>Manager User</strong> in"
NOVEMBER = datetime(2026, 11, 5, tzinfo=UTC)


@pytest.fixture
def client(people: People, signed_in: SignedIn) -> Client:
    return signed_in(people.alice)


def enter(client: Client, account: ManagedAccount) -> None:
    answer = client.post(f"/accounts/{account.token}/enter")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/portal")


def test_alice_enters_looks_and_leaves_and_all_of_it_is_written_down(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    invoice = make_approved(account=olives, profile=profile, by=people.alice)
    assert f'action="/accounts/{olives.token}/enter"' in client.get(f"/accounts/{olives.token}").content.decode()
    enter(client, olives)
    for page in ("/portal", f"/portal/invoices/{invoice.token}", "/portal/invoices/nothing", "/nowhere"):
        text = client.get(page).content.decode()
        assert NOTICE in text, page
        assert 'action="/leave-account"' in text
        assert "Manager User · Thessaly Olives" in text
    assert client.get(f"/portal/invoices/{invoice.token}/pdf").status_code == 200
    answer = client.post("/leave-account")
    assert answer.headers["Location"] == f"/accounts/{olives.token}"
    text = client.get(answer.headers["Location"]).content.decode()
    assert "You left Thessaly Olives" in text
    assert NOTICE not in text
    entries = AuditEntry.objects.filter(user=people.alice.user, action__in=("account.entered", "account.left"))
    assert [entry.object_token for entry in entries] == [olives.token] * 2
    download = AuditEntry.objects.get(action="invoice.download")
    assert download.changes == {"kind": "pdf", "as_manager_user_of": olives.token}


def test_inside_she_sees_what_the_customer_sees(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    approved = make_approved(account=olives, profile=profile, by=people.alice)
    september = approved.period.previous
    hidden = (
        make_draft(account=other, profile=profile),
        make_approved(account=other, profile=profile, by=people.alice, period=september),
    )
    olga = make_user(management_account=people.msp, email="olga@olives.example", name="Alice", managed_account=olives)
    enter(client, olives)
    customers = signed_in(Person(user=olga))
    pages = {"/portal": approved.number, f"/portal/invoices/{approved.token}": approved.number}
    costs = dict.fromkeys(("/costs", f"/costs?account={olives.token}"), "All Resources")
    for page, named in {**pages, **costs}.items():
        texts = [each.get(page).content.decode() for each in (client, customers)]
        seen = {text.partition("<main")[2].partition("</main>")[0] for text in texts}
        assert len(seen) == 1
        assert named in seen.pop()
    for invoice in hidden:
        assert client.get(f"/portal/invoices/{invoice.token}").status_code == 404
    assert client.get(f"/costs?account={other.token}").status_code == 404


@pytest.mark.parametrize("role", Role.values)
def test_every_role_may_enter_and_none_reaches_a_page_of_the_msp_from_inside(
    role: str, people: People, olives: ManagedAccount, profile: BillingProfile, signed_in: SignedIn
) -> None:
    draft = make_draft(account=olives, profile=profile)
    client = signed_in(Person(user=make_user(management_account=people.msp, email="x@nimbus.example", role=Role(role))))
    enter(client, olives)
    for page in ("/invoices", "/accounts", f"/accounts/{olives.token}", f"/invoices/{draft.token}", "/settings"):
        answer = client.get(page)
        assert answer.status_code == 403
        assert "Leave it first" in answer.content.decode()
    assert client.post("/invoices/do/approve", {"items": draft.token}).status_code == 403
    assert client.get("/").headers["Location"] == "/portal"
    draft.refresh_from_db()
    assert draft.status == "awaiting_approval"


def test_an_owner_approves_only_outside_and_an_editor_writes_reports_inside(
    people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)

    def inside(role: Role) -> Actor:
        user = make_user(management_account=people.msp, email=f"{role}@nimbus.example", role=role)
        return Actor(management_account=people.msp, user=user, source=Source.CONSOLE, inside=olives)

    owner = inside(Role.OWNER)
    with pytest.raises(Refused, match="Only an owner"):
        approve(actor=owner, invoice_tokens=[draft.token], now=NOVEMBER)
    for permission in (Permission.SEE_MANAGEMENT, Permission.WRITE_RULES, Permission.ADMINISTER):
        assert not owner.may(permission)
    assert not Invoice.objects.visible_to(owner).exists()
    assert not BillingProfile.objects.visible_to(owner).exists()
    assert inside(Role.EDITOR).may(Permission.WRITE_REPORTS)
    assert not inside(Role.VIEWER).may(Permission.WRITE_REPORTS)
    assert {workspace.managed_account for workspace in own_workspaces(actor=owner, now=NOVEMBER)} == {olives}
    assert Workspace.objects.visible_to(owner).count() == 1


def test_nobody_enters_what_is_not_his(people: People, olives: ManagedAccount, signed_in: SignedIn) -> None:
    olga = make_user(management_account=people.msp, email="olga@olives.example", managed_account=olives)
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    refused = (
        (people.charlie, olives, 404),
        (Person(user=olga), other, 403),
        (Person(user=olga), olives, 403),
    )
    for person, account, status in refused:
        client = signed_in(person)
        assert client.post(f"/accounts/{account.token}/enter").status_code == status
        assert NOTICE not in client.get("/nowhere").content.decode()
    assert not AuditEntry.objects.filter(action="account.entered").exists()


def test_the_account_is_hidden_or_deleted_while_bob_is_inside(
    people: People, olives: ManagedAccount, signed_in: SignedIn
) -> None:
    client = signed_in(people.bob)
    enter(client, olives)
    team = Team.objects.create(management_account=people.msp, name="No olives")
    team.members.create(user=people.bob.user)
    AccountAccess.objects.create(team=team, managed_account=olives, can_access=False)
    answer = client.get("/portal")
    assert answer.headers["Location"] == "/accounts"
    text = client.get("/accounts").content.decode()
    assert "no longer in the customer" in text
    assert NOTICE not in text
    assert client.post(f"/accounts/{olives.token}/enter").status_code == 404
    team.delete()
    enter(client, olives)
    ManagedAccount.objects.filter(pk=olives.pk).update(deleted_at=NOVEMBER)
    assert client.post("/leave-account").headers["Location"] == "/accounts"
    assert client.get("/accounts").status_code == 200


def test_another_tab_of_the_same_browser_cannot_act_unseen(
    client: Client, people: People, olives: ManagedAccount, profile: BillingProfile
) -> None:
    draft = make_draft(account=olives, profile=profile)
    other = make_managed_account(management_account=people.msp, name="Volos Shipping")
    old_key = client.session.session_key
    enter(client, olives)
    assert client.session.session_key != old_key
    polled = client.get("/invoices/live", headers={"hx-request": "true"})
    assert (polled.status_code, polled.headers["HX-Redirect"]) == (204, "/portal")
    assert client.get("/", headers={"hx-request": "true"}).headers["HX-Redirect"] == "/portal"
    pressed = client.post("/invoices/do/approve", {"items": draft.token}, headers={"hx-request": "true"})
    assert pressed.status_code == 403
    assert "Leave it first" in pressed.content.decode()
    assert client.post(f"/accounts/{other.token}/enter").status_code == 403
    assert client.post(f"/accounts/{olives.token}/enter").headers["Location"] == "/portal"
    assert AuditEntry.objects.filter(action="account.entered").count() == 1
    client.post("/leave-account")
    assert client.post("/leave-account").headers["Location"] == "/"
    assert AuditEntry.objects.filter(action="account.left").count() == 1


def test_entering_needs_a_form_with_its_secret_and_ends_with_the_session(
    people: People, olives: ManagedAccount
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.alice.user)
    assert strict.post(f"/accounts/{olives.token}/enter").status_code == 403
    assert strict.get(f"/accounts/{olives.token}/enter").status_code == 405
    client = Client()
    client.force_login(people.alice.user)
    enter(client, olives)
    client.post("/sign-out")
    client.force_login(people.alice.user)
    assert NOTICE not in client.get("/invoices").content.decode()


def test_whoever_signs_in_in_the_same_browser_is_not_inside(people: People, olives: ManagedAccount) -> None:
    client = Client()
    client.force_login(people.alice.user)
    enter(client, olives)
    client.force_login(people.charlie.user)
    text = client.get("/invoices").content.decode()
    assert NOTICE not in text
    assert "Cirrus Resale" in text
    assert User.objects.count() == 3
