"""Cloud providers as a person reads them."""

from django.utils.translation import gettext as _

from billow.usecases.cost_sources import PROVIDER_NAMES
from billow.usecases.upload_costs import CUSTOM_PROVIDER


def provider_name(key: str) -> str:
    """Return the name of a provider; one that is not known keeps its key."""
    return _("Custom Provider") if key == CUSTOM_PROVIDER else PROVIDER_NAMES.get(key, key)


def provider_names() -> tuple[tuple[str, str], ...]:
    """Return the keys of the known providers, each with its name."""
    return tuple((key, provider_name(key)) for key in PROVIDER_NAMES)
