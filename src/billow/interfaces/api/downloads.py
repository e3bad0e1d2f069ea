"""Where a document can be fetched."""

from django.http import HttpRequest

from billow.interfaces.api.links import absolute


def download_url(request: HttpRequest, *, invoice_token: str, kind: str) -> str:
    """Return the absolute address of an invoice's ``pdf`` or ``csv``."""
    return absolute(request, path=f"/invoices/{invoice_token}/{kind}")
