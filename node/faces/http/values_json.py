"""Packed values as JSON (handle-http-api.md §3 and §5).

This is the hot half of the JSON face: a record goes from its stored bytes to the body of an answer in one
pass, without building objects of the data model or of JSON. What repeats from record to record (index and type
of a value, its time to live and timestamp, who administers it) is written once and remembered for a while.
"""

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import orjson

from idnode.registry.handle.model import PERMISSIONS_DEFAULT, TtlType
from idnode.registry.handle.types.json_reading import base64_object
from idnode.registry.handle.types.table import TYPES

_dumps = orjson.dumps
_unpack_count = struct.Struct(">I").unpack_from
_unpack_index = struct.Struct(">i").unpack_from
_unpack_middle = struct.Struct(">IBiB").unpack

_MIDDLE_AT: Final = 4
_TYPE_LENGTH_AT: Final = 14
_TYPE_AT: Final = 18
"""Where parts of a packed value begin: the middle is timestamp, type of time to live, time to live,
permissions (`registry/handle/values.py`)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BINARY: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters that no text holds; data with one of them is shown as base64."""

_REMEMBERED_BYTES_MAX: Final = 512
"""Longest typed data whose JSON is remembered: administrators and small groups, not keys and sites."""

JsonObject = dict[str, Any]
"""A JSON object as `orjson` takes and gives it."""

Form = Callable[[bytes], JsonObject | None]
"""Makes the ``data`` member of a value from its bytes, None when they are not of its form."""


@lru_cache(maxsize=4096)
def timestamp_text(seconds: int) -> str:
    """Return epoch seconds as ``2023-11-14T22:13:20Z``."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19] + "Z"


def text_or_base64(data: bytes) -> JsonObject:
    """Return data as a string if it is text (UTF-8 without control characters), else as base64."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return base64_object(data)
    if text.isprintable() or _BINARY.search(text) is None:
        return {"format": "string", "value": text}
    return base64_object(data)


@lru_cache(maxsize=4096)
def _head(index_and_type: bytes) -> tuple[bytes, Form | None]:
    """Return the opening of a value up to its data, with the comma before it, and the form of its data."""
    (index,) = _unpack_index(index_and_type)
    name = index_and_type[4:].decode(errors="replace")
    found = TYPES.find(name)
    form = found.data_object if found is not None and found.json is not None else None
    return b',{"index":%d,"type":%b,"data":' % (index, _dumps(name)), form


@lru_cache(maxsize=8192)
def _tail(middle: bytes) -> bytes:
    """Return the closing of a value behind its data."""
    timestamp, ttl_type, ttl, permissions = _unpack_middle(middle)
    members: JsonObject = {}
    if permissions != PERMISSIONS_DEFAULT:
        members["permissions"] = f"{permissions & 0x0F:04b}"
    members["ttl"] = ttl if ttl_type == TtlType.RELATIVE else timestamp_text(ttl)
    if timestamp:
        members["timestamp"] = timestamp_text(timestamp)
    return b"," + _dumps(members)[1:]


@lru_cache(maxsize=1024)
def _remembered(form: Form, data: bytes) -> bytes:
    return _dumps(form(data) or text_or_base64(data))


def _data(form: Form | None, data: bytes) -> bytes:
    """Return the ``data`` member of a value; what does not parse as its type is shown as plain bytes."""
    if form is not None:
        if len(data) <= _REMEMBERED_BYTES_MAX:
            return _remembered(form, data)
        return _dumps(form(data) or text_or_base64(data))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _dumps(text_or_base64(data))
    if text.isprintable():
        return b'{"format":"string","value":' + _dumps(text) + b"}"
    return _dumps(text_or_base64(data))


def values_text(packed: bytes) -> bytes:
    """Return the values of a packed list of the register, in its order, as a JSON array."""
    (count,) = _unpack_count(packed)
    at = 4
    parts: list[bytes] = []
    for _ in range(count):
        (size,) = _unpack_count(packed, at + _TYPE_LENGTH_AT)
        type_at = at + _TYPE_AT
        type_end = type_at + size
        head, form = _head(packed[at : at + 4] + packed[type_at:type_end])
        (size,) = _unpack_count(packed, type_end)
        data_at = type_end + 4
        data_end = data_at + size
        tail = _tail(packed[at + _MIDDLE_AT : at + _TYPE_LENGTH_AT])
        data = _data(form, packed[data_at:data_end])
        (references,) = _unpack_count(packed, data_end)
        at = data_end + 4
        if references:
            shown, at = _references(packed, at, references)
            tail = tail[:-1] + b',"references":' + shown + b"}"
        parts += (head, data, tail)
    return b"[" + b"".join(parts)[1:] + b"]"


def _references(packed: bytes, at: int, count: int) -> tuple[bytes, int]:
    """Return references as JSON, and where they end."""
    references = []
    for _ in range(count):
        (handle_bytes,) = _unpack_count(packed, at)
        at += 4
        handle = packed[at : at + handle_bytes].decode(errors="replace")
        at += handle_bytes
        references.append({"handle": handle, "index": _unpack_index(packed, at)[0]})
        at += 4
    return _dumps(references), at


def value_objects(packed: bytes) -> list[JsonObject]:
    """Return the values of a packed list as JSON objects, for answers that are shown in another way."""
    objects: list[JsonObject] = orjson.loads(values_text(packed))
    return objects


def record_body(handle: str, packed: bytes) -> bytes:
    """Return the compact body of a successful resolution; the handle as the request spelled it."""
    return b'{"responseCode":1,"handle":%b,"values":%b}' % (_dumps(handle), values_text(packed))
