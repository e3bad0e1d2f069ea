"""The identity provider that an installation trusts, as its settings name it.

Nothing here needs Django: its settings read this.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

CALLBACK = "/sign-in/oidc/callback"


class UnableToReadOidcSettings(Exception):
    """The settings of the identity provider make no sense; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """Whom to trust, who we are to them, and where they send people back to."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    callback: str
    ca_file: str | None
    trusts_addresses: bool
    """Whether an e-mail address counts as verified where the provider does not say."""


def read_oidc_settings(
    *,
    issuer: str,
    client_id: str,
    client_secret: str,
    name: str,
    ca_file: str,
    trusts_addresses: bool,
    base_url: str,
) -> OidcSettings | None:
    """Return the settings, or None where no provider is named; raise UnableToReadOidcSettings."""
    if not issuer:
        if client_id or client_secret:
            raise UnableToReadOidcSettings("BILLOW_OIDC_ISSUER is missing beside BILLOW_OIDC_CLIENT_ID or its secret")
        return None
    if not client_id or not client_secret:
        raise UnableToReadOidcSettings("BILLOW_OIDC_ISSUER needs BILLOW_OIDC_CLIENT_ID and BILLOW_OIDC_CLIENT_SECRET")
    if not may_be_asked(issuer):
        raise UnableToReadOidcSettings(
            f"BILLOW_OIDC_ISSUER is {issuer!r}; write the provider's address, such as https://login.example.com"
        )
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        name=name,
        callback=f"{base_url}{CALLBACK}",
        ca_file=ca_file or None,
        trusts_addresses=trusts_addresses,
    )


def may_be_asked(address: str) -> bool:
    """Tell whether secrets may travel to this address: over HTTPS, or within this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.fragment or parts.username or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
