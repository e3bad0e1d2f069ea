"""Take bodies that come in pieces, without a length before them, as Terraform's uploads do.

The framework reads only as many bytes as ``Content-Length`` says, and there is none; so the body is read first.
"""

from tempfile import SpooledTemporaryFile

from django.http import HttpRequest

from billow.interfaces.api.form import LARGEST_BYTES

_PIECE = 64 * 1024
_IN_MEMORY = 1024 * 1024


def read_pieces(request: HttpRequest) -> None:
    """Give such a body its length; one byte beyond the most that any operation reads is enough to refuse it."""
    if not _comes_in_pieces(request):
        return
    source = request.META["wsgi.input"]
    body = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - goes with the request
    while (left := LARGEST_BYTES + 1 - body.tell()) > 0 and (piece := source.read(min(_PIECE, left))):
        body.write(piece)
    request.META["CONTENT_LENGTH"] = str(body.tell())
    request.__dict__.pop("headers", None)  # remembered without the length
    body.seek(0)
    request._stream = body  # type: ignore[assignment]


def _comes_in_pieces(request: HttpRequest) -> bool:
    """Tell whether the web server hands over a body that ends by itself."""
    coding = request.META.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
    return coding == "chunked" and bool(request.META.get("wsgi.input_terminated"))
