"""The web server's log, in which a signed link is not to be found: whoever reads it could fetch the document."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from billow.usecases.masked import masked

_WITH_ADDRESS = ("r", "U", "f")
"""What the log calls the request line, its path, and the page one came from."""


class AccessLog(Logger):  # type: ignore[misc]  # the server's package has no types
    """The server's own log, with the secret part of signed links left out."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """Return what a line of the log is made of."""
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return atoms | {name: masked(str(atoms[name])) for name in _WITH_ADDRESS if atoms.get(name)}
