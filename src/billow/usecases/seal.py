"""The chain of approved invoices: each seal covers what was issued and the seal before it in the series."""

from collections.abc import Mapping
from datetime import date

from billow.invoicing.serialise import fingerprint


def seal_of_credit_note(
    *,
    previous_seal: str,
    chain_position: int,
    number: str,
    token: str,
    note_fingerprint: str,
    documents: Mapping[str, str],
) -> str:
    """Return the seal of a credit note; its content is in the fingerprint, and so is the invoice it refers to."""
    return fingerprint(
        snapshot={
            "previous_seal": previous_seal,
            "chain_position": chain_position,
            "number": number,
            "token": token,
            "note_fingerprint": note_fingerprint,
            "documents": dict(documents),
        }
    )


def seal_of(
    *,
    previous_seal: str,
    chain_position: int,
    number: str,
    token: str,
    version_number: int,
    version_fingerprint: str,
    issue_date: date,
    due_date: date,
    documents: Mapping[str, str],
) -> str:
    """Return the seal of an approved invoice; ``documents`` are the SHA-256 of its stored bytes by kind."""
    return fingerprint(
        snapshot={
            "previous_seal": previous_seal,
            "chain_position": chain_position,
            "number": number,
            "token": token,
            "version_number": version_number,
            "version_fingerprint": version_fingerprint,
            "issue_date": issue_date.isoformat(),
            "due_date": due_date.isoformat(),
            "documents": dict(documents),
        }
    )
