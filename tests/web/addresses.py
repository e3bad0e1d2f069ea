"""Every address of the console, and who may ask it: the one table that the tests of refusals walk.

A new address without a row here fails tests/web/test_refusals.py. A row says who of the MSP may read (``get``) and
write (``post``); None: the address knows no such method. ``customers`` says that a customer may too, about what is
his; people of the MSP inside the customer's account count as customers. ``fill`` gives each placeholder of the path an
object of tests/web/world.py, or a word as it stands, and so may ``query`` and ``body``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.api.endpoints import MSP, OWNER, RULE_WRITERS

NOBODY: frozenset[str] = frozenset()
"""Nobody of the MSP: there is nothing of the MSP's to see there, so for its people it does not exist."""
_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One path as urls.py writes it.

    ``is_bulk``: it answers for each item instead of refusing as a whole. ``hides``: to whom of the MSP it is not open
    it does not exist. ``shows_hidden``: it decides itself who sees an account. ``inside``: who is in the account
    already is only sent on.
    """

    path: str
    get: frozenset[str] | None = None
    post: frozenset[str] | None = None
    customers: bool = False
    fill: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    body: Mapping[str, str] = field(default_factory=dict)
    is_bulk: bool = False
    hides: bool = False
    shows_hidden: bool = False
    inside: bool = False

    @property
    def name(self) -> str:
        words = [self.fill[name] for name in _PLACEHOLDER.findall(self.path)]
        return " ".join([f"/{self.path}", *words])

    @property
    def methods(self) -> dict[str, frozenset[str]]:
        """Return who of the MSP may use each method."""
        return {name: may for name, may in (("GET", self.get), ("POST", self.post)) if may is not None}

    @property
    def kinds(self) -> set[str]:
        """Return the words that may name objects."""
        return {*self.fill.values(), *re.findall(r"{(\w+)}", f"{self.query} {' '.join(self.body.values())}")}

    def url(self, objects: Mapping[str, str]) -> str:
        """Return the address of these objects."""
        path = _PLACEHOLDER.sub(lambda found: objects.get(self.fill[found[1]], self.fill[found[1]]), self.path)
        return f"/{path}{self.query.format(**objects)}"


def read(path: str, may: frozenset[str] = MSP, *, customers: bool = False, query: str = "", **fill: str) -> Address:
    return Address(path=path, get=may, customers=customers, query=query, fill=fill)


def form(path: str, may: frozenset[str], *, readers: frozenset[str] | None = None, **fill: str) -> Address:
    """Return a page with a form on it: who may send it, and who may look at it if others may."""
    return Address(path=path, get=readers or may, post=may, fill=fill)


def act(path: str, may: frozenset[str], *, body: Mapping[str, str] | None = None, **fill: str) -> Address:
    return Address(path=path, post=may, body=body or {}, fill=fill)


_ITEMS = {"only": "{draft}", "items": "{draft}", "item": "{draft}", "reason": "Because"}

OPEN = (
    "sign-in",
    "sign-in/code",
    "sign-in/oidc",
    "sign-in/oidc/callback",
    "sign-in/passkey",
    "sign-in/passkey/question",
    "sign-out",
    "theme",
    "forgot-password",
    "links/<str:secret>",
    "choose-password",
)
"""What needs no session; tests/web/test_sign_in.py and test_password_links.py say how it answers."""

_CUSTOMERS = (
    read("", customers=True),
    read("portal", customers=True),
    read("portal/logo", NOBODY, customers=True),
    read("portal/invoices/<slug:token>", customers=True, token="invoice"),
    read("portal/invoices/<slug:token>/<slug:kind>", NOBODY, customers=True, token="invoice", kind="pdf"),
    read("portal/invoices/<slug:token>/<slug:kind>", NOBODY, customers=True, token="invoice", kind="csv"),
    read("portal/credit-notes/<slug:token>/<slug:kind>", NOBODY, customers=True, token="credit_note", kind="pdf"),
    read("costs", customers=True),
    read("costs", customers=True, query="?account={account}&invoice={invoice}"),
    read("costs.csv", customers=True, query="?account={account}"),
    read("cost-reports/<slug:token>", customers=True, token="report"),
    read("cost-reports/<slug:token>.csv", customers=True, token="report"),
    read("invoices/<slug:token>/cost-report", customers=True, token="invoice"),
    Address(path="leave-account", post=MSP, customers=True),
    read("you", customers=True),
    *(Address(path=f"you/{name}", post=MSP, customers=True) for name in ("name", "password", "sign-out-everywhere")),
    *(Address(path=f"you/{name}", get=MSP, post=MSP, customers=True) for name in ("confirm", "codes", "passkeys/new")),
    *(Address(path=f"you/{name}", post=MSP, customers=True) for name in ("codes/off", "recovery-codes")),
    Address(path="you/passkeys/question", post=MSP, customers=True),
    Address(
        path="you/passkeys/<slug:token>/remove", post=MSP, customers=True, fill={"token": "psskey_0123456789abcdef"}
    ),
    Address(path="you/browsers/<slug:token>/end", post=MSP, customers=True, fill={"token": "browser"}),
)

_INVOICES = (
    read("search", query="?q=Nimbus"),
    read("invoices"),
    read("invoices", query="?period=all&account={account}"),
    read("invoices/live", query="?period=2026-10&shape=x&seen=&every=0"),
    read("invoices/<slug:token>", token="draft"),
    read("invoices/<slug:token>", token="invoice"),
    read("invoices/<slug:token>/live", token="draft"),
    read("invoices/<slug:token>/compare", token="invoice", query="?with=month-before"),
    form("invoices/<slug:token>/credit", OWNER, token="invoice"),
    *(read("credit-notes/<slug:token>/<slug:kind>", token="credit_note", kind=kind) for kind in ("pdf", "csv")),
    *(read("invoices/<slug:token>/<slug:kind>", token="draft", kind=kind) for kind in ("pdf", "csv")),
    act("invoices/download", MSP, body={"items": "{draft}", "kind": "csv"}),
    act("invoices/confirm/<slug:name>", MSP, body=_ITEMS, name="download"),
    *(
        act("invoices/confirm/<slug:name>", OWNER, body=_ITEMS, name=name)
        for name in ("generate", "approve", "regenerate", "send", "cancel")
    ),
    *(
        Address(path="invoices/do/<slug:name>", post=OWNER, body=_ITEMS, fill={"name": name}, is_bulk=True)
        for name in ("generate", "approve", "regenerate", "send", "cancel")
    ),
)

_PARTNER_SETTINGS = (
    read("settings"),
    read("settings/billing-profiles"),
    form("settings/billing-profiles/new", OWNER),
    act("settings/billing-profiles/preview", MSP),
    form("settings/billing-profiles/<slug:token>", OWNER, readers=MSP, token="profile"),
    read("settings/billing-profiles/<slug:token>/logo", token="profile"),
    act("settings/billing-profiles/<slug:token>/change-logo", OWNER, token="profile"),
    form("settings/billing-profiles/<slug:token>/delete", OWNER, token="profile"),
    read("settings/integrations"),
    form("settings/integrations/new", RULE_WRITERS),
    form("settings/integrations/<slug:token>", RULE_WRITERS, readers=MSP, token="integration"),
    form("settings/integrations/<slug:token>/unallocated", RULE_WRITERS, readers=MSP, token="integration"),
    read("settings/integrations/<slug:token>/delegations", token="integration"),
    form("settings/integrations/<slug:token>/delete", RULE_WRITERS, token="integration"),
    form(
        "settings/integrations/<slug:token>/uploads/<slug:upload>/delete",
        RULE_WRITERS,
        token="integration",
        upload="upload",
    ),
    form("settings/exchange-rates", OWNER, readers=MSP),
    read("settings/billing-rules"),
    read("settings/billing-rules/new", RULE_WRITERS),
    form("settings/billing-rules/new/<slug:name>", RULE_WRITERS, name="custom"),
    act("settings/billing-rules/check-sql", MSP),
    form("settings/billing-rules/<slug:token>", RULE_WRITERS, readers=MSP, token="rule"),
    form("settings/billing-rules/<slug:token>/delete", RULE_WRITERS, token="rule"),
    read("settings/tokens"),
    form("settings/tokens/new", MSP),
    Address(path="settings/tokens/<slug:token>/revoke", get=OWNER, post=OWNER, fill={"token": "api_token"}, hides=True),
    read("settings/users", OWNER),
    form("settings/users/new", OWNER),
    form("settings/users/<slug:token>", OWNER, token="user"),
    form("settings/users/<slug:token>/disable", OWNER, token="user"),
    act("settings/users/<slug:token>/enable", OWNER, token="user"),
    act("settings/users/<slug:token>/invite", OWNER, token="user"),
    form("settings/users/<slug:token>/recover", OWNER, token="user"),
    read("settings/teams", OWNER),
    form("settings/teams/new", OWNER),
    form("settings/teams/<slug:token>", OWNER, token="team"),
    Address(
        path="settings/teams/<slug:token>/access",
        post=OWNER,
        fill={"token": "team"},
        body={"account": "{account}", "access": "can"},
        shows_hidden=True,
    ),
    act("settings/teams/<slug:token>/members", OWNER, body={"user": "{user}"}, token="team"),
    act("settings/teams/<slug:token>/members/<slug:user>/remove", OWNER, token="team", user="user"),
    form("settings/teams/<slug:token>/delete", OWNER, token="team"),
    form("settings/mail", OWNER),
    form("settings/numbering", OWNER, readers=MSP),
    read("settings/numbering/next/<slug:kind>", kind="series"),
    form("settings/calendar", OWNER, readers=MSP),
    read("settings/audit-log", OWNER),
    read("settings/audit-log.csv", OWNER),
    read("settings/audit-log/<slug:token>", OWNER, token="entry"),
)

_WEBHOOKS = (
    read("settings/webhooks", OWNER),
    form("settings/webhooks/new", OWNER),
    read("settings/webhooks/<slug:token>", OWNER, token="webhook"),
    form("settings/webhooks/<slug:token>/settings", OWNER, token="webhook"),
    read("settings/webhooks/<slug:token>/calls/<slug:call>", OWNER, token="webhook", call="call"),
    act("settings/webhooks/<slug:token>/test", OWNER, token="webhook"),
    act("settings/webhooks/<slug:token>/replay/<slug:event>", OWNER, token="webhook", event="event"),
    form("settings/webhooks/<slug:token>/replay-failed", OWNER, token="webhook"),
    form("settings/webhooks/<slug:token>/pause", OWNER, token="webhook"),
    act("settings/webhooks/<slug:token>/resume", OWNER, token="webhook"),
    form("settings/webhooks/<slug:token>/secret", OWNER, token="webhook"),
    form("settings/webhooks/<slug:token>/delete", OWNER, token="webhook"),
)

_ACCOUNTS = (
    read("accounts"),
    form("accounts/new", RULE_WRITERS),
    read("accounts/costs"),
    form("accounts/import", RULE_WRITERS),
    read("accounts/import/template.csv", RULE_WRITERS),
    form("accounts/<slug:token>", RULE_WRITERS, readers=MSP, token="account"),
    form("accounts/<slug:token>/integrations", RULE_WRITERS, readers=MSP, token="account"),
    Address(
        path="accounts/<slug:token>/integrations/end",
        get=RULE_WRITERS,
        post=RULE_WRITERS,
        fill={"token": "account"},
        query="?integration={integration}&billing=billing-1&sub=1001&start=",
    ),
    read("accounts/<slug:token>/rules", token="account"),
    act("accounts/<slug:token>/rules/<slug:act>", RULE_WRITERS, body={"rule": "{rule}"}, token="account", act="assign"),
    read("accounts/<slug:token>/invoices", token="account"),
    form("accounts/<slug:token>/people", OWNER, token="account"),
    form("accounts/<slug:token>/delete", RULE_WRITERS, token="account"),
    Address(path="accounts/<slug:token>/enter", post=MSP, fill={"token": "account"}, inside=True),
)

ADDRESSES = (*_CUSTOMERS, *_INVOICES, *_PARTNER_SETTINGS, *_WEBHOOKS, *_ACCOUNTS)
