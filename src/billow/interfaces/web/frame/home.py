"""The first page: for now, the invoices."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Send the person to the invoices."""
    return HttpResponseRedirect("/invoices")
