"""Which addresses may be called: nobody gets to use a webhook as a way into the network Billow stands in."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from billow.delivery.channel import DeliveryError
from billow.delivery.channels.webhook.settings import WebhookSettings

LONGEST_URL = 2000
_PRINTABLE = re.compile(r"[!-~]+")
_EXAMPLE = "https://example.com/billow"

# Public in form, but they lead to an IPv4 address that is written inside them.
_TRANSLATED = tuple(ip_network(text) for text in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48"))

Address = IPv4Address | IPv6Address


class UnableToReadTarget(Exception):
    """The URL cannot be called; the message says why and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The parts of a URL that can be called."""

    is_encrypted: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_encrypted else 80) else f"{host}:{self.port}"


def read_target(url: str, *, settings: WebhookSettings) -> Target:
    """Return the target of a URL; raise UnableToReadTarget. An address written as a number is checked already here."""
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise UnableToReadTarget(
            f"The URL must have at most {LONGEST_URL} characters, all printable ASCII, such as {_EXAMPLE}"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnableToReadTarget(f"The URL cannot be read; write one such as {_EXAMPLE}") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UnableToReadTarget(f"The URL must begin with https:// and name a host, such as {_EXAMPLE}")
    if parts.username is not None or parts.password is not None or "#" in url or port == 0:
        raise UnableToReadTarget("The URL must have no user, no password, no # and no port 0")
    is_encrypted = parts.scheme == "https"
    target = Target(
        is_encrypted=is_encrypted,
        host=parts.hostname,
        port=port or (443 if is_encrypted else 80),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    if literal := _as_address(target.host):
        _refuse_address(literal, target=target, settings=settings)
    elif not is_encrypted and target.host != "localhost":
        raise UnableToReadTarget("The URL must begin with https://: http:// is for this machine only")
    return target


def addresses_of(target: Target, *, settings: WebhookSettings) -> Sequence[str]:
    """Look the host up, once; raise DeliveryError unless every one of its addresses may be called.

    The caller connects to these very addresses: a name that is looked up twice can lead somewhere else the second time.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as unknown:
        raise DeliveryError(
            "host_unknown", f"The host {target.host} cannot be found. Check its name.", permanent=False
        ) from unknown
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        try:
            _refuse_address(ip_address(text), target=target, settings=settings)
        except (UnableToReadTarget, ValueError) as refused:
            raise DeliveryError("address_refused", f"{target.host}: {refused}", permanent=False) from refused
    return addresses


def _refuse_address(address: Address, *, target: Target, settings: WebhookSettings) -> None:
    actual = getattr(address, "ipv4_mapped", None) or address
    is_allowed = any(actual in network for network in settings.allowed_networks if network.version == actual.version)
    if not is_allowed and not _is_public(actual):
        raise UnableToReadTarget(
            f"{address} is not an address of the public internet. Whoever runs Billow can allow its network with "
            "BILLOW_WEBHOOK_NETWORKS"
        )
    if not target.is_encrypted and not actual.is_loopback:
        raise UnableToReadTarget("The URL must begin with https://: http:// is for this machine only")


def _is_public(address: Address) -> bool:
    translated = isinstance(address, IPv6Address) and any(address in network for network in _TRANSLATED)
    return address.is_global and not address.is_multicast and not address.is_reserved and not translated


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
