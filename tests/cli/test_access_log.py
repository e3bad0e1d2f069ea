"""The web server's log tells who asked for what, and not how to fetch it."""

from datetime import timedelta
from types import SimpleNamespace

from gunicorn.config import Config  # type: ignore[import-untyped]

from billow.interfaces.cli.access_log import AccessLog


def line(address: str, referer: str = "-") -> str:
    """Return the line of the log about a request, as the server writes it."""
    config = Config()
    log = AccessLog(config)
    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "RAW_URI": address,
        "PATH_INFO": address.partition("?")[0],
        "QUERY_STRING": address.partition("?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": referer,
    }
    answer = SimpleNamespace(status="200 OK", sent=10, headers=[])
    return str(config.access_log_format % log.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1)))


def test_the_secret_of_a_signed_link_is_not_in_the_log() -> None:
    link = "WyJpbnZjIiwicGRmIl0:1abc:signature"
    for address in (f"/v2/downloads/{link}", f"/v2/data_exports/files/{link}", f"/v2/downloads/{link}?a=b"):
        written = line(address, referer=f"https://billow.example{address}")
        assert link not in written
        assert "GET /v2/d" in written
        assert "*** HTTP/1.1" in written or "***?a=b HTTP/1.1" in written


def test_the_secret_of_a_mailed_link_is_not_in_the_log() -> None:
    written = line("/links/Zm9vYmFyYmF6", referer="https://billow.example/links/Zm9vYmFyYmF6")
    assert "Zm9v" not in written
    assert "GET /links/*** HTTP/1.1" in written


def test_the_code_of_an_identity_provider_is_not_in_the_log() -> None:
    written = line("/sign-in/oidc/callback?code=Zm9vYmFyYmF6&state=c3RhdGU")
    assert "Zm9v" not in written
    assert "c3Rh" not in written
    assert "GET /sign-in/oidc/callback?*** HTTP/1.1" in written


def test_other_requests_are_logged_as_they_came() -> None:
    assert '"GET /v2/invoices?page=2 HTTP/1.1" 200 10' in line("/v2/invoices?page=2")
