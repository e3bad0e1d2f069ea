"""Compare an invoice with the month before, or with another of its versions: by service, rule, item and line."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billow.invoicing.invoice import Invoice, InvoiceLine
from billow.invoicing.lifecycle import InvoiceStatus
from billow.invoicing.serialise import UnableToReadSnapshot
from billow.records.billing import models as billing
from billow.terms.money import from_minor
from billow.terms.period import BillingPeriod
from billow.usecases.actor import Actor
from billow.usecases.month_before import month_before
from billow.usecases.read_invoices import invoice_of
from billow.usecases.refused import Refused

MONTH_BEFORE = "month-before"
MOST_LINES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: an invoice in one of its versions. Amounts are in ``currency``."""

    token: str
    number: str
    version_number: int
    period: BillingPeriod
    currency: str
    subtotal: Decimal
    total: Decimal
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What something came to before and after, in the invoice's currency; None where it was not there.

    ``names`` say what: provider and service; a rule's title and its source currency; an item's name; or provider,
    service, description and place of a line.
    """

    names: tuple[str, ...]
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        """After less before."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceComparison:
    """Two sides, and every change, the largest first; without changes where the currencies differ.

    ``more_lines`` is how many changed lines there are beyond those in ``lines``. ``choices`` is what the invoice can
    be compared with: MONTH_BEFORE, or a version's number.
    """

    account_name: str
    before: Side
    after: Side
    services: tuple[Change, ...]
    rules: tuple[Change, ...]
    items: tuple[Change, ...]
    lines: tuple[Change, ...]
    more_lines: int
    chosen: str
    choices: tuple[str, ...]

    @property
    def is_comparable(self) -> bool:
        """Whether both sides are in one currency."""
        return self.before.currency == self.after.currency


def compare_invoice(*, actor: Actor, token: str, against: str = "") -> InvoiceComparison:
    """Compare the invoice's current version with MONTH_BEFORE or an older version's number.

    Without a choice it is the version before, while the invoice is a draft, else the month before. Raises Refused
    for what does not exist, for customers, and where there is nothing to compare.
    """
    rows = billing.Invoice.objects.visible_to(actor).select_related("managed_account", "current_version")
    row = None if actor.is_customer else rows.filter(token=token).first()
    if row is None:
        raise Refused("not_found", "Resource not found")
    if row.current_version is None or row.status == InvoiceStatus.GENERATING:
        raise Refused("nothing_to_compare", f"{row.number} has no content to compare yet; it is {_state(row)}.")
    choices = _choices(actor, row)
    chosen = against or _usual(row, choices)
    if chosen not in choices:
        what = f"{against!r}" if against else "older version or invoice of the month before"
        raise Refused("nothing_to_compare", f"{row.number} has no {what} to be compared with.")
    other = choices[chosen]
    before, after = _read(other), _read(row.current_version)
    is_comparable = before.currency == after.currency
    lines = _lines(before, after) if is_comparable else []
    return InvoiceComparison(
        account_name=str(row.managed_account),
        before=_side(other, before),
        after=_side(row.current_version, after),
        services=tuple(_services(before, after)) if is_comparable else (),
        rules=tuple(_rules(before, after)),
        items=tuple(_items(before, after)) if is_comparable else (),
        lines=tuple(lines[:MOST_LINES]),
        more_lines=max(len(lines) - MOST_LINES, 0),
        chosen=chosen,
        choices=tuple(choices),
    )


def _state(row: billing.Invoice) -> str:
    return row.status.replace("_", " ")


def _choices(actor: Actor, row: billing.Invoice) -> dict[str, billing.InvoiceVersion]:
    versions = row.versions.select_related("invoice").order_by("-version_number")
    found = {str(version.version_number): version for version in versions if version.pk != row.current_version_id}
    if (last := month_before(actor=actor, invoice=row)) is not None and last.current_version is not None:
        found[MONTH_BEFORE] = last.current_version
    return found


def _usual(row: billing.Invoice, choices: Mapping[str, object]) -> str:
    if row.status == InvoiceStatus.APPROVED and MONTH_BEFORE in choices:
        return MONTH_BEFORE
    return next(iter(choices), "")


def _read(version: billing.InvoiceVersion) -> Invoice:
    try:
        return invoice_of(version=version)
    except UnableToReadSnapshot as unable:
        raise Refused("draft_damaged", f"{version.invoice.number}: {unable}") from unable


def _side(version: billing.InvoiceVersion, invoice: Invoice) -> Side:
    return Side(
        token=version.invoice.token,
        number=version.invoice.number,
        version_number=version.version_number,
        period=invoice.period,
        currency=invoice.currency,
        subtotal=from_minor(invoice.totals.subtotal_minor, currency=invoice.currency),
        total=from_minor(invoice.totals.total_minor, currency=invoice.currency),
        lines=len(invoice.lines),
    )


_Key = tuple[str, ...]


def _changes(before: Mapping[_Key, Decimal], after: Mapping[_Key, Decimal]) -> Iterable[Change]:
    """Return what either side has, the largest difference first."""
    found = [
        Change(names=key, before=before.get(key), after=after.get(key)) for key in dict.fromkeys([*after, *before])
    ]
    return sorted(found, key=lambda change: (-abs(change.difference), change.names))


def _in_minor(sums: Mapping[_Key, int], currency: str) -> dict[_Key, Decimal]:
    return {key: from_minor(value, currency=currency) for key, value in sums.items()}


def _services(before: Invoice, after: Invoice) -> Iterable[Change]:
    def sums(invoice: Invoice) -> dict[_Key, Decimal]:
        found: Counter[_Key] = Counter()
        for line in invoice.lines:
            found[line.provider, line.service] += line.amount_minor
        return _in_minor(found, invoice.currency)

    return _changes(sums(before), sums(after))


def _rules(before: Invoice, after: Invoice) -> Iterable[Change]:
    """Return what each rule changed; a rule is the same one whatever it is called by now."""
    titles = {
        (delta.rule_token, line.source_currency): delta.title
        for invoice in (before, after)
        for line in invoice.lines
        for delta in line.deltas
    }

    def sums(invoice: Invoice) -> dict[_Key, Decimal]:
        found: dict[_Key, Decimal] = defaultdict(Decimal)
        for line in invoice.lines:
            for delta in line.deltas:
                found[delta.rule_token, line.source_currency] += delta.amount
        return found

    for change in _changes(sums(before), sums(after)):
        token, currency = change.names
        yield Change(names=(titles[token, currency], currency), before=change.before, after=change.after)


def _items(before: Invoice, after: Invoice) -> Iterable[Change]:
    def sums(invoice: Invoice) -> dict[_Key, Decimal]:
        found: Counter[_Key] = Counter()
        for item in invoice.adjustments:
            found[(item.name,)] += item.signed_minor
        return _in_minor(found, invoice.currency)

    return _changes(sums(before), sums(after))


def _lines(before: Invoice, after: Invoice) -> Sequence[Change]:
    """Return the lines that came to something else; lines that read alike count as one."""

    def sums(invoice: Invoice) -> dict[_Key, Decimal]:
        found: Counter[_Key] = Counter()
        for line in invoice.lines:
            found[_line_key(line)] += line.amount_minor
        return _in_minor(found, invoice.currency)

    return [change for change in _changes(sums(before), sums(after)) if change.difference]


def _line_key(line: InvoiceLine) -> _Key:
    place = " · ".join(part for part in (line.account, line.region, line.kind) if part)
    return line.provider, line.service, line.title, place
