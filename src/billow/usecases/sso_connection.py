"""How a customer's people sign in: kept for the customer's own identity provider."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from billow.records.billing.models import ManagedAccount
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.refused import Refused

SSO_FIELDS = ("type", "saml_metadata_url", "additional_domains")
TYPES = ("saml",)
MOST_DOMAINS = 50

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


def set_sso_connection(
    *, actor: Actor, account: ManagedAccount, fields: Mapping[str, object], is_new: bool, now: datetime
) -> ManagedAccount:
    """Set the connection up, or change the given fields of the one there is; the list of domains as a whole."""
    actor.must_write_rules()
    actor.must_own(account)
    present: dict[str, object] = {} if is_new else _present(account)
    findings = Findings()
    if is_new:
        present = {"type": findings.read_choice(fields.get("type"), column="type", choices=TYPES)}
        present["additional_domains"] = []
    if is_new or "saml_metadata_url" in fields:
        present["saml_metadata_url"] = _read_url(findings, fields.get("saml_metadata_url"))
    if fields.get("additional_domains") is not None:
        present["additional_domains"] = _read_domains(findings, fields["additional_domains"])
    findings.refuse_if_any()
    return _save(actor, account, present, "record_created" if is_new else "record_updated", now)


def remove_sso_connection(*, actor: Actor, account: ManagedAccount, now: datetime) -> ManagedAccount:
    """Take the connection away."""
    actor.must_write_rules()
    actor.must_own(account)
    _present(account)
    return _save(actor, account, None, "record_destroyed", now)


def _present(account: ManagedAccount) -> dict[str, object]:
    if account.sso_connection is None:
        raise Refused("not_found", "Resource not found")
    return dict(account.sso_connection)


def _read_url(findings: Findings, value: object) -> str | None:
    text = findings.read_text(value, column="saml_metadata_url", most=2000, required=True)
    if text is not None:
        try:
            parts = urlsplit(text)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            findings.error("not_an_address", "saml_metadata_url", "Saml metadata url must be an https:// address", text)
    return text


def _read_domains(findings: Findings, value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_DOMAINS:
        message = f"Additional domains must be a list of at most {MOST_DOMAINS} names"
        findings.error("not_a_list", "additional_domains", message)
        return []
    for each in value:
        if not isinstance(each, str) or not _DOMAIN.fullmatch(each):
            message = "Additional domains must be names such as example.com"
            findings.error("not_a_domain", "additional_domains", message, each)
    return [str(each) for each in value]


def _save(
    actor: Actor, account: ManagedAccount, connection: dict[str, object] | None, action: str, now: datetime
) -> ManagedAccount:
    with transaction.atomic():
        account.sso_connection = connection
        account.save(update_fields=["sso_connection", "updated_at"])
        record(
            actor=actor,
            action=action,
            object_type="SsoConnection",
            object_token=account.token,
            object_name=account.name,
            changes=connection or {},
            now=now,
        )
    return account
