"""Take bodies that come in pieces, without a length before them, as Terraform's uploads do.

The framework reads only as many bytes as ``Content-Length`` says, and there is none; so the body is read first.
"""

from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from billow.interfaces.api.answers import PREFIX
from billow.interfaces.api.form import LARGEST_BYTES

_PIECE = 64 * 1024
_IN_MEMORY = 1024 * 1024

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class KnownLength:
    """Give each such body its length; one byte beyond the most that any operation reads is enough to refuse it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Pass the request on."""
        if not _comes_in_pieces(environ):
            return self.application(environ, start_response)
        # Whoever reads the body closes it with the request.
        body = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        while (left := LARGEST_BYTES + 1 - body.tell()) > 0 and (
            piece := environ["wsgi.input"].read(min(_PIECE, left))
        ):
            body.write(piece)
        environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        environ["wsgi.input"] = body
        return self.application(environ, start_response)


def _comes_in_pieces(environ: Environ) -> bool:
    """Tell whether the web server hands over a body of the API that ends by itself."""
    return bool(
        environ.get("wsgi.input_terminated")
        and environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked"
        and environ.get("PATH_INFO", "").startswith(PREFIX)
    )
