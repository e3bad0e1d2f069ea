"""Read forms with a file in them, as every client sends them."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field's bytes, and its name where it came as a file."""

    content: bytes
    file_name: str = ""


def read_form(request: HttpRequest) -> dict[str, bytes]:
    """Return each field's bytes; a field may be text or a file. Raise Problem for what is no form."""
    return {name: field.content for name, field in read_fields(request).items()}


def read_fields(request: HttpRequest) -> dict[str, FormField]:
    """Return each field; a field may be text or a file. Raise Problem for what is no form."""
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


def _encoded(data: bytes) -> dict[str, FormField]:
    """Read an encoded form by its bytes, whatever their encoding: who reads a field says what is wrong with it."""
    pairs = [pair.partition(b"=") for pair in data.split(b"&") if pair]
    if len(pairs) > _MOST_FIELDS:
        raise Problem(400, "The form has too many fields.")
    return {_unquoted(name).decode("utf-8", "replace"): FormField(content=_unquoted(value)) for name, _, value in pairs}


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _without_boundary(request: HttpRequest, data: bytes) -> dict[str, FormField]:
    """Read the form of the published TypeScript client, which forgets to say what it puts between the parts."""
    first = _FIRST_LINE.match(data)
    if first is None:
        raise Problem(400, "The form has no boundary.")
    header = f"multipart/form-data; boundary={first.group(1).decode('ascii', 'replace')}"
    meta = {**request.META, "CONTENT_TYPE": header, "CONTENT_LENGTH": str(len(data))}
    return _parts(*MultiPartParser(meta, BytesIO(data), request.upload_handlers).parse())


def _parts(fields: "MultiValueDict[str, str]", files: "MultiValueDict[str, UploadedFile[Any]]") -> dict[str, FormField]:
    texts = {name: FormField(content=str(value).encode("utf-8", "replace")) for name, value in fields.items()}
    single = {name: file for name, file in files.items() if not isinstance(file, list)}
    return texts | {name: FormField(content=file.read(), file_name=file.name or "") for name, file in single.items()}
