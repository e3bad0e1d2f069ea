"""Bodies that come in pieces without a length, as the Go client of Terraform sends its files, over a real socket."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from billow.interfaces.api.form import LARGEST_BYTES
from billow.interfaces.api.json_body import LARGEST_BYTES as LARGEST_JSON
from tests.api.served import Served, serving
from tests.api.test_uploads import CSV as RATES
from tests.api.test_uploads import PART

COSTS = "ChargePeriodStart,ChargeCategory,BilledCost,ServiceName\n2026-10-05,Usage,12.5,Backups\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(Path(tmp_path_factory.mktemp("served"))) as server:
        yield server


def send(served: Served, path: str, pieces: list[bytes], content_type: str, **headers: str) -> tuple[int, Any]:
    """Post the pieces as chunks on a connection that stays open, and see that it still serves the next request."""
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=60)
    known = {"Authorization": f"Bearer {served.token}", "Content-Type": content_type, **headers}
    connection.request("POST", path, body=iter(pieces), headers=known, encode_chunked=True)
    answer = connection.getresponse()
    text = answer.read()
    connection.request("GET", "/v2/ping")
    assert connection.getresponse().status == 200
    connection.close()
    return answer.status, json.loads(text) if text else None


def form(content: str, name: str) -> list[bytes]:
    part = PART.format("x", f'; filename="{name}"\r\nContent-Type: text/plain; charset=utf-8', content).encode()
    return [part[at : at + 50] for at in range(0, len(part), 50)]


def test_terraform_uploads_costs_and_rates(served: Served) -> None:
    integration = served.billow("integrations", "add", "Temporal", "--provider", "custom_provider")["token"]
    path, kind = f"/v2/integrations/{integration}/costs.csv", "multipart/form-data; boundary=x"
    status, upload = send(served, path, form(COSTS, "costs.csv"), kind)
    assert (status, upload["filename"], upload["amount"]) == (201, "costs.csv", "12.5")
    assert send(served, "/v2/exchange_rates/csv", form(RATES, "rates.csv"), kind) == (201, None)


def test_a_key_is_heeded_and_json_is_read(served: Served) -> None:
    pieces, kind = [b'{"title": ', b'"In pieces"}'], "application/json"
    status, made = send(served, "/v2/folders", pieces, kind, **{"Idempotency-Key": "pieces"})
    assert (status, made["title"]) == (201, "In pieces")
    assert send(served, "/v2/folders", pieces, kind, **{"Idempotency-Key": "pieces"}) == (201, made)
    assert send(served, "/v2/folders", [b'{"title": "Another"}'], kind, **{"Idempotency-Key": "pieces"})[0] == 400


@pytest.mark.parametrize(
    ("path", "kind", "size"),
    [
        ("/v2/folders", "application/json", LARGEST_JSON + 1),
        ("/v2/folders", "application/json", LARGEST_BYTES + 1),
        ("/v2/exchange_rates/csv", "application/x-www-form-urlencoded", LARGEST_BYTES + 1),
        ("/v2/exchange_rates/csv", "multipart/form-data; boundary=x", LARGEST_BYTES + 1),
    ],
)
def test_too_large_is_too_large_in_pieces_too(path: str, kind: str, size: int, served: Served) -> None:
    piece = b"x" * 2**16
    status, refused = send(served, path, [piece] * (size // len(piece) + 1), kind)
    assert status == 413
    assert refused["errors"][0].startswith("The body is too large.")


def test_nothing_is_read_from_strangers(served: Served) -> None:
    stranger = Served(address=served.address, token="vntg_tkn_" + "0" * 40, variables=served.variables)
    status, refused = send(stranger, "/v2/folders", [b'{"title": "Mine"}'], "application/json")
    assert (status, len(refused["errors"])) == (401, 1)
