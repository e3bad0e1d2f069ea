"""Which channel an installation's settings choose."""

from pathlib import Path

from billow.delivery.channel import Channel
from billow.delivery.channels.outbox.channel import OutboxChannel
from billow.delivery.channels.outbox.settings import OutboxSettings
from billow.delivery.channels.smtp.channel import SmtpChannel
from billow.delivery.channels.smtp.settings import read_smtp_url


def channel_for(*, smtp_url: str, smtp_ca_file: str, outbox: Path) -> Channel:
    """Return the mail server's channel, or without one the folder's; raise UnableToReadSmtpUrl."""
    if smtp_url:
        return SmtpChannel(read_smtp_url(url=smtp_url, ca_file=smtp_ca_file))
    return OutboxChannel(OutboxSettings(folder=outbox))
