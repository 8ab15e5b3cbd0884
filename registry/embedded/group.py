"""A commit group: the mutations that are logged with one write and, durably, with one sync.

Its rows lie in columns, one list a field, because a bulk registration makes a hundred thousand of them a
second.
"""

from collections.abc import Iterator
from typing import Final

from idnode.registry.embedded.limits import GROUP_BYTES_MAX, GROUP_ITEMS_MAX
from idnode.registry.embedded.storage.record import CONTINUES, FIRST, HEADER_BYTES, encode

_ROW_BYTES: Final = HEADER_BYTES + 7
"""What a record adds, at most, to its handle and values: the header and the padding."""


class Group:
    """Rows in log order, and which row is the latest of each handle."""

    __slots__ = (
        "_earlier",
        "bytes",
        "bytes_max",
        "flags",
        "handles",
        "keys",
        "kinds",
        "latest",
        "records",
        "values",
    )

    def __init__(self, bytes_max: int = GROUP_BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        """Bytes after which the group should close."""
        self.keys: list[bytes] = []
        self.handles: list[bytes] = []
        self.values: list[bytes] = []
        self.kinds = bytearray()
        self.flags = bytearray()
        self.latest: dict[bytes, int] = {}
        """Folded handle → its last row: what admission sees before the index does."""
        self.records: list[bytes] = []
        self.bytes = 0
        """Upper bound of the bytes of the records."""
        self._earlier: list[int | None] = []

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def full(self) -> bool:
        """Return whether the group should close."""
        return len(self.keys) >= GROUP_ITEMS_MAX or self.bytes >= self.bytes_max

    def add(self, key: bytes, handle: bytes, values: bytes, kind: int, flags: int) -> None:
        """Append a row; ``key`` is the folded handle."""
        latest = self.latest
        self._earlier.append(latest.get(key))
        latest[key] = len(self.keys)
        self.keys.append(key)
        self.handles.append(handle)
        self.values.append(values)
        self.kinds.append(kind)
        self.flags.append(flags)
        self.bytes += len(handle) + len(values) + _ROW_BYTES

    def truncate(self, rows: int) -> None:
        """Take back all rows from this one on, as if they had never been added."""
        for row in range(len(self.keys) - 1, rows - 1, -1):
            earlier = self._earlier[row]
            if earlier is None:
                del self.latest[self.keys[row]]
            else:
                self.latest[self.keys[row]] = earlier
            self.bytes -= len(self.handles[row]) + len(self.values[row]) + _ROW_BYTES
        for column in (self._earlier, self.keys, self.handles, self.values, self.kinds, self.flags):
            del column[rows:]

    def close_whole(self, first: int) -> None:
        """Bind the rows from ``first`` on together: after a crash either all are there or none."""
        for row in range(first, len(self.keys) - 1):
            self.flags[row] |= CONTINUES

    def mark_first(self) -> None:
        """Flag the first row as the first since the last sync."""
        self.flags[0] |= FIRST

    def encode(self, sequence: int, *, slice_rows: int) -> Iterator[None]:
        """Encode all rows into `records`, the first with this sequence; yields between two slices."""
        for start in range(0, len(self.keys), slice_rows):
            if start:
                yield
            stop = min(start + slice_rows, len(self.keys))
            self.records += map(
                encode,
                range(sequence + start, sequence + stop),
                self.kinds[start:stop],
                self.flags[start:stop],
                self.handles[start:stop],
                self.values[start:stop],
            )
