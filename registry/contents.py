"""What the register holds: index, listing and usage, changed by one `apply` for live writes and replay.

`apply` cannot refuse: everything refusable was refused by admission before it was logged.
"""

from collections.abc import Callable, Sequence
from typing import Final

from registry.errors import LogDamaged
from registry.index import Index
from registry.listing import Listing
from registry.storage.log import Log
from registry.storage.record import PUT
from registry.usage import Usage

WATCHED_START: Final = b"0.NA/"
"""Changes of handles that begin so are told to watchers: they describe prefixes."""


class Contents:
    """The state that reads are answered from; always a consequence of the log."""

    def __init__(self, log: Log, index: Index) -> None:
        self.index = index
        self.listing = Listing()
        self.usage = Usage()
        self._log = log
        self._watchers: list[Callable[[bytes], None]] = []

    def watch(self, callback: Callable[[bytes], None]) -> None:
        """Have ``callback`` called with each changed folded handle under the prefix ``0.NA``."""
        self._watchers.append(callback)

    def apply(
        self,
        keys: Sequence[bytes],
        kinds: bytes | bytearray,
        places: Sequence[int],
        sizes: Sequence[int],
    ) -> None:
        """Make logged records visible, in log order.

        ``keys`` are folded handles, ``kinds`` one byte a record, ``places`` and ``sizes`` (bytes) those of the
        records in the log.
        """
        if kinds.count(PUT) == len(kinds) and len(set(keys)) == len(keys):
            self._put(keys, places, sizes)
        else:
            for position, kind in enumerate(kinds):
                behind = position + 1
                if kind == PUT:
                    self._put(
                        keys[position:behind], places[position:behind], sizes[position:behind]
                    )
                else:
                    self._delete(keys[position], places[position], sizes[position])
        if self._watchers:
            self._tell(keys)

    def _put(self, keys: Sequence[bytes], places: Sequence[int], sizes: Sequence[int]) -> None:
        old = self.index.put_many(keys, places)
        self.usage.add(places, sizes)
        if old.count(None) == len(old):
            self.listing.add(keys)
            return
        self.listing.add([key for key, place in zip(keys, old, strict=True) if place is None])
        for place in old:
            if place is not None:
                self._drop(place)

    def _delete(self, key: bytes, place: int, size: int) -> None:
        self.usage.add_tombstone(place, size)
        old = self.index.remove(key)
        if old is not None:
            self.listing.remove(key)
            self._drop(old)

    def _drop(self, place: int) -> None:
        try:
            size = self._log.read(place).size
        except LogDamaged:
            return  # only the account of live bytes suffers; the record itself is superseded
        self.usage.drop(place, size)

    def _tell(self, keys: Sequence[bytes]) -> None:
        for key in keys:
            if key.startswith(WATCHED_START):
                for callback in self._watchers:
                    callback(key)
