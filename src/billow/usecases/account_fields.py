"""The fields of a managed account: what may be given, and what is wrong with it."""

from collections.abc import Mapping

from billow.records.accounts.models import ManagementAccount
from billow.records.billing.models import BillingProfile, ManagedAccount
from billow.terms.period import BillingPeriod, InvalidBillingPeriod
from billow.terms.text import trimmed
from billow.usecases.actor import Actor, Source
from billow.usecases.field_checks import PARTY_FIELDS, Findings
from billow.usecases.find import find_profile
from billow.usecases.refused import Refused

ACCOUNT_FIELDS = (
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
    *PARTY_FIELDS,
)

DEFAULT_PAYMENT_TERMS_DAYS = 10


def taken_addresses(*, management_account: ManagementAccount) -> dict[str, str]:
    """Return the names of the live accounts by their contact's address in small letters."""
    accounts = ManagedAccount.objects.visible_to(management_account).live().values_list("contact_email", "name")
    return {address.lower(): trimmed(name) for address, name in accounts}


def read_account(
    findings: Findings,
    account: ManagedAccount,
    fields: Mapping[str, object],
    *,
    taken: Mapping[str, str] | None = None,
) -> None:
    """Set the given fields on the account and note what is wrong with them; nothing is saved.

    With ``taken`` (``taken_addresses``) a new account's contact is looked for there, not in the database.
    """
    findings.read_known(fields, known=ACCOUNT_FIELDS)
    for name, value in findings.read_party(fields).items():
        setattr(account, name, value)
    if "name" in fields:
        account.name = findings.read_text(fields["name"], column="name", required=True) or ""
    if "contact_email" in fields:
        account.contact_email = findings.read_address(fields["contact_email"], column="contact_email") or ""
        _check_contact(findings, account, taken)
    if "email_domain" in fields:
        account.email_domain = _read_domain(findings, fields["email_domain"])
    if fields.get("currency") is not None:
        account.currency = findings.read_currency(fields["currency"], column="currency") or account.currency
    if fields.get("locale") is not None:
        account.locale = _read_locale(findings, fields["locale"])
    if "billing_profile" in fields:
        account.billing_profile = _read_profile(findings, account, fields["billing_profile"])
    _read_terms(findings, account, fields)


def _read_terms(findings: Findings, account: ManagedAccount, fields: Mapping[str, object]) -> None:
    if "payment_terms_days" in fields:
        given = fields["payment_terms_days"]
        account.payment_terms_days = (
            DEFAULT_PAYMENT_TERMS_DAYS
            if given is None
            else findings.read_whole_number(given, column="payment_terms_days", least=0, most=365)
        )
    if fields.get("include_managed_account_integrations") is not None:
        account.include_managed_account_integrations = findings.read_flag(
            fields["include_managed_account_integrations"], column="include_managed_account_integrations"
        )
    if "data_ingestion_delay" in fields:
        given = fields["data_ingestion_delay"]
        account.data_ingestion_delay = (
            None if given is None else findings.read_flag(given, column="data_ingestion_delay")
        )
    if fields.get("first_period") is not None:
        try:
            account.first_period_start = BillingPeriod.parse(str(fields["first_period"])).start
        except InvalidBillingPeriod as wrong:
            findings.error("not_a_period", "first_period", f"First period: {wrong}", fields["first_period"])


def _check_contact(findings: Findings, account: ManagedAccount, taken: Mapping[str, str] | None) -> None:
    if not account.contact_email:
        return
    if taken is not None:
        owner = taken.get(account.contact_email.lower())
    else:
        others = ManagedAccount.objects.visible_to(account.management_account).live().exclude(pk=account.pk)
        named = others.filter(contact_email__iexact=account.contact_email).first()
        owner = None if named is None else str(named)
    if owner is not None:
        message = f"Contact email {account.contact_email} belongs to {owner} already"
        findings.error("contact_email_taken", "contact_email", message, account.contact_email)


def _read_domain(findings: Findings, value: object) -> str | None:
    text = findings.read_text(value, column="email_domain")
    if text is not None and ("@" in text or " " in text or "." not in text.strip(".")):
        findings.error("not_a_domain", "email_domain", "Email domain must be a name such as example.com", text)
    return text


def _read_locale(findings: Findings, value: object) -> str:
    from babel import Locale, UnknownLocaleError  # start-up should not wait for it

    text = findings.read_text(value, column="locale", most=20, required=True) or "en"
    try:
        Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        findings.error("unknown_locale", "locale", "Locale must be a code such as en, de or pt-BR", text)
    return text


def _read_profile(findings: Findings, account: ManagedAccount, value: object) -> BillingProfile | None:
    if value is None or value == "":
        return None
    if isinstance(value, BillingProfile):
        return value
    operator = Actor(management_account=account.management_account, user=None, source=Source.JOB)
    try:
        return find_profile(actor=operator, text=str(value))
    except Refused as refused:
        findings.error(refused.code, "billing_profile", refused.message, value)
        return None
