"""One file of the log: its name, its header, its mapping.

The header takes 64 bytes (little-endian)::

    8 magic, u4 format version, 16 register id, u8 number, u8 first sequence, 16 zeros, u4 CRC-32C

Records follow from offset 64 on, each at a multiple of 8. The active segment is extended with a hole
when it is made, so that one mapping shows records as soon as they are written; zeros are its end. A
sealed segment ends where its last record does and never changes again.
"""

import os
import re
import struct
from mmap import mmap
from pathlib import Path
from typing import Final, NamedTuple

import google_crc32c

from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.storage.disk import Disk, write_all
from idnode.registry.embedded.storage.mapping import map_length
from idnode.registry.embedded.storage.record import Bytes
from idnode.registry.embedded.storage.shortage import insist
from idnode.registry.errors import LogDamaged

HEADER_BYTES: Final = 64
"""Where the first record of a segment lies."""

MAGIC: Final = b"idnodelg"
FORMAT_VERSION: Final = 1
REGISTER_ID_BYTES: Final = 16

_HEADER = struct.Struct("<8sI16sQQ16s")
_CHECKSUM = struct.Struct("<I")
_NAME = re.compile(r"segment-(\d{8,})\.log")

assert _HEADER.size + _CHECKSUM.size == HEADER_BYTES


class Header(NamedTuple):
    """Holds what a segment says of itself."""

    register: bytes
    """Id of the register that the log belongs to."""
    number: int
    first: int
    """Sequence of the first record."""


def file_name(number: int) -> str:
    """Return the name of the segment with this number."""
    return f"segment-{number:08d}.log"


def number_of(name: str) -> int | None:
    """Return the number in the name of a segment's file; None for any other file."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match and file_name(int(match[1])) == name else None


def encode_header(header: Header) -> bytes:
    """Return the first 64 bytes of a segment."""
    checked = _HEADER.pack(
        MAGIC, FORMAT_VERSION, header.register, header.number, header.first, bytes(16)
    )
    return checked + _CHECKSUM.pack(google_crc32c.value(checked))


def check_header(data: Bytes, expected: Header) -> None:
    """Check that the segment is the expected one.

    Raises:
        LogDamaged: The header is cut, altered, of another format, or of another segment or register.

    """
    found = data[:HEADER_BYTES]
    if found == encode_header(expected):
        return
    raise LogDamaged(_header_problem(found, expected), segment=expected.number, offset=0)


def _header_problem(found: bytes, expected: Header) -> str:
    if len(found) < HEADER_BYTES:
        return f"the header is cut after {len(found)} bytes"
    if _CHECKSUM.unpack_from(found, _HEADER.size)[0] != google_crc32c.value(found[: _HEADER.size]):
        return "the header's checksum does not match"
    magic, version, register, number, first, _zeros = _HEADER.unpack_from(found)
    if magic != MAGIC or version != FORMAT_VERSION:
        return f"format {magic!r} version {version} is not ours"
    if register != expected.register:
        return f"the segment belongs to register {register.hex()}"
    if number != expected.number:
        return f"the file holds segment {number}"
    return f"first sequence is {first}, the manifest says {expected.first}"


def create(disk: Disk, path: Path, header: Header, capacity: int) -> None:
    """Make a new, durable segment of this capacity in bytes; its name is not durable yet.

    Raises:
        OSError: The disk refused; a part of the file may be there.

    """
    descriptor = disk.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, descriptor, encode_header(header), 0)
        disk.truncate(descriptor, capacity)
        insist(disk.sync, descriptor)
    finally:
        disk.close(descriptor)


def map_segment(path: Path, number: int) -> mmap:
    """Return a read-only mapping of the whole file.

    Raises:
        LogDamaged: The file is empty, or longer than a segment can be.
        OSError: It cannot be read.

    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not 0 < size <= SEGMENT_SPAN_BYTES:
            raise LogDamaged(f"a segment cannot have {size} bytes", segment=number, offset=0)
        return map_length(file.fileno(), size)
