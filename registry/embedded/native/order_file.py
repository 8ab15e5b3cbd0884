"""A sealed segment's run in a file of its own beside it: ``segment-N.order``.

Offsets of the records in units of 8 bytes, four bytes each, in the order of the folded handles, behind a header
(little-endian)::

    8 magic, u4 format version, 16 register id, u8 segment, u8 bytes of the segment, u8 offsets,
    u4 CRC-32C of the offsets, 4 zeros, u4 CRC-32C of the header

The file can be made again from its segment at any time, and is of no use with any other.
"""

import os
import struct
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

import google_crc32c

from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.native.ordering import Run, adopt
from idnode.registry.embedded.storage.atomic import write_atomically
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.folder import segment_path
from idnode.registry.embedded.storage.segment import HEADER_BYTES

SUFFIX: Final = ".order"

_MAGIC: Final = b"idnodeor"
_FORMAT: Final = 1
_HEADER = struct.Struct("<8sI16sQQQI4x")
_CHECKSUM = struct.Struct("<I")
_HEAD_BYTES: Final = _HEADER.size + _CHECKSUM.size


def order_path(folder: Path, number: int) -> Path:
    """Return where the run of a segment lies."""
    return segment_path(folder, number).with_suffix(SUFFIX)


def store(path: Path, run: Run, *, register: bytes, number: int, disk: Disk) -> None:
    """Write a run, durably, in place of what may be there.

    Raises:
        OSError: The disk refused.

    """
    head = _head(register, number, run)
    write_atomically(path, (head, memoryview(run)), disk=disk)


def load(path: Path, *, register: bytes, number: int, size: int) -> Run | None:
    """Return the run of the segment of this number and size, ``None`` without a good one."""
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            if length < _HEAD_BYTES or (length - _HEAD_BYTES) % 4:
                return None
            data = mmap(file.fileno(), length, access=ACCESS_READ)
    except OSError:
        return None
    offsets = memoryview(data)[_HEAD_BYTES:]
    run = adopt(number % SEGMENTS_MAX, HEADER_BYTES, size, offsets)
    return run if data[:_HEAD_BYTES] == _head(register, number, run) else None


def _head(register: bytes, number: int, run: Run) -> bytes:
    checked = _HEADER.pack(_MAGIC, _FORMAT, register, number, run.end, len(run), run.checksum())
    return checked + _CHECKSUM.pack(google_crc32c.value(checked))


def leftovers(folder: Path, numbers: set[int]) -> Iterator[Path]:
    """Yield the runs of segments that are not among these."""
    kept = {order_path(folder, number) for number in numbers}
    for path in folder.glob("segment-*" + SUFFIX):
        if path not in kept:
            yield path
