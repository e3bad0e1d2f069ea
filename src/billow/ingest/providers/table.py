"""The formats that can be imported: a new one is a folder beside its siblings and a line here."""

from collections.abc import Sequence

from billow.ingest.providers.aws.read import CUR, CUR_2
from billow.ingest.providers.custom.read import CustomCosts
from billow.ingest.providers.focus.read import FocusBill
from billow.ingest.providers.provider import Provider

AUTO_FORMAT = "auto"
PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (CustomCosts(), FocusBill(), CUR_2, CUR)}


class UnknownFormat(ValueError):
    """No such format can be imported."""


def provider_for(*, bill_format: str, names: Sequence[str]) -> Provider | None:
    """Return the named format, or for ``auto`` the first that recognises the column names."""
    if bill_format != AUTO_FORMAT:
        try:
            return PROVIDERS[bill_format]
        except KeyError as missing:
            known = ", ".join((AUTO_FORMAT, *PROVIDERS))
            raise UnknownFormat(
                f"{bill_format!r} is not a format that can be imported; choose one of {known}"
            ) from missing
    return next((provider for provider in PROVIDERS.values() if provider.recognises(names=names)), None)
