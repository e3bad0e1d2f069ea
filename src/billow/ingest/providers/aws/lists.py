"""Tags, cost categories and product attributes, however a report packs them, a column at a time."""

import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from billow.ingest.retype import as_text

_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_NO_TEXT = pa.scalar(None, pa.string())


def json_of_columns(columns: Mapping[str, pa.Array], *, keys_are_tags: bool) -> pa.Array:
    """Write one JSON object per row from a column for each key; rows without any value are null."""
    entries = []
    for key, texts in columns.items():
        (name,) = _keys(pa.array([key]), keys_are_tags).to_pylist()
        entries.append(pc.binary_join_element_wise(f'"{name}":"', _escaped(texts), '"', ""))
    # The engine drops a row of nulls only instead of joining it to an empty text, so each row begins with one.
    start = pa.repeat(pa.scalar(""), len(entries[0]))
    joined = pc.utf8_ltrim(pc.binary_join_element_wise(start, *entries, ",", null_handling="skip"), ",")
    return _braced(joined, empty=pc.equal(joined, ""))


def json_of_list(packed: pa.Array, *, keys_are_tags: bool) -> pa.Array:
    """Write one JSON object per row from a map, or from a text that is JSON already; empty ones are null."""
    if not pa.types.is_map(packed.type):
        texts = as_text(packed)
        if keys_are_tags:
            texts = pc.replace_substring_regex(texts, r'([{,]\s*")aws_', r"\1aws:")
            texts = pc.replace_substring_regex(texts, r'([{,]\s*")user[_:]', r"\1")
        return pc.if_else(pc.match_substring_regex(texts, r"^\s*\{\s*\}\s*$"), _NO_TEXT, texts)
    starts = pc.cast(packed.offsets, pa.int64())
    first, last = starts[0].as_py(), starts[-1].as_py()
    keys = _keys(packed.keys.slice(first, last - first), keys_are_tags)
    values = _escaped(pc.coalesce(as_text(packed.items.slice(first, last - first)), ""))
    entries = pc.binary_join_element_wise('"', keys, '":"', values, '"', "")
    offsets = pc.cast(pc.subtract(starts, first), pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, entries), ",")
    return _braced(joined, empty=pc.or_(pc.is_null(packed), pc.equal(joined, "")))


def value_of_key(packed: pa.Array, *, key: str) -> pa.Array:
    """Return the text under a key of a map, or of a text that is a JSON object."""
    if pa.types.is_map(packed.type):
        return as_text(pc.map_lookup(packed, pa.scalar(key, packed.type.key_type), "first"))
    found = pc.extract_regex(as_text(packed), rf'"{key}"\s*:\s*"(?P<value>(?:[^"\\]|\\.)*)"')
    texts = pc.struct_field(found, "value")
    if pc.any(pc.match_substring(texts, "\\")).as_py():
        encoded = pc.dictionary_encode(texts)
        plain = [_unescaped(text) for text in encoded.dictionary.to_pylist()]
        texts = pa.array(plain, pa.string()).take(encoded.indices)
    return as_text(texts)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _keys(keys: pa.Array, are_tags: bool) -> pa.Array:
    """Name tags as FOCUS does: a customer's own key as it is, AWS's with ``aws:`` before it."""
    keys = as_text(keys)
    if are_tags:
        keys = pc.replace_substring_regex(keys, "^aws_", "aws:")
        keys = pc.replace_substring_regex(keys, "^user[_:]", "")
    return _escaped(keys)


def _escaped(texts: pa.Array) -> pa.Array:
    for plain, escaped in _ESCAPES:
        texts = pc.replace_substring(texts, plain, escaped)
    return texts


def _braced(joined: pa.Array, *, empty: pa.Array) -> pa.Array:
    return pc.if_else(empty, _NO_TEXT, pc.binary_join_element_wise("{", joined, "}", ""))
