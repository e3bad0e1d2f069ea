"""Refuse a request with more bytes of files than any form takes, before a byte of it is laid down on the disk."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST_REQUEST_BYTES = 256 * 2**20
"""More than the largest form takes, which refuses with words of its own."""


_CONTENT_LENGTH = 2
"""The place of the announced size among what Django hands over."""


class UploadLimit(FileUploadHandler):
    """Looks at the announced size and leaves the files to the handlers after it."""

    def handle_raw_input(self, *raw: Any, **_: Any) -> None:
        """Raise where the whole request is too large."""
        if raw[_CONTENT_LENGTH] > MOST_REQUEST_BYTES:
            raise RequestDataTooBig(f"a request with files has at most {MOST_REQUEST_BYTES:,} bytes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """Hand the bytes on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        """Leave the file to the next handler."""
        return
