"""The segment that takes records: its descriptor, its capacity and its mapping.

It knows offsets, not records. The file keeps its length from the day it is made until its successor is in the
manifest, so that a shorter one is damage. What must be undone is written over with zeros, which takes no room.
"""

import os
from mmap import mmap
from pathlib import Path
from typing import Final

from idnode.registry.embedded.limits import PLACE_UNIT
from idnode.registry.embedded.storage.disk import Disk, write_all, write_some
from idnode.registry.embedded.storage.holes import runs
from idnode.registry.embedded.storage.mapping import map_length
from idnode.registry.embedded.storage.shortage import DiskFailed, insist

_ZEROS: Final = bytes(1 << 20)


class ActiveSegment:
    """An open segment file. Every method may raise `OSError`."""

    def __init__(self, disk: Disk, path: Path, number: int) -> None:
        self._disk = disk
        self._path = path
        self._descriptor = disk.open(path, os.O_RDWR)
        self.number = number
        try:
            self.capacity = os.fstat(self._descriptor).st_size
            """Bytes that fit, header included; the file's length."""
            self.data = map_length(self._descriptor, self.capacity)
        except OSError:
            self.close()
            raise

    def reserve(self, capacity: int) -> mmap:
        """Extend the file to at least this many bytes (and to whole units); returns its mapping."""
        capacity = -(-max(capacity, self.capacity) // PLACE_UNIT) * PLACE_UNIT
        if capacity != self.capacity:
            self._disk.truncate(self._descriptor, capacity)
            self.data = map_length(self._descriptor, capacity)
            self.capacity = capacity
        return self.data

    def write(self, data: bytes | memoryview, offset: int, *, undo_from: int | None = None) -> None:
        """Write at an offset; a failure takes back what was written from there on, or from ``undo_from`` on.

        Raises:
            DiskFailed: The disk refused, and would not even have zeros over what it took.
            OSError: It refused, and nothing of the write is left.

        """
        written = 0
        try:
            while written < len(data):
                piece = memoryview(data)[written:] if written else data
                written += write_some(self._disk, self._descriptor, piece, offset + written)
        except OSError:
            self.clear(offset if undo_from is None else undo_from, offset + written)
            raise

    def clear(self, start: int, end: int) -> None:
        """Put zeros over what was written between two offsets.

        Raises:
            DiskFailed: The disk refused.

        """
        try:
            for at in range(start, end, len(_ZEROS)):
                zeros = _ZEROS if end - at >= len(_ZEROS) else bytes(end - at)
                write_all(self._disk, self._descriptor, zeros, at)
        except OSError as error:
            raise DiskFailed(error.errno, error.strerror) from error

    def cut(self, offset: int) -> None:
        """Replace everything from an offset on by zeros, durably."""
        for start, end in runs(self._path, offset, self.capacity):
            self.clear(start, end)
        insist(self._disk.sync, self._descriptor)

    def sealed(self, end: int) -> mmap:
        """Return a mapping of the file up to its last record."""
        return map_length(self._descriptor, end)

    def seal(self, end: int) -> None:
        """Cut the file to this length, for good: the manifest knows it by now. Gives the descriptor back."""
        self._disk.truncate(self._descriptor, end)
        self.close()

    def sync(self) -> None:
        """Return once everything written is on the disk."""
        insist(self._disk.sync_data, self._descriptor)

    def close(self) -> None:
        """Give the descriptor back; mappings stay."""
        self._disk.close(self._descriptor)
