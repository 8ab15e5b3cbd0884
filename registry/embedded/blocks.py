"""Checksummed blocks: how the clean-stop image is laid down in a file.

A block is ``u4 length, u4 crc32c of the payload, payload``, little-endian. A block of no bytes ends a section.
"""

import struct
from typing import BinaryIO, Final

import google_crc32c

from idnode.registry.errors import LogDamaged

BLOCK_BYTES_MAX: Final = 1 << 28
"""Longest payload that is believed; a length beyond it can only be damage."""

_HEAD = struct.Struct("<II")


def write_block(file: BinaryIO, payload: bytes) -> None:
    """Append one block."""
    file.write(_HEAD.pack(len(payload), google_crc32c.value(payload)))
    file.write(payload)


def read_block(file: BinaryIO) -> bytes:
    """Return the payload of the next block.

    Raises:
        LogDamaged: The block is short, too long to be true, or not what was written.

    """
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise LogDamaged("The image ends inside the head of a block")
    length, crc = _HEAD.unpack(head)
    if length > BLOCK_BYTES_MAX:
        raise LogDamaged(f"The image has a block of {length} bytes")
    payload = file.read(length)
    if len(payload) < length or google_crc32c.value(payload) != crc:
        raise LogDamaged("A block of the image fails its checksum")
    return payload
