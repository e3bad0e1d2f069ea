"""Two MSPs with everything the API shows, and a token for everybody who may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from billow.records.accounts.models import ManagementAccount, Role, Team, User
from billow.records.billing.models import BillingProfile, BillingRule, Invoice, ManagedAccount
from billow.records.costs.models import Integration
from billow.records.webhooks.models import WebhookEndpoint
from billow.usecases.actor import Actor, Source
from billow.usecases.api_tokens import create_token
from billow.usecases.teams import add_member, add_team, everyone_team, set_access
from billow.usecases.webhooks import add_endpoint
from tests.factories.accounts import make_management_account, make_user
from tests.factories.agreements import make_adjustment
from tests.factories.costs import make_integration
from tests.factories.invoices import make_approved
from tests.factories.parties import make_managed_account, make_profile
from tests.people import Person

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
LOGO = b"\x89PNG\r\n"
MSP_ROLES = tuple(Role.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Msp:
    """One MSP: its people by role, its customers, and the secrets of their tokens."""

    account: ManagementAccount
    people: Mapping[str, User]
    secrets: Mapping[str, str]
    shown: ManagedAccount
    hidden: ManagedAccount
    team: Team
    profile: BillingProfile
    rule: BillingRule
    integration: Integration
    invoice: Invoice
    hidden_invoice: Invoice
    webhook: WebhookEndpoint

    @property
    def operator(self) -> Actor:
        return Actor(management_account=self.account, user=None, source=Source.CLI)

    def client(self, who: str) -> "ApiClient":
        return ApiClient(self.secrets[who])


class ApiClient:
    """A program with a token; bodies go out as JSON."""

    def __init__(self, secret: str | None) -> None:
        self.headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if body is not None:
            options = {"data": body, "content_type": "application/json", **options}
        answer = Client().generic(
            method,
            path,
            _as_bytes(options.pop("data", b"")),
            content_type=options.pop("content_type", ""),
            headers={**self.headers, **options.pop("headers", {})},
        )
        assert not options
        return answer

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any = None) -> Any:
        return self.ask("PUT", path, body)

    def delete(self, path: str, body: Any = None) -> Any:
        return self.ask("DELETE", path, body)


def _as_bytes(body: Any) -> bytes:
    import json

    return body if isinstance(body, bytes) else json.dumps(body).encode()


def make_token(*, user: User, scopes: tuple[str, ...] = ("read", "write"), **options: Any) -> str:
    operator = Actor(management_account=user.management_account, user=None, source=Source.CLI)
    return create_token(actor=operator, user=user, scopes=scopes, now=NOW, **options).secret


def make_msp(*, name: str) -> Msp:
    """Create an MSP whose people of every role see one customer and not the other."""
    account = make_management_account(name=name)
    domain = f"{name.lower().split()[0]}.example"
    people = {
        role: make_user(management_account=account, email=f"{role}@{domain}", name=role, role=Role(role))
        for role in MSP_ROLES
    }
    operator = Actor(management_account=account, user=None, source=Source.CLI)
    shown = make_managed_account(management_account=account, name=f"{name} Olives")
    hidden = make_managed_account(management_account=account, name=f"{name} Cheese")
    people["customer"] = make_user(management_account=account, email=f"customer@{domain}", role=Role.OWNER)
    people["customer"].managed_account = shown
    people["customer"].save()
    profile = make_profile(management_account=account, logo_png=LOGO, logo_width=1, logo_height=1)
    shown.sso_connection = {"type": "saml", "saml_metadata_url": "https://id.example/", "additional_domains": []}
    shown.save()
    owner = Person(user=people["owner"])
    invoice = make_approved(account=shown, profile=profile, by=owner)
    hidden_invoice = make_approved(account=hidden, profile=profile, by=owner)
    team = add_team(actor=operator, fields={"name": "Olive growers"}, now=NOW)
    add_member(actor=operator, team=team, email=people["editor"].email, now=NOW)
    everyone = everyone_team(actor=operator)
    set_access(actor=operator, team=everyone, account=hidden, access="cannot", now=NOW)
    secrets = {role: make_token(user=user) for role, user in people.items()}
    secrets["read_only"] = make_token(user=people["owner"], scopes=("read",))
    return Msp(
        account=account,
        people=people,
        secrets=secrets,
        shown=shown,
        hidden=hidden,
        team=team,
        profile=profile,
        rule=make_adjustment(management_account=account, percentage="110"),
        integration=make_integration(management_account=account),
        invoice=invoice,
        hidden_invoice=hidden_invoice,
        webhook=add_endpoint(actor=operator, url="https://hooks.example.com/", now=NOW).endpoint,
    )
