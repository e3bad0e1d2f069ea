"""The v2 API: its routers, mounted at the root of the host under /v2."""

import functools
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI, Router

from billow import __version__
from billow.interfaces.api import downloads
from billow.interfaces.api.auth import ApiToken
from billow.interfaces.api.document import openapi
from billow.interfaces.api.errors import add_error_answers
from billow.interfaces.api.json_body import StrictParser
from billow.interfaces.api.once_per_key import heed_keys
from billow.interfaces.api.reference_page import page
from billow.interfaces.api.v2 import (
    audit_logs,
    billing_profiles,
    billing_rules,
    cost_reports,
    cost_sources,
    cost_uploads,
    costs,
    credit_notes,
    data_exports,
    delegations,
    exchange_rates,
    folders,
    integrations,
    invoice_bulk,
    invoice_details,
    invoices,
    managed_accounts,
    me,
    rule_preview,
    sso_connections,
    teams,
    users,
    webhooks,
    workspaces,
)

ROUTERS: tuple[tuple[str, Router], ...] = (
    ("", me.router),
    ("/users", users.router),
    ("/teams", teams.router),
    ("/audit_logs", audit_logs.router),
    ("/invoices", invoice_bulk.router),
    ("/invoices", invoices.router),
    ("/invoices", invoice_details.router),
    ("/invoices", credit_notes.of_invoices),
    ("/credit_notes", credit_notes.router),
    ("/downloads", downloads.router),
    ("/webhooks", webhooks.router),
    ("/billing_profiles", billing_profiles.router),
    ("/billing_rules", rule_preview.router),
    ("/billing_rules", billing_rules.router),
    ("/managed_accounts", managed_accounts.router),
    ("/managed_accounts", sso_connections.router),
    ("/managed_accounts", delegations.router),
    ("/exchange_rates", exchange_rates.router),
    ("/integrations", integrations.router),
    ("/integrations", cost_uploads.router),
    ("/workspaces", workspaces.router),
    ("/folders", folders.router),
    ("/cost_reports", cost_reports.router),
    ("/costs", costs.router),
    ("", cost_sources.router),
    ("", data_exports.router),
)
"""Every resource; a new one is a line here and rows in the table of tests/api/endpoints.py."""

DESCRIPTION = """\
Everything the console does, for programs. Authenticate with `Authorization: Bearer` and an API token
(`billow tokens create`). Money and percentages are text in answers; requests take numbers or text.
Refusals are `{"errors": ["…"]}`. A POST with an `Idempotency-Key` is done once within 24 hours.
"""


def make_api() -> NinjaAPI:
    """Return the API with all its resources."""
    api = NinjaAPI(
        title="Billow API",
        version="2",
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        urls_namespace="api",
        auth=ApiToken(),
        parser=StrictParser(),
        openapi_extra={"info": {"license": {"name": "Apache-2.0"}, "x-billow-version": __version__}},
    )
    add_error_answers(api)
    heed_keys(api)
    for prefix, router in ROUTERS:
        api.add_router(prefix, router)
    return api


def api_urls() -> tuple[list[URLPattern | URLResolver], str, str]:
    """Return the addresses; they authenticate by themselves, so that nobody is sent to the sign-in page."""
    api = make_api()
    patterns, app, namespace = api.urls
    patterns = [*_documents(api), *patterns]
    for pattern in _patterns(patterns):
        pattern.callback.login_required = False  # type: ignore[attr-defined]
    return patterns, app, namespace


def _documents(api: NinjaAPI) -> list[URLPattern | URLResolver]:
    """Return the addresses of the OpenAPI document, under both its names, and of its page for people."""

    @functools.cache
    def document() -> dict[str, Any]:
        return openapi(api=api)

    @functools.cache
    def html() -> str:
        return page(document())

    return [
        path("oas_v3.json", lambda _request: JsonResponse(document())),
        path("swagger.json", lambda _request: JsonResponse(document())),
        path("docs", lambda _request: HttpResponse(html())),
    ]


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            yield pattern
