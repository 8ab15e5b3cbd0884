"""Describes how a segment's file is mapped, and what the system is told about how it will be read.

A record is looked up alone, so a page that is not in memory is read alone: the system would otherwise read what lies
around it, too, up to megabytes a record. Whoever goes through a segment in order has it read ahead.
"""

import mmap
from typing import Final

from idnode.registry.embedded.storage.record import Bytes
from idnode.registry.embedded.storage.shortage import SPARE_DESCRIPTORS

AHEAD_BYTES: Final = 8 << 20
"""How far the disk is ahead of a reader, at least."""


def map_length(descriptor: int, length: int) -> mmap.mmap:
    """Return a read-only mapping of the first ``length`` bytes, for reads in any order."""
    data = SPARE_DESCRIPTORS.carry_out(  # a mapping keeps a descriptor of its own
        lambda: mmap.mmap(descriptor, length, access=mmap.ACCESS_READ)
    )
    if hasattr(mmap, "MADV_RANDOM"):
        data.madvise(mmap.MADV_RANDOM)
    return data


def read_ahead(data: Bytes, at: int) -> int:
    """Have the disk read what follows an offset, without waiting for it; returns the offset to call this again at."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_WILLNEED") and at < len(data):
        start = at - at % mmap.PAGESIZE
        data.madvise(mmap.MADV_WILLNEED, start, min(2 * AHEAD_BYTES, len(data) - start))
    return at + AHEAD_BYTES
