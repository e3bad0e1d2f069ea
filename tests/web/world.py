"""Two MSPs with something behind every address of the console, and a browser for everybody who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.test import Client
from django.utils.crypto import get_random_string

from billow.interfaces.web.frame.actor import ENTERED
from billow.records.accounts.models import ApiToken, Role, User
from billow.records.audit.models import AuditEntry
from billow.records.billing.models import CreditNote, CreditNoteDocument, Document, ManagedAccount
from billow.records.webhooks.models import WebhookCall, WebhookEvent
from billow.usecases.browser_sessions import begin_session
from billow.usecases.read_audit_log import entry_token
from tests.api.objects import report_objects, upload_of
from tests.api.world import MSP_ROLES, NOW, Msp, make_msp
from tests.factories.accounts import make_user
from tests.factories.invoices import OCTOBER, make_credit_note, make_draft
from tests.factories.parties import delegate

CUSTOMERS = tuple(f"customer {role}" for role in Role.values)
INSIDE = tuple(f"{role} inside" for role in Role.values)
EVERYBODY = (*MSP_ROLES, *CUSTOMERS, *INSIDE)

Objects = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One MSP: what is shown to its people and to its customer, what is hidden from all of them, and their cookies."""

    msp: Msp
    shown: Objects
    hidden: Objects
    sessions: Mapping[str, str]
    browsers: Mapping[str, str]

    def shown_to(self, who: str) -> Objects:
        """Return what is somebody's own to see."""
        return {**self.shown, "browser": self.browsers[who]}

    def client(self, who: str) -> Client:
        """Return the browser of somebody, as it is after signing in (and entering the account)."""
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        return client


def make_world(*, name: str) -> World:
    """Create an MSP of which everybody sees one customer and not the other."""
    msp = make_msp(name=name)
    token = ApiToken.objects.filter(user=msp.people["owner"]).first()
    assert token is not None
    of_the_msp = {
        "profile": msp.profile.token,
        "integration": msp.integration.token,
        "upload": upload_of(msp).token,
        "rule": msp.rule.token,
        "team": msp.team.token,
        "user": msp.people["editor"].token,
        "api_token": token.token,
        "webhook": msp.webhook.token,
        "entry": _entry_of(msp),
        **_call_of(msp),
    }
    delegate(account=msp.shown, integration=msp.integration, sub_account_id="1001")
    users = _users(msp)
    sessions = {who: _session(user, msp.shown if who in INSIDE else None) for who, user in users.items()}
    return World(
        msp=msp,
        shown={**of_the_msp, **_of_account(msp, msp.shown)},
        hidden={**_of_account(msp, msp.hidden), "browser": _browser(_person_of(msp.hidden, "owner"))},
        sessions=sessions,
        browsers={who: _browser(user) for who, user in users.items()},
    )


def _call_of(msp: Msp) -> Objects:
    about = {"management_account": msp.account, "type": "invoice.approved", "object_token": msp.invoice.token}
    event = WebhookEvent.objects.create(**about, payload="{}", created_at=NOW)
    call = WebhookCall.objects.create(endpoint=msp.webhook, event=event, created_at=NOW, updated_at=NOW)
    return {"call": call.token, "event": event.token}


def _entry_of(msp: Msp) -> str:
    account = msp.account
    entry = AuditEntry.objects.create(
        management_account=account, source="job", action="x", object_type="x", created_at=NOW
    )
    return entry_token(entry=entry)


def _of_account(msp: Msp, account: ManagedAccount) -> Objects:
    invoice = msp.invoice if account == msp.shown else msp.hidden_invoice
    note = make_credit_note(invoice=invoice)
    _give_document(note, invoice.documents.get(kind="pdf"))
    return {
        "account": account.token,
        "invoice": invoice.token,
        "draft": make_draft(account=account, profile=msp.profile, period=OCTOBER.previous).token,
        "credit_note": note.token,
        "report": report_objects(msp, account)["cost_report_token"],
    }


def _give_document(note: CreditNote, like: Document) -> None:
    CreditNoteDocument.objects.create(
        credit_note=note,
        kind=like.kind,
        storage_key=like.storage_key,
        sha256=like.sha256,
        size_bytes=like.size_bytes,
        created_at=like.created_at,
    )


def _users(msp: Msp) -> dict[str, User]:
    users = {role: msp.people[role] for role in MSP_ROLES}
    for role in Role.values:
        users[f"customer {role}"] = _person_of(msp.shown, role)
        users[f"{role} inside"] = msp.people[role]
    return users


def _person_of(account: ManagedAccount, role: str) -> User:
    email = f"{role}@{account.token}.example".replace("_", "-")
    owner = account.management_account
    return make_user(management_account=owner, email=email, role=Role(role), managed_account=account)


def _session(user: User, inside: ManagedAccount | None) -> str:
    client = Client()
    client.force_login(user)
    if inside is not None:
        session = client.session
        session[ENTERED] = inside.token
        session.save()
    return str(client.session.session_key)


def _browser(user: User) -> str:
    """Return the token of another browser that somebody is signed in with."""
    begin_session(user=user, session_key=get_random_string(32), method="password", address="", browser="", now=NOW)
    return user.browser_sessions.latest("pk").token
