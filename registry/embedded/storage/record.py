"""One record of the log, both ways.

Layout (little-endian)::

    u4 CRC-32C of everything behind it up to the length
    u4 length of header, handle and values, without the padding
    u8 sequence, u1 kind, u1 flags, u2 handle length
    handle, packed values, zeros up to a multiple of 8

A record knows no file; where it lies is told by its place (`place_of`).
"""

import struct
from mmap import mmap
from typing import Final, NamedTuple

import google_crc32c

from idnode.registry.embedded.limits import PLACE_UNIT, SEGMENT_SPAN_BYTES, SEGMENTS_MAX
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX

PUT: Final = 1
"""Kind: the handle has these values from here on."""
DELETE: Final = 2
"""Kind: the handle has no record from here on."""

CONTINUES: Final = 0x01
"""Flag: an all-or-nothing group goes on in the next record."""
FIRST: Final = 0x02
"""Flag: the first record written since the last sync, hence proof that all before it was synced."""
RESTRICTED: Final = 0x04
"""Flag: some value is not for everybody to read."""

HEADER_BYTES: Final = 20
LENGTH_MAX: Final = HEADER_BYTES + HANDLE_BYTES_MAX + RECORD_BYTES_MAX
"""Longest record in bytes, without padding."""
SIZE_MIN: Final = 24
"""Fewest bytes that a record takes on disk."""
SPAN_PLACES: Final = SEGMENT_SPAN_BYTES // PLACE_UNIT
"""Places that one segment owns."""

_HEADER = struct.Struct("<IIQBBH")
_CHECKSUM = struct.Struct("<I")
_CHECKED = struct.Struct("<IQBBH")  # the header behind the checksum
_PADDING: Final = tuple(bytes(size) for size in range(PLACE_UNIT))
_pack_checksum = _CHECKSUM.pack
_pack_checked = _CHECKED.pack
_unpack_header = _HEADER.unpack_from
_crc32c = google_crc32c.value

assert _HEADER.size == HEADER_BYTES
assert _CHECKSUM.size + _CHECKED.size == HEADER_BYTES
assert HANDLE_BYTES_MAX <= 0xFFFF


Bytes = bytes | mmap
"""What records are read from: a copy in memory or a mapped file."""


class Record(NamedTuple):
    """A verified record and where it lies."""

    place: int
    sequence: int
    kind: int
    flags: int
    handle: bytes
    values: bytes
    size: int
    """Bytes on disk, padding included."""


_new_record = Record._make


def place_of(number: int, offset: int) -> int:
    """Return the place of an offset (a multiple of 8) in the segment of this number."""
    return number % SEGMENTS_MAX * SPAN_PLACES + offset // PLACE_UNIT


def encode(sequence: int, kind: int, flags: int, handle: bytes, values: bytes) -> bytes:
    """Return the padded record; handle and values are taken as within their limits."""
    handle_bytes = len(handle)
    length = HEADER_BYTES + handle_bytes + len(values)
    checked = b"".join((_pack_checked(length, sequence, kind, flags, handle_bytes), handle, values))
    return b"".join((_pack_checksum(_crc32c(checked)), checked, _PADDING[-length & 7]))


def decode(buffer: Bytes, offset: int, *, place: int) -> Record:
    """Return the record at this offset.

    Raises:
        LogDamaged: No whole, unaltered record lies there; segment (its number modulo
            `SEGMENTS_MAX`) and offset are those of ``place``.

    """
    try:
        checksum, length, sequence, kind, flags, handle_bytes = _unpack_header(buffer, offset)
    except struct.error:
        raise _damaged(place, "the record's header reaches past the end") from None
    if length > LENGTH_MAX:
        raise _damaged(place, f"a record cannot have {length} bytes")
    end = offset + length
    checked = buffer[offset + 4 : end]
    if len(checked) + 4 != length:
        raise _damaged(place, f"a record of {length} bytes does not lie here whole")
    if _crc32c(checked) != checksum:
        raise _damaged(place, "the checksum does not match")
    values_at = 16 + handle_bytes
    if not (0 < handle_bytes <= length - HEADER_BYTES and 0 < kind < 3):
        raise _damaged(place, f"kind {kind} or handle length {handle_bytes} is impossible")
    padding = -length & 7
    if padding and buffer[end : end + padding] != _PADDING[padding]:
        raise _damaged(place, "the padding is not zero")
    return _new_record(
        (
            place,
            sequence,
            kind,
            flags,
            checked[16:values_at],
            checked[values_at:],
            length + padding,
        )
    )


def _damaged(place: int, reason: str) -> LogDamaged:
    slot, units = divmod(place, SPAN_PLACES)
    return LogDamaged(reason, segment=slot, offset=units * PLACE_UNIT)
