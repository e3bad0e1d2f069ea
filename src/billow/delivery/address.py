"""E-mail addresses, checked and in the form that mail servers take."""

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_ASCII_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LOCAL_PART_OCTETS = 64


class UnableToReadAddress(Exception):
    """The text is not an e-mail address; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mailbox: the part before the @-sign as given, and the domain in ASCII (punycode)."""

    local_part: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        """Tell whether only servers with the SMTPUTF8 extension can take the address."""
        return not self.local_part.isascii()

    def __str__(self) -> str:
        return f"{self.local_part}@{self.domain}"


def read_address(*, text: str) -> Address:
    """Return the address ``name@domain`` written as text; raise UnableToReadAddress otherwise.

    Names of a private network (``billing@mail``, ``ap@office.local``) are accepted: the installation's own mail
    server may know them.
    """
    local_part, at, domain = text.strip().rpartition("@")
    if not at or not local_part or not domain:
        raise UnableToReadAddress(f"{text!r} is not an e-mail address such as name@example.com")
    if not _LOCAL_PART.fullmatch(local_part) or len(local_part.encode()) > _LOCAL_PART_OCTETS:
        raise UnableToReadAddress(f"The part of {text!r} before the @-sign is not a mailbox name")
    return Address(local_part=local_part, domain=_ascii_domain(domain, text=text))


def _ascii_domain(domain: str, *, text: str) -> str:
    if domain.isascii():
        if not _ASCII_DOMAIN.fullmatch(domain.lower()):
            raise UnableToReadAddress(f"The part of {text!r} after the @-sign is not a domain")
        return domain.lower()
    try:
        return str(validate_email(f"a@{domain}", check_deliverability=False).ascii_domain)
    except EmailNotValidError as wrong:
        raise UnableToReadAddress(f"The part of {text!r} after the @-sign is not a domain: {wrong}") from wrong
