"""Read forms with a file in them, as every client sends them."""

import re
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict

from billow.interfaces.api.errors import TOO_LARGE
from billow.interfaces.api.problem import Problem

LARGEST_BYTES = 10 * 2**20
"""A file of the most that use cases take, with room for what an encoded form adds."""

_MOST_FIELDS = 100
_FIRST_LINE = re.compile(rb"--([^\r\n]{1,200})\r\n")


def read_form(request: HttpRequest) -> dict[str, bytes]:
    """Return each field's bytes; a field may be text or a file. Raise Problem for what is no form."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BYTES:
        raise Problem(413, f"{TOO_LARGE} At most {LARGEST_BYTES // 2**20} MiB are read.")
    if request.content_type != "multipart/form-data":
        return _encoded(request.read(int(length)))
    try:
        if "boundary" in (request.content_params or {}):
            return _parts(request.POST, request.FILES)
        return _without_boundary(request, request.read(int(length)))
    except MultiPartParserError as wrong:
        raise Problem(400, f"The form cannot be read: {wrong}") from wrong


def _encoded(data: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(data, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as wrong:
        raise Problem(400, "The form has too many fields.") from wrong
    return {name.decode("utf-8", "replace"): value for name, value in pairs}


def _without_boundary(request: HttpRequest, data: bytes) -> dict[str, bytes]:
    """Read the form of the published TypeScript client, which forgets to say what it puts between the parts."""
    first = _FIRST_LINE.match(data)
    if first is None:
        raise Problem(400, "The form has no boundary.")
    header = f"multipart/form-data; boundary={first.group(1).decode('ascii', 'replace')}"
    meta = {**request.META, "CONTENT_TYPE": header, "CONTENT_LENGTH": str(len(data))}
    return _parts(*MultiPartParser(meta, BytesIO(data), request.upload_handlers).parse())


def _parts(fields: "MultiValueDict[str, str]", files: "MultiValueDict[str, UploadedFile[Any]]") -> dict[str, bytes]:
    read = {name: str(value).encode("utf-8", "replace") for name, value in fields.items()}
    return {**read, **{name: file.read() for name, file in files.items() if not isinstance(file, list)}}
