"""Documents to take away: one file, or many in one ZIP."""

import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime

from django.http import FileResponse, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from billow.usecases.actor import Actor
from billow.usecases.read_invoices import File, preview
from billow.usecases.refused import Refused

_IN_MEMORY_BYTES = 20 * 2**20
MOST_DOCUMENTS = 2_000


def file_response(file: File, *, as_attachment: bool) -> HttpResponse:
    """Answer with a file, to show or to keep."""
    disposition = content_disposition_header(as_attachment=as_attachment, filename=file.name)
    headers = {"Content-Disposition": disposition or "attachment"}
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)


def zip_of_documents(
    *, actor: Actor, tokens: Sequence[str], kinds: Sequence[str], now: datetime
) -> FileResponse | HttpResponse:
    """Answer with a ZIP of each invoice's documents; raise Refused when there is none."""
    if not tokens:
        raise Refused("nothing_chosen", _("No invoice with documents was chosen."))
    if len(tokens) * len(kinds) > MOST_DOCUMENTS:
        words = _("At most %(most)s documents go into one ZIP; choose fewer invoices.")
        raise Refused("too_many", words % {"most": MOST_DOCUMENTS})
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the response closes it
    try:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
            for token in dict.fromkeys(tokens):
                for kind in kinds:
                    file = preview(actor=actor, token=token, kind=kind, now=now)
                    entry = zipfile.ZipInfo(file.name, date_time=now.timetuple()[:6])
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, file.content)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return FileResponse(spool, as_attachment=True, filename="invoices.zip", content_type="application/zip")
