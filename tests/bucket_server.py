"""A server on this machine that speaks S3, in a process of its own."""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEYS = {
    "AWS_ACCESS_KEY_ID": "only-for-tests",
    "AWS_SECRET_ACCESS_KEY": "only-for-tests",
    "AWS_EC2_METADATA_DISABLED": "true",
}

_LOGIN = {"Authorization": "AWS only-for-tests:unchecked"}
"""Without any the objects are private; whether it is right is not checked."""


@dataclass(frozen=True)
class BucketServer:
    """Where it listens; ``bucket`` exists already."""

    endpoint: str
    bucket: str = "papers"

    def url(self, *, folder: str = "billow") -> str:
        return f"s3://{self.bucket}/{folder}?region=eu-central-1&endpoint={self.endpoint}&timeout_s=2"

    def names(self) -> list[str]:
        return re.findall(r"<Key>([^<]+)</Key>", self.ask("GET", "")[1].decode())

    def put(self, key: str, content: bytes) -> None:
        self.ask("PUT", key, content)

    def remove(self, key: str) -> None:
        self.ask("DELETE", key)

    def content_type(self, key: str) -> str:
        return self.ask("GET", key)[0]

    def ask(self, method: str, key: str, content: bytes = b"") -> tuple[str, bytes]:
        """Return the content type and the body of an answer that must be a good one."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, f"/{self.bucket}/{key}".rstrip("/"), body=content, headers=_LOGIN)
            with contextlib.closing(connection.getresponse()) as answer:
                body = answer.read()
                assert answer.status < 300, body
                return answer.headers.get("Content-Type", ""), body


@contextmanager
def bucket_server(*, log: Path) -> Iterator[BucketServer]:
    """Run the server with one empty bucket."""
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **KEYS})
        try:
            server = BucketServer(endpoint=_endpoint(process, log))
            server.ask("PUT", "")
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)


def _endpoint(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait until the server says where it listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text())
        if found:
            return found.group(1)
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())
