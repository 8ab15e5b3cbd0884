"""Values sent as JSON, checked and packed (handle-http-api.md §4 and §5).

Whatever is wrong raises `MalformedRequest` with the original's text, or the register's own errors for an
index below one and for two values at one index, which the original notices before it authenticates.
"""

from datetime import UTC, datetime
from typing import Any, Final

from idnode.node.faces.http.java_texts import missing_member, number_format, parse
from idnode.registry.errors import IndexConflict
from idnode.registry.handle import values
from idnode.registry.handle.errors import IndexNotPositive
from idnode.registry.handle.limits import RECORD_BYTES_MAX, TYPE_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import PERMISSIONS_DEFAULT, TTL_DEFAULT_SECONDS, TtlType
from idnode.registry.handle.types.json_reading import MalformedJson
from idnode.registry.handle.types.table import TYPES
from idnode.registry.handle.wire.errors import ProtocolError

_ADMIN_READ: Final = 8
_PERMISSION_CHARACTERS: Final = 4
_INT_MIN: Final = -0x80000000
_INT_MAX: Final = 0x7FFFFFFF


def pack_values(items: Any) -> tuple[bytes, tuple[int, ...]]:
    """Return the packed list of these JSON values, without timestamps, and their indexes in order.

    Raises:
        MalformedRequest: A value is not formed as handle-http-api.md §5 says.
        IndexNotPositive: A value has an index below one.
        IndexConflict: Two values share an index.

    """
    if not isinstance(items, list):
        raise parse("Expected JSON array")
    if len(items) > VALUES_MAX:
        raise parse(f"More than {VALUES_MAX} values")
    packed: dict[int, bytes] = {}
    for item in items:
        index, value = _pack_one(item)
        if index in packed:
            raise IndexConflict(index)
        packed[index] = value
    return values.join(list(packed.values())), tuple(packed)


def _pack_one(item: Any) -> tuple[int, bytes]:
    if not isinstance(item, dict):
        raise parse(f"java.lang.IllegalStateException: Not a JSON Object: {_shown(item)}")
    index = integer(_member(item, "index", "getAsInt"))
    value_type = _text(_member(item, "type", "getAsString"))
    if not 0 < len(value_type) <= TYPE_BYTES_MAX:
        raise parse(f"Value type must have 1 to {TYPE_BYTES_MAX} bytes")
    data = data_bytes(_member(item, "data", "getAsString"))
    if index < 1:
        raise IndexNotPositive("Value indexes must be positive")
    ttl_type, ttl = _ttl(item.get("ttl"))
    return index, values.pack_value(
        index,
        value_type,
        data,
        timestamp=0,
        ttl_type=ttl_type,
        ttl=ttl,
        permissions=_permissions(item.get("permissions")),
        references=_references(item.get("references")),
    )


def _member(item: dict[str, Any], name: str, accessor: str) -> Any:
    found = item.get(name)
    if found is None:
        raise missing_member(accessor)
    return found


def integer(found: Any) -> int:
    """Return a JSON number, or a string that holds one, as a 32-bit integer.

    Raises:
        MalformedRequest: It is neither, or does not fit.

    """
    try:
        number = int(found) if isinstance(found, str) and len(found) <= 11 else found
    except ValueError as error:
        raise parse(number_format(_shown(found)).args[0]) from error
    if type(number) is not int or not _INT_MIN <= number <= _INT_MAX:
        raise parse(number_format(_shown(found)).args[0])
    return number


def _shown(found: Any) -> str:
    return str(found)[:64]


def _text(found: Any) -> bytes:
    if not isinstance(found, str):
        raise parse(f"java.lang.IllegalStateException: Not a string: {_shown(found)}")
    try:
        return found.encode()
    except UnicodeEncodeError as error:
        raise parse("java.nio.charset.MalformedInputException: Input length = 1") from error


def data_bytes(found: Any) -> bytes:
    """Return the bytes of a ``data`` member: a plain string, or ``{"format": …, "value": …}``.

    Raises:
        MalformedRequest: The format is unknown, or the value is not of that format.

    """
    try:
        data = TYPES.data_bytes(found)
    except MalformedJson as error:
        raise parse(str(error)) from error
    except ProtocolError as error:
        raise parse(f"java.lang.IllegalArgumentException: {error}") from error
    if len(data) > RECORD_BYTES_MAX:
        raise parse(f"Value data is longer than {RECORD_BYTES_MAX} bytes")
    return data


def _ttl(found: Any) -> tuple[int, int]:
    """Return type and seconds of a time to live: a number is relative, a date absolute."""
    if found is None:
        return TtlType.RELATIVE, TTL_DEFAULT_SECONDS
    if not isinstance(found, str) or not found.endswith("Z"):
        return TtlType.RELATIVE, integer(found)
    try:
        moment = datetime.fromisoformat(found)
    except ValueError as error:
        raise parse(f'java.text.ParseException: Unparseable date: "{_shown(found)}"') from error
    seconds = int(moment.astimezone(UTC).timestamp())
    if not _INT_MIN <= seconds <= _INT_MAX:
        raise parse(f'java.text.ParseException: Unparseable date: "{_shown(found)}"')
    return TtlType.ABSOLUTE, seconds


def _permissions(found: Any) -> int:
    """Return four permission bits; like the original, the first of four characters is never cleared."""
    if found is None:
        return PERMISSIONS_DEFAULT
    if found == "*":
        return 0x0F
    if (
        not isinstance(found, str)
        or len(found) != _PERMISSION_CHARACTERS
        or not set(found) <= {"0", "1"}
    ):
        raise parse(f"java.text.ParseException: Unexpected permissions {_shown(found)}")
    return int(found, 2) | _ADMIN_READ


def _references(found: Any) -> bytes:
    if found is None:
        return values.EMPTY
    if not isinstance(found, list) or len(found) > VALUES_MAX:
        raise parse("java.lang.IllegalStateException: Not a JSON Array: references")
    parts = [len(found).to_bytes(4, "big")]
    for item in found:
        if not isinstance(item, dict):
            raise parse(f"java.lang.IllegalStateException: Not a JSON Object: {_shown(item)}")
        handle = _text(_member(item, "handle", "getAsString"))
        index = integer(_member(item, "index", "getAsInt"))
        parts += [len(handle).to_bytes(4, "big"), handle, index.to_bytes(4, "big", signed=True)]
    return b"".join(parts)
