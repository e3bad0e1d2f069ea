"""Managed accounts: the MSP's customers, one by one or from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Prefetch, QuerySet

from billow.records.accounts.models import Permission
from billow.records.billing.models import (
    BillingProfile,
    BillingRule,
    BillingRuleAssignment,
    Delegation,
    Invoice,
    ManagedAccount,
)
from billow.records.billing.models.invoices import InvoiceStatus
from billow.records.costs.models import Integration
from billow.terms.issue import Issue
from billow.usecases.account_fields import read_account, taken_addresses
from billow.usecases.actor import Actor
from billow.usecases.audit import record, record_each
from billow.usecases.cancel_invoices import cancel_drafts
from billow.usecases.csv_rows import CsvRow, read_csv_rows, refuse_rows, with_row
from billow.usecases.field_checks import Findings
from billow.usecases.find import find_profile
from billow.usecases.integrations import delegate_whole, mark_sharers
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.rule_assignments import assign_rules, assign_to_new, in_order
from billow.usecases.seen import refuse_if_changed

FIRST_MONTH = date(2000, 1, 1)
"""Unless an account says otherwise, every month for which its costs were delivered may be invoiced."""

MOST_ROWS = 10_000
_FREE = "custom:"
FILE_COLUMNS = (
    "name",
    "contact_email",
    "email_domain",
    "currency",
    "locale",
    "billing_profile",
    "payment_terms_days",
    "include_managed_account_integrations",
    "data_ingestion_delay",
    "first_period",
    "company_name",
    "country_code",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postal_code",
    "billing_email",
)
FILE_NEEDS = ("name", "contact_email")
"""A file's columns of which each row must have something."""

FILE_TEMPLATE = (
    ",".join((*FILE_COLUMNS, "custom:VAT ID"))
    + "\nExample Analytics,billing@example.com,example.com,EUR,en,,14,no,no,2026-01,Example Analytics Ltd,IE,"
    + "1 Custom House Quay,,Dublin,,D01 XY00,ap@example.com;cfo@example.com,IE1234567T\n"
)
"""A file to begin with: every column, and one row to write over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAccount:
    """A row of a file: the account that it would make, not saved, and what is wrong with it."""

    number: int
    account: ManagedAccount
    issues: tuple[Issue, ...]


def list_accounts(*, actor: Actor) -> tuple[ManagedAccount, ...]:
    """Return the live managed accounts by name, with their profiles at hand."""
    accounts = ManagedAccount.objects.visible_to(actor).live()
    return tuple(accounts.select_related("billing_profile", "management_account").order_by("name", "pk"))


def page_of_accounts(*, actor: Actor, wanted: PageWanted) -> Page[ManagedAccount]:
    """Return one page of the live managed accounts in the order they were added, with rules and integrations."""
    return page_of(_shown(actor).order_by("pk"), wanted=wanted)


def account_with(*, actor: Actor, token: str) -> ManagedAccount:
    """Return the live managed account with this token, with its rules and integrations."""
    account = _shown(actor).filter(token=token).first()
    if account is None:
        raise Refused("not_found", "Resource not found")
    return account


def _shown(actor: Actor) -> "QuerySet[ManagedAccount]":
    actor.must(Permission.SEE_MANAGEMENT)
    accounts = ManagedAccount.objects.visible_to(actor).live().select_related("billing_profile", "management_account")
    return accounts.prefetch_related(
        Prefetch("rule_assignments", BillingRuleAssignment.objects.select_related("billing_rule").order_by("position")),
        Prefetch("delegations", Delegation.objects.select_related("integration").order_by("pk")),
    )


def add_account(
    *,
    actor: Actor,
    fields: Mapping[str, object],
    rules: Sequence[BillingRule] = (),
    integrations: Sequence[Integration] = (),
    now: datetime,
) -> ManagedAccount:
    """Add a managed account from ACCOUNT_FIELDS with its rules and whole integrations.

    Rules that apply to all are put at the end of their groups.
    """
    actor.must_write_rules()
    actor.must_own(*rules, *integrations)
    findings = Findings(keeps_spaces=actor.is_program)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        account = _new(actor)
        read_account(findings, account, {"name": None, "contact_email": None, **fields})
        findings.refuse_if_any()
        _save(account)
        _record(actor, account, "record_created", fields, now)
        _assign(actor, account, rules, now)
        if integrations:
            delegate_whole(actor=actor, account=account, integrations=integrations, now=now)
    return account


def change_account(
    *,
    actor: Actor,
    account: ManagedAccount,
    fields: Mapping[str, object],
    rules: Sequence[BillingRule] | None = None,
    integrations: Sequence[Integration] | None = None,
    seen: datetime | None = None,
    now: datetime,
) -> ManagedAccount:
    """Change the given fields, and replace the rules or whole integrations where given; drafts become stale.

    ``seen`` is the ``updated_at`` that the caller saw: where it is another now, nothing is done.
    """
    actor.must_write_rules()
    actor.must_own(account, *(rules or ()), *(integrations or ()))
    findings = Findings(keeps_spaces=actor.is_program)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        account = ManagedAccount.objects.select_for_update().get(pk=account.pk)
        refuse_if_changed(account, name=account.name, seen=seen)
        read_account(findings, account, fields)
        findings.refuse_if_any()
        _save(account)
        mark_stale(management_account=actor.management_account, accounts=[account])
        if "include_managed_account_integrations" in fields:
            mark_sharers(account=account)
        _record(actor, account, "record_updated", fields, now)
        if rules is not None:
            assign_rules(actor=actor, account=account, rules=rules, now=now)
        if integrations is not None:
            delegate_whole(actor=actor, account=account, integrations=integrations, now=now)
    return account


def delete_account(*, actor: Actor, account: ManagedAccount, now: datetime) -> int:
    """Delete a managed account: its drafts are cancelled, issued invoices stay; return how many were cancelled."""
    actor.must_write_rules()
    actor.must_own(account)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        ManagedAccount.objects.select_for_update().get(pk=account.pk)
        invoices = Invoice.objects.visible_to(actor.management_account).filter(managed_account=account)
        if busy := invoices.filter(status=InvoiceStatus.GENERATING).first():
            message = f"Invoice {busy.number} of {account} is being generated; try again when it is done"
            raise Refused("invoice_generating", message)
        drafts = invoices.filter(status__in=[InvoiceStatus.AWAITING_APPROVAL, InvoiceStatus.FAILED])
        tokens = tuple(drafts.values_list("token", flat=True))
        if tokens:
            result = cancel_drafts(actor=actor, invoice_tokens=tokens, reason=f"{account} was deleted", now=now)
            refused = [Issue(item.code, item.message) for item in result.items if not item.done]
            if refused:
                raise Refused("drafts_not_cancelled", "A draft could not be cancelled; nothing was deleted", refused)
        mark_sharers(account=account)
        account.delegations.all().delete()
        account.rule_assignments.all().delete()
        account.deleted_at = now
        account.save(update_fields=["deleted_at", "updated_at"])
        _record(actor, account, "record_destroyed", {"cancelled_drafts": len(tokens)}, now)
    return len(tokens)


def check_accounts_file(*, actor: Actor, data: bytes) -> tuple[FileAccount, ...]:
    """Return what a CSV file would add, row by row with everything that is wrong; nothing is stored.

    Raise Refused where the file is no table of accounts at all.
    """
    actor.must_write_rules()
    rows = read_csv_rows(data=data, columns=FILE_COLUMNS, required=FILE_NEEDS, most_rows=MOST_ROWS, free_prefix=_FREE)
    taken = taken_addresses(management_account=actor.management_account)
    profiles: dict[str, BillingProfile | Refused] = {}
    seen: dict[str, int] = {}
    return tuple(_read_row(actor, row, taken, profiles, seen) for row in rows)


def import_accounts(*, actor: Actor, data: bytes, now: datetime) -> tuple[ManagedAccount, ...]:
    """Add a managed account for each row of a CSV file, or none at all; every bad row is listed.

    A column named ``custom:VAT ID`` becomes the custom field VAT ID. Invoices go to the contact where a row names
    no billing_email.
    """
    actor.must_write_rules()
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        rows = check_accounts_file(actor=actor, data=data)
        refuse_rows(issues=[issue for row in rows for issue in with_row(number=row.number, issues=row.issues)])
        accounts = tuple(row.account for row in rows)
        try:
            ManagedAccount.objects.bulk_create(accounts, batch_size=200)
        except IntegrityError as clash:
            message = "A contact email of the file belongs to another managed account; nothing was stored"
            raise Refused("contact_email_taken", message) from clash
        named = [(account.token, account.name) for account in accounts]
        record_each(
            actor=actor,
            action="record_created",
            object_type="ManagedAccount",
            objects=named,
            changes={"from": "file"},
            now=now,
        )
        assign_to_new(actor=actor, accounts=accounts, rules=in_order(rules=tuple(_rules_for_all(actor))), now=now)
    return accounts


def _read_row(
    actor: Actor,
    row: CsvRow,
    taken: Mapping[str, str],
    profiles: dict[str, BillingProfile | Refused],
    seen: dict[str, int],
) -> FileAccount:
    """Read one row; ``profiles`` and ``seen`` remember what earlier rows named."""
    findings = Findings(row=row.number)
    account = _new(actor)
    fields = _fields_of(row)
    if isinstance(named := fields.pop("billing_profile", None), str):
        if named not in profiles:
            profiles[named] = _profile_named(actor, named)
        fields["billing_profile"] = _noted(findings, profiles[named], named)
    read_account(findings, account, fields, taken=taken)
    account.billing_email = account.billing_email or [account.contact_email]
    first = seen.setdefault(account.contact_email.lower(), row.number)
    if first != row.number and account.contact_email:
        message = f"Contact email {account.contact_email} stands in row {first} already"
        findings.error("contact_email_taken", "contact_email", message, account.contact_email)
    return FileAccount(number=row.number, account=account, issues=tuple(findings.issues))


def _profile_named(actor: Actor, name: str) -> BillingProfile | Refused:
    try:
        return find_profile(actor=actor, text=name)
    except Refused as refused:
        return refused


def _noted(findings: Findings, found: BillingProfile | Refused, name: str) -> BillingProfile | None:
    """Return the profile; note where there is none, or several, with this name."""
    if isinstance(found, BillingProfile):
        return found
    message = found.message
    if found.code == "not_found":
        message = f"There is no billing profile {name!r}; create it first, or leave the cell empty"
    findings.error(found.code, "billing_profile", message, name)
    return None


def _new(actor: Actor) -> ManagedAccount:
    return ManagedAccount(
        management_account=actor.management_account,
        currency=actor.management_account.currency,
        first_period_start=FIRST_MONTH,
    )


def _fields_of(row: CsvRow) -> dict[str, object]:
    """Return the cells that are filled, as fields; an empty cell leaves the default."""
    fields: dict[str, object] = {
        name: text for name, text in row.cells.items() if text and not name.lower().startswith(_FREE)
    }
    fields.setdefault("name", None)
    fields.setdefault("contact_email", None)
    if isinstance(addresses := fields.get("billing_email"), str):
        fields["billing_email"] = [part for part in addresses.replace(";", ",").split(",") if part.strip()]
    free = [
        {"name": name[len(_FREE) :].strip(), "value": text}
        for name, text in row.cells.items()
        if name.lower().startswith(_FREE) and text
    ]
    return {**fields, "custom_fields": free} if free else fields


def _save(account: ManagedAccount) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as clash:
        message = f"Contact email {account.contact_email} belongs to another managed account"
        raise Refused("contact_email_taken", message) from clash


def _assign(actor: Actor, account: ManagedAccount, rules: Sequence[BillingRule], now: datetime) -> None:
    given = {rule.pk for rule in rules}
    added = [rule for rule in _rules_for_all(actor) if rule.pk not in given]
    if not added:
        assign_rules(actor=actor, account=account, rules=rules, now=now)
        return
    # The caller's own order is checked before the others are sorted in.
    assign_rules(actor=actor, account=account, rules=rules, now=now)
    assign_rules(actor=actor, account=account, rules=in_order(rules=[*rules, *added]), now=now)


def _rules_for_all(actor: Actor) -> "QuerySet[BillingRule]":
    return BillingRule.objects.visible_to(actor.management_account).filter(apply_to_all=True).order_by("pk")


def _record(actor: Actor, account: ManagedAccount, action: str, changes: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="ManagedAccount",
        object_token=account.token,
        object_name=account.name,
        changes={
            name: value if isinstance(value, str | bool | int | list | None) else str(value)
            for name, value in changes.items()
        },
        now=now,
    )
