"""Where documents are kept outside the data folder, read from one URL."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

_EXAMPLE = "s3://bucket/folder?region=eu-central-1 or s3://bucket?endpoint=https://minio.example.com:9000"
_OPTIONS = {"region", "endpoint", "timeout_s"}


class UnableToReadDocumentsUrl(Exception):
    """The URL names no bucket; the message never repeats it, since somebody may have put a key into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket, a folder in it, and how to reach it; keys come from the environment that the AWS tools share."""

    name: str
    folder: str
    region: str
    endpoint: str
    timeout_s: int

    @property
    def root(self) -> str:
        """The place that all documents lie below."""
        return f"{self.name}/{self.folder}" if self.folder else self.name


def read_documents_url(url: str) -> Bucket:
    """Return the bucket that a URL stands for; raise UnableToReadDocumentsUrl."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UnableToReadDocumentsUrl(f"BILLOW_DOCUMENTS_URL cannot be read; write {_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None:
        raise UnableToReadDocumentsUrl(
            "BILLOW_DOCUMENTS_URL takes no keys; give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if parts.scheme != "s3" or not parts.netloc or parts.fragment:
        raise UnableToReadDocumentsUrl(f"BILLOW_DOCUMENTS_URL must name a bucket; write {_EXAMPLE}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(options) - _OPTIONS:
        raise UnableToReadDocumentsUrl(
            "BILLOW_DOCUMENTS_URL has an unknown option after the ?; known are region, endpoint and timeout_s"
        )
    folder = parts.path.strip("/")
    if any(part in {"", ".", ".."} for part in folder.split("/")) and folder:
        raise UnableToReadDocumentsUrl("BILLOW_DOCUMENTS_URL has an empty folder, or one that is called . or ..")
    return Bucket(
        name=parts.netloc,
        folder=folder,
        region=options.get("region", "us-east-1"),
        endpoint=_endpoint(options.get("endpoint", "")),
        timeout_s=_timeout(options.get("timeout_s", "10")),
    )


def _endpoint(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_server = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_server = False
    if not is_server or parts.path.strip("/") or parts.query or parts.username is not None:
        raise UnableToReadDocumentsUrl(
            "BILLOW_DOCUMENTS_URL has an endpoint that is no server; write one such as https://minio.example.com:9000"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _timeout(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 60:
        raise UnableToReadDocumentsUrl(
            "BILLOW_DOCUMENTS_URL has a timeout_s that is not a number of seconds from 1 to 60"
        )
    return int(text)
