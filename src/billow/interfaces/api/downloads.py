"""Where a document can be fetched: a signed address, and what lies behind it."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Router

from billow.interfaces.api.auth import caller, clock, refuse_too_many
from billow.interfaces.api.limits import counter
from billow.interfaces.api.links import absolute
from billow.usecases.download_links import file_of, link_to, link_to_credit_note, read_link

router = Router(tags=["Invoices"])


def download_url(request: HttpRequest, *, invoice_token: str, kind: str) -> str:
    """Return the absolute address of an invoice's ``pdf`` or ``csv``: it needs no token and lasts 15 minutes."""
    link = link_to(actor=caller(request), invoice_token=invoice_token, kind=kind, now=clock())
    return absolute(request, path=f"/v2/downloads/{link}")


def credit_note_url(request: HttpRequest, *, token: str, kind: str) -> str:
    """Return the same for a credit note."""
    link = link_to_credit_note(actor=caller(request), token=token, kind=kind, now=clock())
    return absolute(request, path=f"/v2/downloads/{link}")


@router.api_operation(["GET", "HEAD"], "/{link}", auth=None, include_in_schema=False)
def download(request: HttpRequest, link: str) -> HttpResponse:
    """Answer with the document; whoever holds the address may fetch it as often as a token may ask."""
    now = clock()
    wanted = read_link(link, now=now)
    # Nobody is known here, so the link itself is counted: by a hash, and only if it is one of ours.
    allowance = counter.take(token=hashlib.sha256(link.encode()).hexdigest(), now=now)
    refuse_too_many(request, allowance, what="requests")
    file = file_of(wanted)
    disposition = content_disposition_header(as_attachment=True, filename=file.name)
    headers = {
        "Content-Disposition": disposition or "attachment",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)
