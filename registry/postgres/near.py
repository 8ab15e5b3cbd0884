"""Keeps records that were read a moment ago, for those who may be given one that is this old."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.postgres.limits import NEAR_CACHE_BYTES_MAX
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ENTRY_BYTES: Final = 400
"""Memory of an entry besides its handle and values."""

_FORGOTTEN_MAX: Final = 100_000


class _Entry(NamedTuple):
    stored: Stored
    until: float
    bytes: int


class NearCache:
    """Records by folded handle, for so many seconds after they were asked for; ``now`` is the clock.

    That there is none is not kept, so that new identifiers are found at once whoever made them.
    """

    def __init__(
        self, seconds: float, now: Callable[[], float], bytes_max: int = NEAR_CACHE_BYTES_MAX
    ) -> None:
        self._seconds = seconds
        self._now = now
        self._bytes_max = bytes_max
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        """In the order in which they were kept, which is about that in which they end."""
        self._forgotten: dict[bytes, int] = {}
        self._forgettings = 0
        self._oldest = 0
        """Questions that were asked before so many forgettings are not kept."""
        self.bytes = 0
        self.answers = 0
        """Times that it had a record, for those who had it fetched, too."""
        self.fills = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> Stored | None:
        """Return a record that is young enough."""
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._now():
            return None
        self.answers += 1
        return entry.stored

    def begin(self) -> tuple[float, int]:
        """Return the moment of a question, to be given to `keep` with its answer."""
        return self._now(), self._forgettings

    def keep(self, found: Mapping[bytes, object], moment: tuple[float, int]) -> None:
        """Keep the records of an answer, but for those that were forgotten since it was asked for."""
        asked, forgettings = moment
        if forgettings < self._oldest:
            return
        until = asked + self._seconds
        for key, stored in found.items():
            if isinstance(stored, Stored) and self._forgotten.get(key, 0) <= forgettings:
                self._drop(key)
                size = len(key) + len(stored.handle) + len(stored.values) + _ENTRY_BYTES
                self._entries[key] = _Entry(stored, until, size)
                self.bytes += size
                self.fills += 1
        self._make_room()

    def forget(self, keys: Iterable[bytes]) -> None:
        """Drop what is kept of these, and what is being asked for."""
        self._forgettings += 1
        for key in keys:
            self._drop(key)
            self._forgotten[key] = self._forgettings
        if len(self._forgotten) > _FORGOTTEN_MAX:
            self._forgotten.clear()
            self._oldest = self._forgettings

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry.bytes

    def _make_room(self) -> None:
        now = self._now()
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if self.bytes <= self._bytes_max and entry.until > now:
                return
            self._drop(key)
