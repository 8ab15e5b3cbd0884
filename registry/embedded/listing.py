"""Lists which handles a prefix has, in order: pages for listings, exact counts.

Per prefix a sorted list of folded handles plus the fresh ones, which are folded in by the thousand so
that registering costs little. A page starts behind a handle, not at a position, so that it stays right
whatever was written since the page before.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO, Final

import msgpack
from sortedcontainers import SortedList

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.errors import LogDamaged

FRESH_MAX: Final = 4096
"""Fresh handles of a prefix after which they are folded in; some five milliseconds of work."""

CHUNK_KEYS: Final = 65_536
"""Keys in one block of the image."""


class _Handles:
    """The folded handles of one prefix."""

    __slots__ = ("fresh", "ordered")

    def __init__(self, ordered: Sequence[bytes] = ()) -> None:
        self.ordered: SortedList[bytes] = SortedList(ordered)
        self.fresh: set[bytes] = set()

    def __len__(self) -> int:
        return len(self.ordered) + len(self.fresh)

    def fold_in(self) -> "SortedList[bytes]":
        if self.fresh:
            self.ordered.update(self.fresh)
            self.fresh = set()
        return self.ordered


class Listing:
    """The folded handles of every prefix, in ascending order of their bytes."""

    def __init__(self) -> None:
        self._prefixes: dict[bytes, _Handles] = {}

    def add(self, keys: Sequence[bytes]) -> None:
        """Take in folded handles that are not there yet."""
        start = 0
        while start < len(keys):
            prefix = keys[start].partition(b"/")[0]
            stop = _run_end(keys, start, prefix + b"/")
            self._add_run(prefix, keys[start:stop])
            start = stop

    def _add_run(self, prefix: bytes, keys: Sequence[bytes]) -> None:
        handles = self._prefixes.get(prefix)
        if handles is None:
            handles = self._prefixes[prefix] = _Handles()
        handles.fresh.update(keys)
        if len(handles.fresh) >= FRESH_MAX:
            handles.fold_in()

    def remove(self, key: bytes) -> None:
        """Forget a folded handle that is there."""
        prefix = key.partition(b"/")[0]
        handles = self._prefixes[prefix]
        if key in handles.fresh:
            handles.fresh.remove(key)
        else:
            handles.ordered.remove(key)
        if not len(handles):
            del self._prefixes[prefix]

    def logged(self) -> None:
        """Hear that records were logged; the handles are known already."""

    def count(self, prefix: bytes) -> int:
        """Return how many handles a folded prefix has."""
        handles = self._prefixes.get(prefix)
        return 0 if handles is None else len(handles)

    def prefixes(self) -> list[bytes]:
        """Return the folded prefixes that have handles, ascending."""
        return sorted(self._prefixes)

    def page(self, prefix: bytes, *, after: bytes, limit: int) -> list[bytes]:
        """Return up to ``limit`` folded handles of a prefix that sort behind ``after``."""
        handles = self._prefixes.get(prefix)
        if handles is None:
            return []
        return list(islice(handles.fold_in().irange(after, None, inclusive=(False, True)), limit))

    def save(self, file: BinaryIO) -> Iterator[Sequence[bytes]]:
        """Write all handles, one block a chunk, and yield each chunk once it is written."""
        for prefix in self.prefixes():
            remaining = iter(self._prefixes[prefix].fold_in())
            while chunk := list(islice(remaining, CHUNK_KEYS)):
                write_block(file, msgpack.packb(chunk))
                yield chunk
        write_block(file, b"")

    def load(self, file: BinaryIO) -> Iterator[Sequence[bytes]]:
        """Fill an empty listing from what `save` wrote, yielding the same chunks.

        Raises:
            LogDamaged: The bytes are not what was written.

        """
        gathered: list[bytes] = []
        prefix = b""
        while block := read_block(file):
            chunk = _keys_of(block)
            if (behind := chunk[0].partition(b"/")[0]) != prefix:
                self._take(prefix, gathered)
                prefix, gathered = behind, []
            gathered += chunk
            yield chunk
        self._take(prefix, gathered)

    def _take(self, prefix: bytes, keys: Sequence[bytes]) -> None:
        if keys:
            self._prefixes[prefix] = _Handles(keys)


def _run_end(keys: Sequence[bytes], start: int, opening: bytes) -> int:
    """Return where the handles that begin like the one at ``start`` end."""
    for position in range(start + 1, len(keys)):
        if not keys[position].startswith(opening):
            return position
    return len(keys)


def _keys_of(block: bytes) -> list[bytes]:
    try:
        keys = msgpack.unpackb(block)
    except ValueError as error:
        raise LogDamaged("A block of the image is no list of handles") from error
    if not isinstance(keys, list) or not keys:
        raise LogDamaged("A block of the image is no list of handles")
    return keys
