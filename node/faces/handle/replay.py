"""Finished answers of the UDP face, kept for clients that send again (handle-protocol.md §1.3).

ID-SDK sends the same datagram three times within milliseconds, the reference client every half second. Whatever
must not be done twice is looked up here first. Requests are told apart by source and request id, and by their
bytes: a client that reuses an id for another question gets another answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

_ENTRY_COST_BYTES = 256
"""What an entry costs besides the bytes of its answer."""


@dataclass(slots=True)
class Entry:
    """A request that is under way (no datagrams yet) or answered."""

    deadline: float
    datagrams: list[bytes] = field(default_factory=list)


class Replay:
    """Answers by request, bounded in time, number and bytes; the oldest give way."""

    def __init__(self, *, seconds: float, entries_max: int, bytes_max: int) -> None:
        self._seconds = seconds
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._entries: dict[Hashable, Entry] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Hashable, now: float) -> Entry | None:
        """Return what is known of a request; ``now`` is in seconds of a clock that never runs backwards."""
        self.expire(now)
        return self._entries.get(key)

    def begin(self, key: Hashable, now: float) -> Entry:
        """Remember that a request is under way."""
        entry = Entry(now + self._seconds)
        self._entries[key] = entry
        self.size += _ENTRY_COST_BYTES
        self._make_room()
        return entry

    def answered(self, key: Hashable, entry: Entry, datagrams: list[bytes]) -> None:
        """Keep (more of) the answer to a request, unless it has given way meanwhile."""
        if self._entries.get(key) is entry:
            entry.datagrams += datagrams
            self.size += sum(map(len, datagrams))
            self._make_room()

    def expire(self, now: float) -> None:
        """Forget what is older than its time."""
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.deadline > now:
                return
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key)
        self.size -= _ENTRY_COST_BYTES + sum(map(len, entry.datagrams))

    def _make_room(self) -> None:
        while len(self._entries) > self._entries_max or self.size > self._bytes_max:
            self._drop(next(iter(self._entries)))
