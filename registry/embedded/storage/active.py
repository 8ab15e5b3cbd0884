"""The segment that takes records: its descriptor, its capacity and its mapping.

It knows offsets, not records.
"""

import os
from mmap import mmap
from pathlib import Path

from idnode.registry.embedded.limits import PLACE_UNIT
from idnode.registry.embedded.storage.disk import Disk, write_all
from idnode.registry.embedded.storage.mapping import map_length


class ActiveSegment:
    """An open segment file. Every method may raise `OSError`."""

    def __init__(self, disk: Disk, path: Path, number: int) -> None:
        self._disk = disk
        self._descriptor = disk.open(path, os.O_RDWR)
        self.number = number
        self.capacity = os.fstat(self._descriptor).st_size
        """Bytes that fit, header included; the file's length."""
        self.data = map_length(self._descriptor, self.capacity)

    def reserve(self, capacity: int) -> mmap:
        """Extend the file to at least this many bytes (and to whole units); returns its mapping."""
        capacity = -(-max(capacity, self.capacity) // PLACE_UNIT) * PLACE_UNIT
        if capacity != self.capacity:
            self._disk.truncate(self._descriptor, capacity)
            self.data = map_length(self._descriptor, capacity)
            self.capacity = capacity
        return self.data

    def write(self, data: bytes | memoryview, offset: int) -> None:
        """Write at an offset; what was written is taken back, if that is possible, when it fails."""
        try:
            write_all(self._disk, self._descriptor, data, offset)
        except OSError:
            self._clear_behind(offset)
            raise

    def _clear_behind(self, offset: int) -> None:
        """Try to leave no part of a refused write behind; a failure to do so changes nothing."""
        try:
            self._disk.truncate(self._descriptor, offset)
            self._disk.truncate(self._descriptor, self.capacity)
        except OSError:
            return

    def cut(self, offset: int) -> None:
        """Replace everything from an offset on by zeros, durably."""
        self._disk.truncate(self._descriptor, offset)
        self._disk.sync(self._descriptor)
        self._disk.truncate(self._descriptor, self.capacity)

    def seal(self, offset: int) -> mmap:
        """Sync, cut the file to this length for good; returns a mapping of just that."""
        sealed = map_length(self._descriptor, offset)
        self._disk.truncate(self._descriptor, offset)
        self._disk.sync(self._descriptor)
        return sealed

    def sync(self) -> None:
        """Return once everything written is on the disk."""
        self._disk.sync_data(self._descriptor)

    def close(self) -> None:
        """Give the descriptor back; mappings stay."""
        self._disk.close(self._descriptor)
