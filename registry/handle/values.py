"""Packed value lists: the values of a record in the wire form of a resolution answer.

Layout (handle-protocol.md §0 and §3.1, all integers big-endian)::

    list  = u4 count, value…
    value = i4 index, u4 timestamp, u1 ttl type, i4 ttl, u1 permissions,
            str type, str data, u4 count, {str handle, i4 index}…
    str   = u4 length, bytes

The register stores records in this form, so that answering is joining stored bytes. Everything here
checks every length before it slices, and raises nothing but `InvalidValue` (and its leaf) on any bytes.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.errors import IndexConflict, InvalidValue, RecordTooLarge
from idnode.registry.handle.limits import RECORD_BYTES_MAX, TYPE_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import HandleValue, Reference

EMPTY: Final = b"\0\0\0\0"
"""A packed list of no values."""

_PUBLIC_READ: Final = 2
_COUNT = struct.Struct(">I")
_FIXED = struct.Struct(">iIBiBI")  # up to and with the length of the type
_READABLE = struct.Struct(">13xBI")  # of the same only the permissions and the length of the type
_REFERENCE_INDEX = struct.Struct(">i")
_FIXED_BYTES: Final = _FIXED.size
_pack_fixed = _FIXED.pack
_unpack_fixed = _FIXED.unpack_from
_unpack_readable = _READABLE.unpack_from
_pack_count = _COUNT.pack
_pack_count_into = _COUNT.pack_into
_unpack_count = _COUNT.unpack_from


@dataclass(slots=True)
class Span:
    """Tells where one value lies in a packed list, with what selecting needs of it."""

    index: int
    permissions: int
    type: bytes
    start: int
    end: int


def pack_value(  # noqa: PLR0913  # the fields of the wire record, in its order
    index: int,
    value_type: bytes,
    data: bytes,
    *,
    timestamp: int,
    ttl: int = 86_400,
    ttl_type: int = 0,
    permissions: int = 0x0E,
    references: bytes = EMPTY,
) -> bytes:
    """Return one packed value; fields are taken as valid, references as already packed."""
    return b"".join(
        (
            _pack_fixed(index, timestamp, ttl_type, ttl, permissions, len(value_type)),
            value_type,
            _pack_count(len(data)),
            data,
            references,
        )
    )


def pack(values: Iterable[HandleValue]) -> bytes:
    """Return the packed list of these values, in their order and with their own timestamps."""
    packed = [_pack_object(value) for value in values]
    return join(packed)


def join(packed: Sequence[bytes]) -> bytes:
    """Return the packed list of values that are packed one by one."""
    return _pack_count(len(packed)) + b"".join(packed)


def _pack_object(value: HandleValue) -> bytes:
    try:
        references = _pack_count(len(value.references)) + b"".join(
            _pack_count(len(handle)) + handle + _REFERENCE_INDEX.pack(reference.index)
            for reference in value.references
            for handle in (reference.handle.encode(),)
        )
        value_type = value.type.encode()
    except (UnicodeEncodeError, struct.error) as error:
        raise InvalidValue(f"Value {value.index} cannot be encoded: {error}") from error
    return pack_value(
        value.index,
        value_type,
        value.data,
        timestamp=value.timestamp,
        ttl=value.ttl,
        ttl_type=value.ttl_type,
        permissions=value.permissions,
        references=references,
    )


def spans(packed: bytes) -> list[Span]:
    """Return where each value lies.

    Raises:
        InvalidValue: The bytes are no packed list, or something follows it.

    """
    found: list[Span] = []
    end = len(packed)
    try:
        (count,) = _unpack_count(packed, 0)
        if count > VALUES_MAX:
            raise InvalidValue(f"A record has at most {VALUES_MAX} values")
        at = 4
        for _ in range(count):
            start = at
            index, _stamp, _ttl_type, _ttl, permissions, type_bytes = _unpack_fixed(packed, at)
            at += _FIXED_BYTES
            value_type = packed[at : at + type_bytes]
            at += type_bytes
            (data_bytes,) = _unpack_count(packed, at)
            at += 4 + data_bytes
            (references,) = _unpack_count(packed, at)
            at += 4
            if references:
                at = _skip_references(packed, at, references)
            if at > end:
                raise InvalidValue("A value reaches past the end of its list")
            found.append(Span(index, permissions, value_type, start, at))
    except struct.error as error:
        raise InvalidValue("A value reaches past the end of its list") from error
    if at != end:
        raise InvalidValue("Bytes follow the last value")
    return found


def _skip_references(packed: bytes, at: int, count: int) -> int:
    if count * 8 > len(packed) - at:
        raise InvalidValue("References reach past the end of their list")
    for _ in range(count):
        (handle_bytes,) = _unpack_count(packed, at)
        at += 8 + handle_bytes
    return at


def unpack(packed: bytes) -> tuple[HandleValue, ...]:
    """Return the values of a packed list.

    Raises:
        InvalidValue: The bytes are no packed list, or a value breaks the model.

    """
    return tuple(_unpack_object(packed, span) for span in spans(packed))


def _unpack_object(packed: bytes, span: Span) -> HandleValue:
    index, timestamp, ttl_type, ttl, permissions, type_bytes = _unpack_fixed(packed, span.start)
    at = span.start + _FIXED_BYTES + type_bytes
    (data_bytes,) = _unpack_count(packed, at)
    data = packed[at + 4 : at + 4 + data_bytes]
    at += 4 + data_bytes
    (count,) = _unpack_count(packed, at)
    at += 4
    references = []
    try:
        for _ in range(count):
            (handle_bytes,) = _unpack_count(packed, at)
            handle = packed[at + 4 : at + 4 + handle_bytes].decode()
            at += 4 + handle_bytes
            references.append(Reference(handle, _REFERENCE_INDEX.unpack_from(packed, at)[0]))
            at += 4
        value_type = span.type.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue(f"Value {index} has text that is not UTF-8") from error
    return HandleValue(
        index, value_type, data, ttl, ttl_type, permissions, timestamp, tuple(references)
    )


def data_of(packed: bytes, span: Span) -> bytes:
    """Return the data of the value at a span of this list."""
    at = span.start + _FIXED_BYTES + len(span.type)
    (data_bytes,) = _unpack_count(packed, at)
    return packed[at + 4 : at + 4 + data_bytes]


def check(packed: bytes) -> list[Span]:
    """Return where each value of a list that is to be stored lies.

    Raises:
        InvalidValue: No packed list, or a value breaks the model (the first index below one as
            `IndexNotPositive`).
        IndexConflict: Two values share an index.
        RecordTooLarge: More values or bytes than a record may have.

    """
    if len(packed) > RECORD_BYTES_MAX:
        raise RecordTooLarge(f"A record has at most {RECORD_BYTES_MAX} bytes of values")
    seen: set[int] = set()
    found = spans(packed)
    for span in found:
        _unpack_object(packed, span)
        if span.index in seen:
            raise IndexConflict(span.index)
        seen.add(span.index)
    return found


def dated(packed: bytes, now: int) -> tuple[bytes, bool]:
    """Return a list fit for storing, each value dated ``now`` (epoch seconds), and whether all are public.

    Raises:
        InvalidValue, IndexConflict, RecordTooLarge: As `check`.

    """
    plain = _dated_if_plain(packed, now)
    if plain is not None:
        return plain
    check(packed)
    return stamped(packed, now), all_public(packed)


def _dated_if_plain(packed: bytes, now: int) -> tuple[bytes, bool] | None:
    """Do as `dated` in one pass where all values are of the usual kind; nothing comes back for others."""
    size = len(packed)
    if size > RECORD_BYTES_MAX:
        return None
    out = bytearray(packed)
    seen: set[int] = set()
    public, at = _PUBLIC_READ, 4
    try:
        (count,) = _unpack_count(packed, 0)
        if count > VALUES_MAX:
            return None
        for _ in range(count):
            index, _stamp, ttl_type, _ttl, permissions, type_bytes = _unpack_fixed(packed, at)
            start = at + _FIXED_BYTES
            (data_bytes,) = _unpack_count(packed, start + type_bytes)
            end = start + type_bytes + data_bytes + 8
            if (
                index < 1
                or ttl_type > 1
                or permissions > 15
                or type_bytes > TYPE_BYTES_MAX
                or not packed[start : start + type_bytes].isascii()
                or packed[end - 4 : end] != EMPTY
            ):
                return None
            seen.add(index)
            public &= permissions
            _pack_count_into(out, at + 4, now)
            at = end
    except struct.error:
        return None
    return (bytes(out), bool(public)) if at == size and len(seen) == count else None


def all_public(packed: bytes) -> bool:
    """Return whether everybody may read every value; much cheaper than `spans`.

    Raises:
        InvalidValue: As `spans`.

    """
    public = _PUBLIC_READ
    at = _COUNT.size
    try:
        (count,) = _unpack_count(packed, 0)
        if count > VALUES_MAX:
            raise InvalidValue(f"A record has at most {VALUES_MAX} values")
        for _ in range(count):
            permissions, type_bytes = _unpack_readable(packed, at)
            public &= permissions
            at += _FIXED_BYTES + type_bytes
            (data_bytes,) = _unpack_count(packed, at)
            at += 4 + data_bytes
            (references,) = _unpack_count(packed, at)
            at += 4
            if references:
                at = _skip_references(packed, at, references)
    except struct.error as error:
        raise InvalidValue("A value reaches past the end of its list") from error
    if at != len(packed):
        raise InvalidValue("Bytes follow the last value, or it reaches past the end of its list")
    return bool(public)


def stamped(packed: bytes, now: int) -> bytes:
    """Return the list with each value's timestamp set to ``now`` (epoch seconds)."""
    stamp = _pack_count(now)
    out = bytearray(packed)
    for span in spans(packed):
        out[span.start + 4 : span.start + 8] = stamp
    return bytes(out)


def select(
    packed: bytes,
    *,
    indexes: Sequence[int] = (),
    types: Sequence[bytes] = (),
    public_only: bool = True,
) -> bytes:
    """Return the values that match one of the indexes or one of the types (all when both are empty).

    A type matches case-insensitively in ASCII; one that ends in ``.`` also matches the type without the
    dot and every type below it (handle-protocol.md §3.1). Without matches the packed empty list comes back.
    """
    whole = not indexes and not types
    folded = tuple(value_type.upper() for value_type in types)
    chosen = [
        packed[span.start : span.end]
        for span in spans(packed)
        if (not public_only or span.permissions & _PUBLIC_READ)
        and (whole or span.index in indexes or _type_matches(span.type.upper(), folded))
    ]
    return join(chosen)


def _type_matches(value_type: bytes, wanted: Iterable[bytes]) -> bool:
    return any(
        value_type == entry
        or (entry.endswith(b".") and (value_type == entry[:-1] or value_type.startswith(entry)))
        for entry in wanted
    )


def by_index(packed: bytes) -> dict[int, bytes]:
    """Return each packed value under its index, in the order of the list."""
    return {span.index: packed[span.start : span.end] for span in spans(packed)}


def sorted_by_index(values: dict[int, bytes]) -> bytes:
    """Return the packed list of these values in ascending order of index."""
    return join([values[index] for index in sorted(values)])
