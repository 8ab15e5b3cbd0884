"""Remembers what a recursive node found: records and absences, each for as long as it may be, bounded in number and bytes.

A record lives as long as its shortest-lived value, counted from retrieval and at most two days (handle-protocol.md §3.1);
an absence as long as the setting says. What is over its time is kept a while longer: it is served when nobody can be
asked, with a TTL of thirty seconds, as RFC 8767 has it for the DNS.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.registry.handle import values
from idnode.registry.handle.limits import TTL_SECONDS_MAX
from idnode.registry.handle.model import TtlType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.registry.handle.model import HandleValue

STALE_TTL_SECONDS: Final = 30
"""TTL of values that are served after their time, and how long nobody is asked again then."""

_ENTRY_BYTES: Final = 400
"""What an entry takes besides its record."""


@dataclass(slots=True)
class Entry:
    """Holds what is remembered of one handle.

    ``packed`` are the public values; None when there is no record, for which ``absence`` is raised anew each time.
    ``fetched``, ``until`` and ``ends`` are epoch seconds: of retrieval, of the end of its time, of when it is forgotten.
    """

    packed: bytes | None
    absence: type[Exception] | None
    why: str
    fetched: float
    until: float
    ends: float
    uses: int = 0
    stale: bool = False
    verified: bool | None = None
    """Whether its signature and certificates are good; None until somebody asked for that."""

    @property
    def lifetime(self) -> float:
        """Seconds that it was good for when it was fetched."""
        return self.until - self.fetched


class Cache:
    """Entries by folded handle; when there are too many, the one that was used longest ago gives way."""

    def __init__(self, entries_max: int, bytes_max: int) -> None:
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, now: float) -> Entry | None:
        """Return what is remembered of a folded handle, perhaps over its time."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.ends <= now:
            self.forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: bytes, entry: Entry) -> None:
        """Remember something of a folded handle, in place of what was known."""
        self.forget(key)
        self._entries[key] = entry
        self.bytes += _size(key, entry)
        while len(self._entries) > self._entries_max or self.bytes > self._bytes_max:
            oldest, gone = self._entries.popitem(last=False)
            self.bytes -= _size(oldest, gone)

    def forget(self, key: bytes) -> None:
        """Forget a folded handle."""
        gone = self._entries.pop(key, None)
        if gone is not None:
            self.bytes -= _size(key, gone)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.bytes = 0


def seconds_to_live(found: Iterable[HandleValue], now: float) -> float:
    """Return how long values may be kept from ``now`` on, never less than nothing."""
    shortest = min(
        (
            value.ttl - now if value.ttl_type == TtlType.ABSOLUTE else float(value.ttl)
            for value in found
        ),
        default=0.0,
    )
    return max(0.0, min(shortest, float(TTL_SECONDS_MAX)))


def stale_form(packed: bytes) -> bytes:
    """Return values as they are served after their time: with a short TTL."""
    return values.pack(
        replace(value, ttl=STALE_TTL_SECONDS, ttl_type=TtlType.RELATIVE)
        for value in values.unpack(packed)
    )


def _size(key: bytes, entry: Entry) -> int:
    return _ENTRY_BYTES + len(key) + len(entry.packed or b"")
