"""Billing profiles: the seller's legal, tax and bank data as printed on invoices."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from billow.documents.logo import Logo, UnableToReadLogo, read_logo
from billow.invoicing.invoice import AdjustmentItem, AdjustmentType, CalculationType
from billow.invoicing.totals import check_adjustment_item
from billow.records.accounts.models import Permission
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.terms.focus import CostBasis
from billow.terms.issue import Issue
from billow.terms.rounding import RoundingRule
from billow.usecases.actor import Actor
from billow.usecases.audit import record
from billow.usecases.bank_checks import is_bic, is_iban, is_routing_number
from billow.usecases.field_checks import PARTY_FIELDS, Findings
from billow.usecases.mark_stale import mark_stale
from billow.usecases.one_at_a_time import lock_management_account
from billow.usecases.page import Page, PageWanted, page_of
from billow.usecases.refused import Refused
from billow.usecases.seen import refuse_if_changed

BANK_FIELDS = ("bank_name", "beneficiary_name", "bank_tax_id")
SECURE_FIELDS = ("account_number", "routing_number", "iban", "swift_bic")
PROFILE_FIELDS = (
    "nickname",
    *PARTY_FIELDS,
    *BANK_FIELDS,
    *SECURE_FIELDS,
    "adjustment_items",
    "cost_basis",
    "rounding_rule",
)
MOST_ADJUSTMENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedProfile:
    """The profile as it is now, and what a person should look at."""

    profile: BillingProfile
    warnings: tuple[Issue, ...]


def list_profiles(*, actor: Actor) -> tuple[BillingProfile, ...]:
    """Return the profiles in the order they were added."""
    return tuple(BillingProfile.objects.visible_to(actor).order_by("pk"))


def page_of_profiles(*, actor: Actor, wanted: PageWanted) -> Page[BillingProfile]:
    """Return one page of the profiles in the order they were added, each with ``users_count``."""
    return page_of(_shown(actor).order_by("pk"), wanted=wanted)


def profile_with(*, actor: Actor, token: str) -> BillingProfile:
    """Return the profile with this token and its ``users_count``."""
    profile = _shown(actor).filter(token=token).first()
    if profile is None:
        raise Refused("not_found", "Resource not found")
    return profile


def _shown(actor: Actor) -> "QuerySet[BillingProfile]":
    actor.must(Permission.SEE_MANAGEMENT)
    live = Q(managed_accounts__deleted_at__isnull=True)
    return BillingProfile.objects.visible_to(actor).annotate(users_count=Count("managed_accounts", filter=live))


def add_profile(*, actor: Actor, fields: Mapping[str, object], now: datetime) -> SavedProfile:
    """Add a profile from PROFILE_FIELDS; only the nickname is needed."""
    actor.must_write_invoices()
    profile = BillingProfile(management_account=actor.management_account)
    return _save(actor, profile, {"nickname": None, **fields}, action="record_created", now=now)


def change_profile(
    *,
    actor: Actor,
    profile: BillingProfile,
    fields: Mapping[str, object],
    seen: datetime | None = None,
    now: datetime,
) -> SavedProfile:
    """Change the given fields, a list as a whole; drafts made with the profile become stale.

    ``seen`` is the ``updated_at`` that the caller saw: where it is another now, nothing is done.
    """
    actor.must_write_invoices()
    actor.must_own(profile)
    return _save(actor, profile, fields, action="record_updated", seen=seen, now=now)


def set_logo(
    *,
    actor: Actor,
    profile: BillingProfile,
    data: bytes | None,
    file_name: str = "",
    for_all: bool = False,
    now: datetime,
) -> BillingProfile:
    """Set the logo from a PNG, JPEG or SVG file, or take it away; ``for_all`` profiles at once if wanted."""
    actor.must_write_invoices()
    actor.must_own(profile)
    logo = None if data is None else check_logo(data=data, file_name=file_name)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        profiles = BillingProfile.objects.visible_to(actor.management_account).select_for_update().order_by("pk")
        for each in profiles if for_all else profiles.filter(pk=profile.pk):
            each.logo_png = None if logo is None else logo.png
            each.logo_width = 0 if logo is None else logo.width
            each.logo_height = 0 if logo is None else logo.height
            each.save(update_fields=["logo_png", "logo_width", "logo_height", "updated_at"])
            _mark_drafts(actor, each)
            changes: dict[str, object] = {"logo": None if logo is None else logo.sha256}
            _record(actor, each, "record_updated", changes, now)
    profile.refresh_from_db()
    return profile


def check_logo(*, data: bytes, file_name: str) -> Logo:
    """Return the logo as documents print it, or refuse a file that is none; nothing is stored."""
    try:
        return read_logo(data=data, file_name=file_name)
    except UnableToReadLogo as unable:
        raise Refused(unable.code, unable.message) from unable


def delete_profile(*, actor: Actor, profile: BillingProfile, now: datetime) -> None:
    """Delete a profile that no managed account uses; issued invoices keep their copy of it."""
    actor.must_write_invoices()
    actor.must_own(profile)
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        BillingProfile.objects.select_for_update().get(pk=profile.pk)
        users = list(profile.managed_accounts.order_by("name"))
        live = [str(account) for account in users if account.deleted_at is None]
        if live:
            raise Refused(
                "profile_in_use",
                f"Billing profile {str(profile)!r} is used by {len(live)} managed account{'s'[: len(live) - 1]} "
                f"({', '.join(live[:10])}{', …' if len(live) > 10 else ''}); assign another profile there first",
            )
        ManagedAccount.objects.filter(pk__in=[account.pk for account in users]).update(billing_profile=None)
        _record(actor, profile, "record_destroyed", {}, now)
        profile.delete()


def banking_data(*, actor: Actor, profile: BillingProfile) -> dict[str, str | None]:
    """Return the secure banking data: in clear for an owner, the last four characters for anybody else."""
    actor.must_own(profile)
    secure: dict[str, str | None] = json.loads(profile.secure_data or "{}")
    clear = actor.may(Permission.WRITE_INVOICES)
    return {name: secure.get(name) if clear else _masked(secure.get(name)) for name in SECURE_FIELDS}


def _masked(text: str | None) -> str | None:
    if text is None:
        return None
    signs = "".join(text.split())
    shown = signs[-4:] if len(signs) > 4 else ""
    return f"••••{shown}"


def _save(
    actor: Actor,
    profile: BillingProfile,
    fields: Mapping[str, object],
    *,
    action: str,
    seen: datetime | None = None,
    now: datetime,
) -> SavedProfile:
    findings = Findings(keeps_spaces=actor.is_program)
    findings.read_known(fields, known=PROFILE_FIELDS)
    clean = _read(findings, fields)
    secure = _read_secure(findings, fields)
    findings.refuse_if_any()
    with transaction.atomic():
        lock_management_account(management_account=actor.management_account)
        if profile.pk is not None:
            profile = BillingProfile.objects.select_for_update().get(pk=profile.pk)
            refuse_if_changed(profile, name=profile.nickname, seen=seen)
        for name, value in clean.items():
            setattr(profile, name, value)
        if secure:
            profile.secure_data = json.dumps({**json.loads(profile.secure_data or "{}"), **secure})
        profile.save()
        if action == "record_updated":
            _mark_drafts(actor, profile)
        # The log says that banking data changed, never what it is.
        _record(actor, profile, action, {**clean, **dict.fromkeys(secure, "(changed)")}, now)
    return SavedProfile(profile=profile, warnings=findings.warnings)


def _read(findings: Findings, fields: Mapping[str, object]) -> dict[str, object]:
    clean = findings.read_party(fields)
    if "nickname" in fields:
        clean["nickname"] = findings.read_text(fields["nickname"], column="nickname", required=True)
    for name in BANK_FIELDS:
        if name in fields:
            clean[name] = findings.read_text(fields[name], column=name)
    for name, choices in (("cost_basis", list(CostBasis)), ("rounding_rule", list(RoundingRule))):
        if name in fields:
            clean[name] = findings.read_choice(fields[name], column=name, choices=choices)
    if "adjustment_items" in fields:
        clean["adjustment_items"] = _read_adjustments(findings, fields["adjustment_items"])
    return clean


def _read_secure(findings: Findings, fields: Mapping[str, object]) -> dict[str, str | None]:
    secure = {name: findings.read_text(fields[name], column=name, most=64) for name in SECURE_FIELDS if name in fields}
    checks = (
        ("routing_number", is_routing_number, "is not a nine-digit routing number with a correct checksum"),
        ("iban", is_iban, "is not a correct IBAN (length, country or check digits)"),
        ("swift_bic", is_bic, "is not a correct BIC"),
    )
    for name, is_correct, complaint in checks:
        text = (secure.get(name) or "").strip()
        if text and not is_correct(text):
            findings.warn(f"doubtful_{name}", name, f"The {name.replace('_', ' ')} {complaint}; it was saved as typed")
    return secure


def _read_adjustments(findings: Findings, value: object) -> list[dict[str, str]]:
    if value is None:
        return []
    if not isinstance(value, Sequence) or isinstance(value, str):
        findings.error("not_a_list", "adjustment_items", "Adjustment items must be a list")
        return []
    if len(value) > MOST_ADJUSTMENTS:
        findings.error("too_many", "adjustment_items", f"There are {len(value)} items; at most {MOST_ADJUSTMENTS}")
    return [_read_adjustment(findings, item, number) for number, item in enumerate(value, start=1)]


def _read_adjustment(findings: Findings, item: object, number: int) -> dict[str, str]:
    place = f"adjustment_items[{number}]"
    if not isinstance(item, Mapping):
        findings.error("not_an_item", place, f"Adjustment item {number} must have name, calculation_type and amount")
        return {}
    name = findings.read_text(item.get("name"), column=f"{place}.name", required=True) or ""
    kind = findings.read_choice(
        item.get("adjustment_type") or "charge", column=f"{place}.adjustment_type", choices=list(AdjustmentType)
    )
    calculation = findings.read_choice(
        item.get("calculation_type"), column=f"{place}.calculation_type", choices=list(CalculationType)
    )
    amount = findings.read_decimal(item.get("amount"), column=f"{place}.amount")
    if amount is not None and kind in list(AdjustmentType) and calculation in list(CalculationType):
        value = AdjustmentItem(
            name=name,
            adjustment_type=AdjustmentType(kind),
            calculation_type=CalculationType(calculation),
            amount=amount,
        )
        for issue in check_adjustment_item(item=value):
            findings.error(issue.code, f"{place}.amount", issue.message, issue.value)
    return {
        "name": name,
        "adjustment_type": kind,
        "calculation_type": calculation,
        "amount": "" if amount is None else f"{amount:f}",
    }


def _mark_drafts(actor: Actor, profile: BillingProfile) -> None:
    # An account without a profile of its own uses the only one there is.
    only = BillingProfile.objects.visible_to(actor.management_account).count() == 1
    accounts = ManagedAccount.objects.visible_to(actor.management_account)
    users = accounts.filter(billing_profile=profile)
    mark_stale(
        management_account=actor.management_account,
        accounts=(users | accounts.filter(billing_profile__isnull=True)) if only else users,
    )


def _record(actor: Actor, profile: BillingProfile, action: str, changes: Mapping[str, object], now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        object_type="BillingProfile",
        object_token=profile.token,
        object_name=profile.nickname,
        changes=dict(changes),
        now=now,
    )
