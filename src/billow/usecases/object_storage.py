"""Documents in a bucket, as Django's storage: through the client that comes with the cost store's reader of Parquet."""

import threading
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from billow.usecases.documents_url import read_documents_url

_CONTENT_TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "png": "image/png"}


@deconstructible
class ObjectStorage(Storage):
    """A bucket. Writing replaces an object whole or not at all; every failure to reach it is an OSError."""

    def __init__(self, *, url: str) -> None:
        self.bucket = read_documents_url(url)
        self._lock = threading.Lock()
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The client, made at the first use: it must not be older than the process that uses it."""
        with self._lock:
            if self._client is None:
                from pyarrow.fs import S3FileSystem

                self._client = S3FileSystem(
                    region=self.bucket.region,
                    endpoint_override=self.bucket.endpoint or None,
                    connect_timeout=self.bucket.timeout_s,
                    request_timeout=self.bucket.timeout_s,
                    allow_delayed_open=True,
                )
            return self._client

    def place(self, name: str) -> str:
        """Return the object's bucket and key; refuse a name that could lead elsewhere."""
        parts = name.split("/")
        if any(part in {"", ".", ".."} for part in parts) or "\\" in name or "\0" in name:
            raise ValueError(f"{name!r} is no name of a document")
        return f"{self.bucket.root}/{name}"

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        """Return the name itself: the same name is the same bytes."""
        return name

    def exists(self, name: str) -> bool:
        """Tell whether there is such an object."""
        from pyarrow.fs import FileType

        return bool(self.client.get_file_info(self.place(name)).type == FileType.File)

    def delete(self, name: str) -> None:
        """Remove the object, if it is there."""
        if self.exists(name):
            self.client.delete_file(self.place(name))

    def _open(self, name: str, mode: str = "rb") -> File[Any]:  # noqa: ARG002
        with self.client.open_input_stream(self.place(name)) as stream:
            return ContentFile(stream.read(), name=name)

    def _save(self, name: str, content: File[Any]) -> str:
        kind = _CONTENT_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        whole = content.read()  # before the stream is opened: whatever was written when it closes is the object
        with self.client.open_output_stream(self.place(name), metadata={"Content-Type": kind}) as stream:
            stream.write(whole)
        return name
