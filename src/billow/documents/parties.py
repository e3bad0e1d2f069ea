"""Seller, buyer and bank account as printed blocks."""

from collections.abc import Mapping

from billow.documents.figures import Figures
from billow.documents.text import printable
from billow.invoicing.invoice import BankAccount, Party

_STATE_BEFORE_CODE = frozenset({"US", "CA", "AU", "IN", "MX", "BR"})
_CODE_ON_ITS_OWN_LINE = frozenset({"GB", "IE"})


def party_block(*, party: Party, figures: Figures, words: Mapping[str, str]) -> dict[str, object]:
    """Return a party's name, address lines and custom fields; empty parts are left out."""
    lines = [party.address_line_1, party.address_line_2, *_place(party)]
    if party.country_code:
        lines.append(figures.country(party.country_code))
    if party.billing_email:
        more = len(party.billing_email) - 1
        suffix = f" {words['more_addresses'].format(count=more)}" if more else ""
        lines.append(f"{party.billing_email[0]}{suffix}")
    return {
        "name": printable(party.name),
        "lines": [printable(line) for line in lines if line.strip()],
        "fields": [[printable(f.name), printable(f.value)] for f in party.custom_fields if f.value.strip()],
    }


def bank_fields(*, bank: BankAccount, words: Mapping[str, str]) -> list[list[str]]:
    """Return the filled bank details as label and value, the IBAN in groups of four."""
    fields = (
        ("beneficiary_name", bank.beneficiary_name),
        ("bank_name", bank.bank_name),
        ("iban", grouped_iban(bank.iban)),
        ("swift_bic", bank.swift_bic),
        ("account_number", bank.account_number),
        ("routing_number", bank.routing_number),
        ("bank_tax_id", bank.tax_id),
    )
    return [[words[name], printable(value)] for name, value in fields if value.strip()]


def grouped_iban(iban: str) -> str:
    """Write an IBAN in groups of four."""
    packed = "".join(iban.split())
    return " ".join(packed[start : start + 4] for start in range(0, len(packed), 4))


def _place(party: Party) -> list[str]:
    """Return city, state and postal code in the order of the party's country."""
    country = party.country_code.upper()
    if country in _STATE_BEFORE_CODE:
        return [_joined(", ", party.city, _joined(" ", party.state, party.postal_code))]
    if country in _CODE_ON_ITS_OWN_LINE:
        return [_joined(", ", party.city, party.state), party.postal_code]
    return [_joined(", ", _joined(" ", party.postal_code, party.city), party.state)]


def _joined(separator: str, *parts: str) -> str:
    return separator.join(part for part in parts if part.strip())
