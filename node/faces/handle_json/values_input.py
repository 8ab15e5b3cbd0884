"""Values sent as JSON, checked and packed (handle-http-api.md §4 and §5).

Whatever is wrong raises `MalformedRequest` with the original's text, or the register's own errors for an
index below one and for two values at one index, which the original notices before it authenticates.
"""

from datetime import UTC, datetime
from typing import Any, Final

from idnode.node.faces.http.java_texts import parse
from idnode.registry.handle import values
from idnode.registry.handle.errors import IndexConflict, IndexNotPositive, InvalidValue
from idnode.registry.handle.lenient_json import JsonNumber, shown
from idnode.registry.handle.limits import RECORD_BYTES_MAX, TYPE_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import TTL_DEFAULT_SECONDS, TtlType
from idnode.registry.handle.types.hs_seckey import default_permissions
from idnode.registry.handle.types.json_reading import (
    JsonObject,
    MalformedJson,
    bytes_of,
    integer_of,
    items_of,
    member,
    object_of,
    text_of,
)
from idnode.registry.handle.types.table import TYPES
from idnode.registry.handle.wire.errors import ProtocolError

_ALL: Final = 0x0F
_LEAST_CHARACTERS: Final = (2, 3, 4, 5)
"""Characters that a text of permissions must have for each bit to be read, from the lowest bit on."""

_INT_MIN: Final = -0x80000000
_INT_MAX: Final = 0x7FFFFFFF
_NEGATIVE_MAX: Final = 0xFFFFFFFF
"""Numbers above `_INT_MAX` up to this one are negative to the original."""


def pack_values(items: Any) -> tuple[bytes, tuple[int, ...]]:
    """Return the packed list of these JSON values, without timestamps, and their indexes in order.

    Raises:
        MalformedRequest: A value is not formed as handle-http-api.md §5 says.
        InvalidValue: There are more than a record may have.
        IndexNotPositive: A value has an index below one.
        IndexConflict: Two values share an index.

    """
    if not isinstance(items, list):
        raise parse("Expected JSON array")
    if len(items) > VALUES_MAX:
        raise InvalidValue(f"A record has at most {VALUES_MAX} values")
    packed: dict[int, bytes] = {}
    for item in items:
        index, value = _pack_one(item)
        if index in packed:
            raise IndexConflict(index)
        packed[index] = value
    return values.join(list(packed.values())), tuple(packed)


def _pack_one(item: Any) -> tuple[int, bytes]:
    try:
        found = object_of(item)
        index = integer_of(member(found, "index", "getAsInt"), most=_NEGATIVE_MAX)
        value_type = _type(found)
        data = data_bytes(found.get("data"))
        permissions = _permissions(found, default_permissions(value_type))
        ttl_type, ttl = _ttl(found)
        if (
            "timestamp" in found
        ):  # read and refused like the original does, then the node's own counts
            _seconds(text_of(found["timestamp"]))
        references = _references(found.get("references"))
    except MalformedJson as error:
        raise parse(str(error)) from error
    if not 1 <= index <= _INT_MAX:
        raise IndexNotPositive("Value indexes must be positive")
    packed = values.pack_value(
        index,
        value_type,
        data,
        timestamp=0,
        ttl_type=ttl_type,
        ttl=ttl,
        permissions=permissions,
        references=references,
    )
    return index, packed


def _type(found: JsonObject) -> bytes:
    value_type = bytes_of(member(found, "type"))
    if len(value_type) > TYPE_BYTES_MAX:
        raise MalformedJson(f"Value type is longer than {TYPE_BYTES_MAX} bytes")
    return value_type


def data_bytes(found: Any) -> bytes:
    """Return the bytes of a ``data`` member: a plain string, or ``{"format": …, "value": …}``.

    Raises:
        MalformedJson: The format is unknown, or the value is not of that format.

    """
    try:
        data = TYPES.data_bytes(found)
    except ProtocolError as error:
        raise MalformedJson(f"java.lang.IllegalArgumentException: {error}") from error
    if len(data) > RECORD_BYTES_MAX:
        raise MalformedJson(f"Value data is longer than {RECORD_BYTES_MAX} bytes")
    return data


def _ttl(found: JsonObject) -> tuple[int, int]:
    """Return type and seconds of a time to live: a number is relative, text a date and absolute."""
    if "ttl" not in found:
        return TtlType.RELATIVE, TTL_DEFAULT_SECONDS
    ttl = found["ttl"]
    if ttl is None or isinstance(ttl, dict | list):
        raise MalformedJson(f"java.lang.IllegalStateException: Not a JSON Primitive: {shown(ttl)}")
    if isinstance(ttl, bool):
        raise MalformedJson("java.lang.NumberFormatException: bad ttl")
    if isinstance(ttl, str) and not isinstance(ttl, JsonNumber):
        return TtlType.ABSOLUTE, _seconds(ttl)
    return TtlType.RELATIVE, integer_of(ttl)


def _seconds(text: str) -> int:
    """Return a date, of UTC unless it names an offset, as epoch seconds.

    Raises:
        MalformedJson: It is none, or beyond 32 bits of seconds (which the original lets run over).

    """
    try:
        moment = datetime.fromisoformat(text) if "-" in text[1:] else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = None if moment is None else int(moment.timestamp())
    except (ValueError, OverflowError):
        seconds = None
    if seconds is None or not _INT_MIN <= seconds <= _INT_MAX:
        raise MalformedJson(f'java.text.ParseException: Unparseable date: "{shown(text)}"')
    return seconds


def _permissions(found: JsonObject, default: int) -> int:
    """Return four permission bits.

    They are read from the right end of the text, one character a bit, and whatever is no ``1`` clears; like in the
    original, the first of four characters counts only if another one stands before it.
    """
    if "permissions" not in found:
        return default
    text = text_of(found["permissions"])
    if text == "*":
        return _ALL
    bits = default
    for place, least in enumerate(_LEAST_CHARACTERS):
        if len(text) >= least:
            bits = bits & ~(1 << place) | (text[-1 - place] == "1") << place
    return bits


def _references(found: Any) -> bytes:
    items = items_of(found)
    if len(items) > VALUES_MAX:
        raise MalformedJson(f"More than {VALUES_MAX} references")
    parts = [len(items).to_bytes(4, "big")]
    for each in items:
        reference = object_of(each)
        handle = bytes_of(member(reference, "handle"))
        index = integer_of(member(reference, "index", "getAsInt"))
        parts += [len(handle).to_bytes(4, "big"), handle, index.to_bytes(4, "big", signed=True)]
    return b"".join(parts)
