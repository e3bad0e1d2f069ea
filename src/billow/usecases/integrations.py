"""Cost sources, and which of their charges belong to which managed account."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Prefetch, Q, QuerySet

from billow.allocation.delegation import check_delegations
from billow.records.accounts.models import Permission
from billow.records.billing.models import Delegation, ManagedAccount
from billow.records.costs.models import Integration
from billow.terms.issue import Issue, has_errors
from billow.terms.text import trimmed
from billow.usecases.actor import Actor
from billow.usecases.agreements import as_delegation
from billow.usecases.audit import record
from billow.usecases.field_checks import Findings
from billow.usecases.find import spaced
from billow.usecases.mark_stale import mark_stale
from billow.usecases.named_workspaces import read_named
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused

MOST_SIGNS = 255
_PROVIDER = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


def add_integration(*, actor: Actor, name: object, provider: str, now: datetime) -> Integration:
    """Add a cost source; its name must be new."""
    actor.must_write_rules()
    findings = Findings(keeps_spaces=actor.is_program)
    clean_name = findings.read_text(name, column="name", required=True) or ""
    key = provider.strip().lower()
    if not _PROVIDER.match(key):
        findings.error(
            "wrong_provider", "provider", "Provider must be a short key such as aws, azure or custom_provider", provider
        )
    findings.refuse_if_any()
    with transaction.atomic():
        owned = Integration.objects.filter(management_account=actor.management_account)
        same = owned.filter(name__regex=spaced(clean_name)).first()
        integration, created = (
            (same, False)
            if same is not None
            else owned.get_or_create(
                management_account=actor.management_account, name=clean_name, defaults={"provider": key}
            )
        )
        if not created:
            name = trimmed(integration.name)
            raise Refused("already_exists", f"There is already an integration {name!r} ({integration.token})")
        record(
            actor=actor,
            action="record_created",
            object_type="Integration",
            object_token=integration.token,
            object_name=clean_name,
            changes={"provider": key},
            now=now,
        )
    return integration


def name_workspaces(*, actor: Actor, integration: Integration, tokens: object, now: datetime) -> None:
    """Keep the workspaces that somebody names for the integration; None leaves them, an empty list means all."""
    actor.must_write_rules()
    actor.must_own(integration)
    if tokens is None:
        return
    findings = Findings()
    named = read_named(findings, tokens, actor=actor, now=now)
    findings.refuse_if_any()
    with transaction.atomic():
        Integration.objects.filter(pk=integration.pk).update(workspace_tokens=named)
        record(
            actor=actor,
            action="record_updated",
            object_type="Integration",
            object_token=integration.token,
            object_name=integration.name,
            changes={"workspace_tokens": named},
            now=now,
        )


def list_integrations(*, actor: Actor) -> tuple[Integration, ...]:
    """Return the cost sources in the order they were added, with their delegations at hand."""
    integrations = Integration.objects.filter(management_account=actor.management_account)
    return tuple(integrations.prefetch_related("delegations__managed_account").order_by("pk"))


def page_of_integrations(*, actor: Actor, wanted: PageWanted, provider: str = "", name: str = "") -> Page[Integration]:
    """Return one page of the cost sources in the order they were added; of one provider or name if wanted."""
    rows = _shown(actor)
    if provider:
        rows = rows.filter(provider__iexact=provider)
    if name:
        rows = rows.filter(name=name)
    return page_of(rows.order_by("pk"), wanted=wanted)


def integration_with(*, actor: Actor, token: str) -> Integration:
    """Return the cost source with this token."""
    integration = _shown(actor).filter(token=token).first()
    if integration is None:
        raise Refused("not_found", "Resource not found")
    return integration


def delegations_to(*, account: ManagedAccount) -> "QuerySet[Delegation]":
    """Return what the account, which the actor may see, is given, in the order it was."""
    rows = Delegation.objects.visible_to(account.management_account).filter(managed_account=account)
    return rows.select_related("integration").order_by("pk")


def delete_integration(*, actor: Actor, integration: Integration, now: datetime) -> None:
    """Delete a cost source that never brought costs, and its delegations."""
    actor.must_write_rules()
    actor.must_own(integration)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        if integration.imports.exists() or integration.uploads.exists():
            raise Refused(
                "has_costs",
                f"{integration} has imported costs, which invoices may rest on, so it stays. "
                "Take its delegations back to stop invoicing them.",
            )
        Delegation.objects.visible_to(actor.management_account).filter(integration=integration).delete()
        record(
            actor=actor,
            action="record_destroyed",
            object_type="Integration",
            object_token=integration.token,
            object_name=integration.name,
            now=now,
        )
        integration.delete()


def _shown(actor: Actor) -> "QuerySet[Integration]":
    actor.must(Permission.SEE_MANAGEMENT)
    rows = Integration.objects.filter(management_account=actor.management_account)
    seen = Delegation.objects.visible_to(actor).filter(managed_account__deleted_at__isnull=True)
    return rows.annotate(last_import_at=Max("imports__created_at")).prefetch_related(
        Prefetch("delegations", seen.select_related("managed_account").order_by("pk"))
    )


def delegate(
    *,
    actor: Actor,
    integration: Integration,
    account: ManagedAccount,
    billing_account_id: str = "",
    sub_account_ids: Sequence[str] = (),
    start_date: date | None = None,
    end_date: date | None = None,
    connected_by_customer: bool = False,
    now: datetime,
) -> tuple[Delegation, ...]:
    """Give charges of an integration to a managed account; refuse what somebody else has at the same time.

    A sub account named without its billing account is meant wherever it is billed, now or later, so it can be given
    before its first bill arrives. Giving the same again from the same day changes its last day.
    """
    actor.must_write_rules()
    actor.must_own(integration, account)
    scopes = _scopes(billing_account_id.strip(), [text.strip() for text in sub_account_ids])
    with transaction.atomic():
        # One person at a time gives away charges: the check below must see every other gift.
        lock_management_account(management_account=actor.management_account)
        wanted = [
            Delegation(
                management_account=actor.management_account,
                integration=integration,
                managed_account=account,
                billing_account_id=billing_account,
                sub_account_id=sub_account,
                start_date=start_date,
                end_date=end_date,
                connected_by_customer=connected_by_customer,
            )
            for billing_account, sub_account in scopes
        ]
        rows = tuple(_save(row) for row in _checked(actor, wanted))
        _mark_and_record(actor, integration, account, rows, action="delegation_created", now=now)
    return rows


def delegate_places(
    *,
    actor: Actor,
    integration: Integration,
    account: ManagedAccount,
    places: Sequence[tuple[str, str]],
    start_date: date | None = None,
    now: datetime,
) -> tuple[Delegation, ...]:
    """Give several places of an integration, (billing account, sub account), to a managed account: all or none."""
    if not places:
        raise Refused("nothing_chosen", "Choose at least one account of the provider")
    by_billing_account: dict[str, list[str]] = {}
    for billing_account, sub_account in places:
        by_billing_account.setdefault(billing_account, []).append(sub_account)
    rows: list[Delegation] = []
    with transaction.atomic():
        for billing_account, sub_accounts in by_billing_account.items():
            named = [text for text in sub_accounts if text]
            # What the bill puts under no sub account can only be given with the whole billing account.
            for subs in ([named] if named else []) + ([[]] if len(named) < len(sub_accounts) else []):
                rows += delegate(
                    actor=actor,
                    integration=integration,
                    account=account,
                    billing_account_id=billing_account,
                    sub_account_ids=subs,
                    start_date=start_date,
                    now=now,
                )
    return tuple(rows)


def undelegate(
    *,
    actor: Actor,
    integration: Integration,
    account: ManagedAccount,
    billing_account_id: str = "",
    sub_account_ids: Sequence[str] = (),
    now: datetime,
) -> int:
    """Take charges of an integration back from a managed account: all of them, or those named; return how many."""
    actor.must_write_rules()
    actor.must_own(integration, account)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        rows = Delegation.objects.visible_to(actor.management_account).filter(
            integration=integration, managed_account=account
        )
        if billing_account_id:
            rows = rows.filter(billing_account_id=billing_account_id)
        if sub_account_ids:
            rows = rows.filter(sub_account_id__in=sub_account_ids)
        found = tuple(rows)
        if not found:
            raise Refused("not_found", f"Nothing of {integration} is delegated to {account} that fits")
        _mark_and_record(actor, integration, account, found, action="delegation_removed", now=now)
        rows.delete()
    return len(found)


def end_delegation(
    *,
    actor: Actor,
    integration: Integration,
    account: ManagedAccount,
    billing_account_id: str = "",
    sub_account_id: str = "",
    start_date: date | None = None,
    last_day: date | None,
    now: datetime,
) -> None:
    """End one gift on a day, inclusive, or take it back altogether where no day is given."""
    actor.must_write_rules()
    actor.must_own(integration, account)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        row = (
            Delegation.objects.visible_to(actor.management_account)
            .filter(
                integration=integration,
                managed_account=account,
                billing_account_id=billing_account_id,
                sub_account_id=sub_account_id,
                start_date=start_date,
            )
            .first()
        )
        if row is None:
            raise Refused("not_found", f"This part of {integration} is not delegated to {account} any more")
        if last_day is None:
            _mark_and_record(actor, integration, account, [row], action="delegation_removed", now=now)
            row.delete()
            return
        delegate(
            actor=actor,
            integration=integration,
            account=account,
            billing_account_id=billing_account_id,
            sub_account_ids=[sub_account_id] if sub_account_id else [],
            start_date=start_date,
            end_date=last_day,
            connected_by_customer=row.connected_by_customer,
            now=now,
        )


def delegate_whole(
    *, actor: Actor, account: ManagedAccount, integrations: Sequence[Integration], now: datetime
) -> None:
    """Make these the integrations that are given to the account as a whole; parts given stay as they are."""
    whole = Delegation.objects.filter(managed_account=account, billing_account_id="", sub_account_id="")
    wanted = {integration.pk for integration in integrations}
    for row in whole.exclude(integration__in=wanted).select_related("integration"):
        _mark_and_record(actor, row.integration, account, [row], action="delegation_removed", now=now)
        row.delete()
    present = set(whole.values_list("integration", flat=True))
    for integration in integrations:
        if integration.pk not in present:
            delegate(actor=actor, integration=integration, account=account, now=now)
    account.integration_order = [integration.token for integration in integrations]
    account.save(update_fields=["integration_order"])


def mark_sharers(*, account: ManagedAccount) -> None:
    """Mark the drafts of all who share an integration with the account, in the caller's transaction.

    What a narrower gift took from a wider one falls back to it when the narrower ends.
    """
    shared = Integration.objects.filter(delegations__managed_account=account)
    concerned = ManagedAccount.objects.filter(delegations__integration__in=shared).distinct()
    mark_stale(management_account=account.management_account, accounts=concerned)


def _scopes(billing_account: str, sub_accounts: Sequence[str]) -> list[tuple[str, str]]:
    """Return each (billing account, sub account) that is meant, once."""
    findings = Findings()
    if "" in sub_accounts:
        findings.error("empty_identifier", "sub_account_id", "A sub account is empty; leave it out or fill it in")
    for text in (billing_account, *sub_accounts):
        if len(text) > MOST_SIGNS:
            findings.error("too_long", "sub_account_id", f"{text[:40]}… has more than {MOST_SIGNS} characters")
    findings.refuse_if_any()
    return [(billing_account, sub_account) for sub_account in dict.fromkeys(sub_accounts)] or [(billing_account, "")]


def _checked(actor: Actor, wanted: Sequence[Delegation]) -> Sequence[Delegation]:
    """Return the wanted rows, or raise Refused because they and the others contradict each other."""
    others = Delegation.objects.visible_to(actor.management_account).filter(managed_account__deleted_at__isnull=True)
    rows = {_key(row): row for row in others.select_related("integration", "managed_account")}
    for row in wanted:
        if (same := rows.get(_key(row))) is None:
            rows[_key(row)] = row
        elif same.managed_account_id == row.managed_account_id:
            same.end_date = row.end_date
        else:
            rows[(*_key(row), row.managed_account_id)] = row
    names = {row.managed_account.token: str(row.managed_account) for row in rows.values()}
    values = [as_delegation(row) for row in rows.values()]
    issues = [_with_names(issue, names) for issue in check_delegations(delegations=values)]
    if has_errors(issues):
        raise Refused("bad_delegation", "; ".join(issue.message for issue in issues), issues)
    return wanted


def _key(row: Delegation) -> tuple[object, ...]:
    return (row.integration_id, row.billing_account_id, row.sub_account_id, row.start_date)


def _with_names(issue: Issue, names: Mapping[str, str]) -> Issue:
    message = issue.message
    for token, name in names.items():
        message = message.replace(token, f"{name} ({token})")
    return replace(issue, message=message)


def _save(row: Delegation) -> Delegation:
    saved, _ = Delegation.objects.update_or_create(
        integration=row.integration,
        billing_account_id=row.billing_account_id,
        sub_account_id=row.sub_account_id,
        start_date=row.start_date,
        managed_account=row.managed_account,
        management_account=row.management_account,
        defaults={"end_date": row.end_date, "connected_by_customer": row.connected_by_customer},
    )
    return saved


def _mark_and_record(
    actor: Actor,
    integration: Integration,
    account: ManagedAccount,
    rows: Sequence[Delegation],
    *,
    action: str,
    now: datetime,
) -> None:
    # A narrower gift takes from a wider one, so everybody with a share of this integration may be concerned.
    concerned = ManagedAccount.objects.filter(Q(delegations__integration=integration) | Q(pk=account.pk)).distinct()
    mark_stale(management_account=actor.management_account, accounts=concerned)
    record(
        actor=actor,
        action=action,
        object_type="Integration",
        object_token=integration.token,
        object_name=integration.name,
        changes={
            "account": account.token,
            "delegations": [
                {
                    "billing_account_id": row.billing_account_id,
                    "sub_account_id": row.sub_account_id,
                    "start_date": None if row.start_date is None else row.start_date.isoformat(),
                    "end_date": None if row.end_date is None else row.end_date.isoformat(),
                }
                for row in rows
            ],
        },
        now=now,
    )
