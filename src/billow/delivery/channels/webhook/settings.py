"""Where webhooks may go, and how long and how much is waited for."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

Network = IPv4Network | IPv6Network


class UnableToReadWebhookSettings(Exception):
    """A setting of the webhooks makes no sense; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Networks that may be called although they are not public, and the limits of one call.

    ``timeout_s`` bounds the connecting to each address, and then the whole conversation to the last byte that is read.
    """

    allowed_networks: tuple[Network, ...] = ()
    ca_file: Path | None = None
    timeout_s: int = 15


def read_webhook_settings(*, networks: str, ca_file: str, timeout_s: int) -> WebhookSettings:
    """Return the settings that the texts stand for; raise UnableToReadWebhookSettings."""
    allowed = []
    for text in networks.replace(",", " ").split():
        try:
            allowed.append(ip_network(text))
        except ValueError:
            raise UnableToReadWebhookSettings(
                f"BILLOW_WEBHOOK_NETWORKS has {text!r}; write networks such as 10.20.0.0/16 with commas between"
            ) from None
    file = Path(ca_file).expanduser() if ca_file else None
    if file is not None and not file.is_file():
        raise UnableToReadWebhookSettings(f"BILLOW_WEBHOOK_CA_FILE is {ca_file!r}, and there is no such file")
    return WebhookSettings(allowed_networks=tuple(allowed), ca_file=file, timeout_s=timeout_s)
