"""Entries in memory, bounded by number and by bytes; the oldest make room and are counted."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from idnode.node.interceptors.journal.entry import Entry

ENTRIES_MAX: Final = 10_000
BYTES_MAX: Final = 64 << 20


class Ring:
    """The latest entries, by ascending number."""

    def __init__(self, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.entries_max = entries_max
        self.bytes_max = bytes_max
        self.bytes = 0
        self.lost = 0
        """Entries that made room for later ones."""
        self._entries: deque[Entry] = deque()
        self._next = 1
        self._added: asyncio.Event | None = None
        self._listeners: list[Callable[[Entry], None]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def last_number(self) -> int:
        """The number of the latest entry ever added; 0 before the first."""
        return self._next - 1

    def add(self, entry: Entry) -> Entry:
        """Add an entry, give it its number, and return it."""
        entry = replace(entry, number=self._next)
        self._next += 1
        self._entries.append(entry)
        self.bytes += entry.size
        while len(self._entries) > self.entries_max or self.bytes > self.bytes_max:
            self.bytes -= self._entries.popleft().size
            self.lost += 1
        self._tell(entry)
        return entry

    def amend(self, entry: Entry) -> None:
        """Put an entry in the place of the one with its number, if that is still here."""
        if not self._entries:
            return
        at = entry.number - self._entries[0].number
        if 0 <= at < len(self._entries):
            self.bytes += entry.size - self._entries[at].size
            self._entries[at] = entry
            self._tell(entry)

    def since(self, number: int) -> Iterator[Entry]:
        """Yield the entries behind this number, ascending."""
        if not self._entries:
            return
        start = max(0, number + 1 - self._entries[0].number)
        for at in range(start, len(self._entries)):
            yield self._entries[at]

    def get(self, name: str) -> Entry | None:
        """Return the latest entry with this number or request id."""
        return next(
            (e for e in reversed(self._entries) if e.id == name or str(e.number) == name), None
        )

    def clear(self) -> int:
        """Forget every entry and return how many there were; numbers go on."""
        count = len(self._entries)
        self._entries.clear()
        self.bytes = 0
        return count

    def listen(self, listener: Callable[[Entry], None]) -> Callable[[], None]:
        """Have a function called with each entry added or amended; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def changed(self) -> None:
        """Wait for the next entry that is added or amended."""
        if self._added is None:
            self._added = asyncio.Event()
        await self._added.wait()

    def _tell(self, entry: Entry) -> None:
        if self._added is not None:
            self._added.set()
            self._added = None
        for listener in tuple(self._listeners):
            listener(entry)
