"""Do the generation that was asked for: rate many accounts of a month at once, write one version per invoice."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError

from billow.allocation.delegation import Delegation
from billow.billingrules.rule import BillingRule
from billow.coststore.partition import Partition
from billow.coststore.run import UnableToQuery
from billow.invoicing.checks import check_invoice
from billow.invoicing.draft import UnableToDraftInvoice, draft
from billow.invoicing.invoice import ExchangeRate
from billow.invoicing.invoice import Invoice as InvoiceValue
from billow.invoicing.totals import invoice_warnings
from billow.rating.rate import UnableToRate, rate
from billow.rating.rated_costs import Agreement, RatedCosts
from billow.records.billing.models import BillingProfile, Invoice
from billow.records.costs.models import CostImport
from billow.terms.focus import CostBasis
from billow.terms.issue import Issue
from billow.terms.period import BillingPeriod
from billow.terms.rounding import RoundingRule
from billow.usecases import documents_storage
from billow.usecases.agreements import agreements_of, delegations_of
from billow.usecases.billed_accounts import delegations_as_billed
from billow.usecases.claim_invoices import LEASE, MOST_ATTEMPTS, Claim, claim_due, kept, renew
from billow.usecases.costs import cost_store, current_imports, partition_of
from billow.usecases.documents_storage import StoredFile, UnableToReachDocuments
from billow.usecases.invoice_parties import (
    adjustment_items_of,
    bank_of,
    buyer_of,
    exchange_rates_of,
    profile_of,
    seller_of,
)
from billow.usecases.invoice_snapshot import Origin, content_of
from billow.usecases.one_at_a_time import await_changes
from billow.usecases.price_list import PricesInUse, prices_for, reads_prices
from billow.usecases.refused import Refused
from billow.usecases.write_version import Failure, write_failure, write_version

_log = logging.getLogger(__name__)

_RETRYABLE = (OperationalError, InterfaceError)
"""The database is away: the claim is left to its lease, and a worker takes the invoice up again."""


class UnableToGenerate(Exception):
    """One invoice cannot be generated; the failure says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(code=code, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """Everything that the invoices of one batch rest on, read after they were claimed."""

    imports: tuple[CostImport, ...]
    partitions: tuple[Partition, ...]
    delegations: tuple[Delegation, ...]
    agreements: Mapping[str, Agreement]
    profiles: Mapping[str, BillingProfile | None]
    exchange_rates: tuple[ExchangeRate, ...]
    logos: Mapping[str, StoredFile | None]
    provider_keys: Mapping[str, str]
    prices: PricesInUse | Refused | None


def generate_due(
    *, worker: str, now: Callable[[], datetime], limit: int = 50, only: Sequence[str] | None = None
) -> int:
    """Generate up to ``limit`` invoices that wait for it and return how many were finished, well or badly.

    Any number of workers on any number of machines may call this at once; ``only`` names invoice tokens. All
    are of one management account and month, so call it until it returns 0: nothing is due for this worker now.
    """
    claim = claim_due(worker=worker, at=now(), limit=limit, only=only)
    if claim is None:
        return 0
    if claim.given_up:
        message = f"The work on it ended without a result {MOST_ATTEMPTS} times; see the workers' logs."
        return _fail_all(claim, Failure(code="generation_gave_up", message=message), now)
    try:
        # Who marked stale drafts before the claim may not have committed the change itself yet.
        await_changes(management_account=claim.invoices[0].management_account)
        with kept(claim=claim, now=now):
            inputs = _read_inputs(claim)
            rated = _rate(claim.invoices, inputs)
        renew(claim=claim, at=now())
    except _RETRYABLE:
        raise
    except Exception as error:
        return _fail_all(claim, _failure_of(error), now)
    return _write_each(claim, inputs, rated, now)


def _write_each(
    claim: Claim, inputs: _Inputs, rated: Mapping[str, RatedCosts | Failure], now: Callable[[], datetime]
) -> int:
    finished, renewed_at = 0, claim.until - LEASE
    for invoice in claim.invoices:
        if now() - renewed_at > LEASE / 2:
            renewed_at = now()
            renew(claim=claim, at=renewed_at)
        finished += _write(claim, invoice, inputs, rated[invoice.managed_account.token], now)
    return finished


def _write(
    claim: Claim, invoice: Invoice, inputs: _Inputs, rated: RatedCosts | Failure, now: Callable[[], datetime]
) -> bool:
    if not isinstance(rated, Failure) and rated.failure is not None:
        rated = Failure(code=rated.failure.code, message=rated.failure.message)
    if isinstance(rated, Failure):
        return write_failure(invoice=invoice, claim=claim.token, failure=rated, now=now())
    try:
        value = _draft(invoice, inputs, rated)
        origin = _origin(invoice, inputs, rated, value)
        return write_version(
            invoice=invoice,
            claim=claim.token,
            content=content_of(invoice=value, origin=origin),
            cost_imports=origin.cost_imports,
            now=now(),
        )
    except _RETRYABLE:
        raise
    except Exception as error:
        return write_failure(invoice=invoice, claim=claim.token, failure=_failure_of(error), now=now())


def _fail_all(claim: Claim, failure: Failure, now: Callable[[], datetime]) -> int:
    return sum(
        write_failure(invoice=invoice, claim=claim.token, failure=failure, now=now()) for invoice in claim.invoices
    )


def _failure_of(error: Exception) -> Failure:
    """Name the failure; what nobody foresaw is logged whole and told without its text, which could hold a secret."""
    match error:
        case UnableToGenerate():
            return error.failure
        case UnableToDraftInvoice():
            return Failure(code=error.code, message=str(error))
        case UnableToRate():
            return Failure(code=getattr(error, "code", "rule_failed"), message=str(error))
        case UnableToReachDocuments() | Refused():
            return Failure(code=error.code, message=error.message)
        case UnableToQuery():
            return Failure(code="cost_store_damaged", message=str(error))
    _log.exception("generation failed for a reason nobody foresaw", exc_info=error)
    return Failure(
        code="unexpected",
        message=f"Something went wrong that nobody foresaw ({type(error).__name__}); the log of the worker has it all.",
    )


def _read_inputs(claim: Claim) -> _Inputs:
    first = claim.invoices[0]
    accounts = [invoice.managed_account for invoice in claim.invoices]
    imports = tuple(current_imports(management_account=first.management_account, period=first.period))
    partitions = tuple(partition_of(cost_import) for cost_import in imports)
    all_profiles = BillingProfile.objects.visible_to(first.management_account).select_related("management_account")
    spare = tuple(all_profiles[:2])
    profiles = {account.token: profile_of(account=account, profiles=spare) for account in accounts}
    agreements = {agreement.account_token: agreement for agreement in agreements_of(accounts)}
    return _Inputs(
        imports=imports,
        partitions=partitions,
        delegations=delegations_as_billed(
            delegations=delegations_of(first.management_account, first.period), partitions=partitions
        ),
        agreements=agreements,
        profiles=profiles,
        exchange_rates=exchange_rates_of(management_account_id=first.management_account_id, period=first.period),
        logos=_store_logos(profile for profile in profiles.values() if profile is not None),
        provider_keys={each.integration.token: each.integration.provider for each in imports},
        prices=_prices(agreements.values()),
    )


def _prices(agreements: Iterable[Agreement]) -> PricesInUse | Refused | None:
    """Return the prices to re-rate by, or what is wrong with them: that fails those alone who are re-rated by them."""
    try:
        return prices_for(rules=(rule for agreement in agreements for rule in agreement.rules))
    except Refused as refused:
        return refused


def _store_logos(profiles: Iterable[BillingProfile]) -> dict[str, StoredFile | None]:
    logos: dict[str, StoredFile | None] = {}
    for profile in profiles:
        if profile.token not in logos:
            png = bytes(profile.logo_png or b"")
            logos[profile.token] = documents_storage.store(content=png, extension="png") if png else None
    return logos


def _rate(invoices: Sequence[Invoice], inputs: _Inputs) -> dict[str, RatedCosts | Failure]:
    """Rate all accounts that start from the same cost metric in one query of the cost store."""
    by_basis: dict[CostBasis, list[str]] = defaultdict(list)
    rated: dict[str, RatedCosts | Failure] = {}
    for invoice in invoices:
        token = invoice.managed_account.token
        profile = inputs.profiles[token]
        if profile is None:
            message = "Managed account has no billing profile. Assign one, then regenerate."
            rated[token] = Failure(code="no_billing_profile", message=message)
        elif isinstance(inputs.prices, Refused) and reads_prices(rules=_rules(inputs, token), period=invoice.period):
            rated[token] = Failure(code=inputs.prices.code, message=inputs.prices.message)
        else:
            by_basis[CostBasis(profile.cost_basis)].append(token)
    for basis, tokens in by_basis.items():
        rated.update(_rate_together(invoices[0], inputs, basis, tokens))
    return rated


def _rate_together(
    example: Invoice, inputs: _Inputs, basis: CostBasis, tokens: Sequence[str]
) -> Mapping[str, RatedCosts | Failure]:
    try:
        return rate(
            store=cost_store(),
            partitions=inputs.partitions,
            period=example.period,
            agreements=[inputs.agreements[token] for token in tokens],
            delegations=inputs.delegations,
            basis=basis,
            with_unallocated=False,
            provider_keys=inputs.provider_keys,
            prices=inputs.prices.prices if isinstance(inputs.prices, PricesInUse) else None,
        ).by_account
    except UnableToRate as error:
        if len(tokens) == 1:
            return {tokens[0]: _failure_of(error)}
    # Somebody's rules cannot be applied: alone, each fails or succeeds for itself.
    alone: dict[str, RatedCosts | Failure] = {}
    for token in tokens:
        alone.update(_rate_together(example, inputs, basis, [token]))
    return alone


def _draft(invoice: Invoice, inputs: _Inputs, rated: RatedCosts) -> InvoiceValue:
    account = invoice.managed_account
    profile = inputs.profiles[account.token]
    assert profile is not None
    value = draft(
        rated=rated,
        number=invoice.number,
        token=invoice.token,
        seller=seller_of(profile=profile),
        buyer=buyer_of(account=account),
        bank=bank_of(profile=profile),
        payment_terms_days=account.payment_terms_days,
        currency=account.currency,
        adjustment_items=adjustment_items_of(profile=profile),
        exchange_rates=inputs.exchange_rates,
        cost_basis=CostBasis(profile.cost_basis),
        rounding_rule=RoundingRule(profile.rounding_rule),
        rule_titles={rule.token: rule.title for rule in _rules(inputs, account.token)},
        locale=account.locale,
    )
    faults = check_invoice(invoice=value)
    if faults:
        raise UnableToGenerate("invariant_broken", " ".join(fault.message for fault in faults[:3]))
    return value


def _origin(invoice: Invoice, inputs: _Inputs, rated: RatedCosts, value: InvoiceValue) -> Origin:
    account = invoice.managed_account
    profile = inputs.profiles[account.token]
    assert profile is not None
    sources = {d.integration_token for d in inputs.delegations if d.account_token == account.token}
    warnings: tuple[Issue, ...] = (*rated.issues, *invoice_warnings(invoice=value))
    return Origin(
        profile=profile,
        account=account,
        rules=_rules(inputs, account.token),
        cost_imports=tuple(entry for entry in inputs.imports if entry.integration.token in sources),
        logo=inputs.logos[profile.token],
        warnings=warnings,
        prices=_prices_read(inputs, account.token, invoice.period),
    )


def _prices_read(inputs: _Inputs, account_token: str, period: BillingPeriod) -> PricesInUse | None:
    are_read = reads_prices(rules=_rules(inputs, account_token), period=period)
    return inputs.prices if are_read and isinstance(inputs.prices, PricesInUse) else None


def _rules(inputs: _Inputs, account_token: str) -> tuple[BillingRule, ...]:
    return inputs.agreements[account_token].rules
