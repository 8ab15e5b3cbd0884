"""Describes what the register holds: index, listing and live_bytes, changed by one `apply` for live writes and replay.

`apply` cannot refuse: everything refusable was refused by admission before it was logged. How index and listing
are kept is up to the core (`registry/embedded/core.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from mmap import mmap
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, Protocol, Self

from idnode.registry.embedded.index import DictIndex, Index
from idnode.registry.embedded.listing import Listing
from idnode.registry.embedded.live_bytes import LiveBytes
from idnode.registry.embedded.storage.log import Log, Mark
from idnode.registry.embedded.storage.record import PUT
from idnode.registry.embedded.storage.snapshot import intact_end
from idnode.registry.embedded.storage.walk import Progress
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.names import PREFIX_HANDLE_START, PREFIX_OF_PREFIXES, fold
from idnode.registry.limits import PAGE_HANDLES_MAX

if TYPE_CHECKING:
    from idnode.registry.embedded.native.batch import NativeBatch
    from idnode.registry.embedded.native.resolutions import HandleBatch


class Handles(Protocol):
    """Describes what the contents ask of a listing; keys are folded handles."""

    def add(self, keys: Sequence[bytes]) -> None:
        """Take in handles that are not there yet."""
        ...

    def remove(self, key: bytes) -> None:
        """Forget a handle that is there."""
        ...

    def logged(self) -> None:
        """Hear that records were logged, and applied."""
        ...

    def count(self, prefix: bytes) -> int:
        """Return how many handles a folded prefix has."""
        ...

    def prefixes(self) -> list[bytes]:
        """Return the folded prefixes that have handles, ascending."""
        ...


class Replayed(NamedTuple):
    """Describes how far a core has read the log by itself."""

    mark: Mark | None
    """Where the records begin that are still to be read; ``None``: nothing was read."""
    records: int


class Contents(ABC):
    """The state that reads are answered from; always a consequence of the log."""

    core: str
    """Name of the core that keeps it; an image is read by the core that wrote it."""

    def __init__(self, log: Log, index: Index, listing: Handles) -> None:
        self.index = index
        self.listing = listing
        self.live_bytes: Final = LiveBytes()
        self._log = log
        self._watchers: list[Callable[[bytes], None]] = []

    @abstractmethod
    def page(self, prefix: bytes, *, after: bytes, limit: int) -> tuple[list[int], bytes | None]:
        """Return up to ``limit`` places of a folded prefix's records, in the order of their folded handles.

        They sort behind ``after``. With them comes what the next page is to sort behind, ``None`` on the last one.
        """

    @abstractmethod
    def save(self, file: BinaryIO) -> None:
        """Write index and listing."""

    @abstractmethod
    def load(self, file: BinaryIO) -> None:
        """Fill empty contents from what `save` wrote.

        Raises:
            LogDamaged: The bytes are not what was written.

        """

    def new_batch(self, request: bytes) -> "NativeBatch | None":
        """Return a batch over a request's bytes, ``None`` where that takes objects all the same."""
        del request
        return None

    def new_handles(self, request: bytes) -> "HandleBatch | None":
        """Return what resolves a request for many handles, ``None`` where that takes objects all the same."""
        del request
        return None

    def replay(self, progress: Progress | None) -> Replayed:
        """Apply the log to empty contents as far as this core reads it by itself, and nothing is unrecognised."""
        del progress
        return Replayed(None, 0)

    def intact_end(self, number: int, data: mmap, end: int, sequence: int) -> tuple[int, int]:
        """Return where the intact records of a segment end; see `idnode.registry.embedded.storage.snapshot`."""
        return intact_end(number, data, end, sequence)

    def flush(self) -> None:  # noqa: B027  # most cores have nothing to do
        """Get ready for reads, once the log takes records."""

    def forget(self, number: int) -> None:
        """Forget a segment that no live record lies in, before it is dropped."""
        self.live_bytes.forget(number)

    def close(self) -> None:  # noqa: B027  # most cores have nothing to do
        """Finish what goes on in the background."""

    @abstractmethod
    def take_over(self, other: Self) -> None:
        """Have from now on what other contents of the same log have, whose segments the log has now.

        Called on the loop; for whoever reads, it is one step. The others are not to be used any more.
        """

    def prefix_handles(self) -> dict[bytes, int]:
        """Return the places of all folded handles under the prefix ``0.NA``, which are those watched."""
        found: dict[bytes, int] = {}
        after: bytes | None = b""
        while after is not None:
            places, after = self.page(PREFIX_OF_PREFIXES, after=after, limit=PAGE_HANDLES_MAX)
            for place in places:
                found[fold(self._log.read(place).handle)] = place
        return found

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
        self.listing.logged()
        self.notify(keys)

    def _put(self, keys: Sequence[bytes], places: Sequence[int], sizes: Sequence[int]) -> None:
        old = self.index.put_many(keys, places)
        self.live_bytes.add(places, sizes)
        if old.count(None) == len(old):
            self.listing.add(keys)
            return
        self.listing.add([key for key, place in zip(keys, old, strict=True) if place is None])
        for place in old:
            if place is not None:
                self._drop(place)

    def _delete(self, key: bytes, place: int, size: int) -> None:
        self.live_bytes.add_tombstone(place, size)
        old = self.index.remove(key)
        if old is not None:
            self.listing.remove(key)
            self._drop(old)

    def _drop(self, place: int) -> None:
        try:
            size = self._log.read(place).size
        except LogDamaged:
            return  # only the account of live bytes suffers; the record itself is superseded
        self.live_bytes.drop(place, size)

    def notify(self, keys: Sequence[bytes]) -> None:
        """Tell the watchers that these handles changed."""
        if not self._watchers:
            return
        for key in keys:
            if key.startswith(PREFIX_HANDLE_START):
                for callback in self._watchers:
                    callback(key)


class PlainContents(Contents):
    """Contents in Python objects: a dict of places, and the handles in order."""

    core = "python"
    index: DictIndex
    listing: Listing

    def __init__(self, log: Log) -> None:
        super().__init__(log, DictIndex(), Listing())

    def page(self, prefix: bytes, *, after: bytes, limit: int) -> tuple[list[int], bytes | None]:
        """Return a page; see `Contents.page`."""
        keys = self.listing.page(prefix, after=after, limit=limit + 1)
        more = len(keys) > limit
        del keys[limit:]
        places = [place for key in keys if (place := self.index.get(key)) is not None]
        return places, keys[-1] if more else None

    def save(self, file: BinaryIO) -> None:
        """Write the chunks of the listing, each followed by what the index writes for it."""
        self.index.save(file, self.listing.save(file))

    def load(self, file: BinaryIO) -> None:
        """Fill empty contents; see `Contents.load`."""
        self.index.load(file, self.listing.load(file))

    def take_over(self, other: Self) -> None:
        """Have what others have; see `Contents.take_over`."""
        self.index.take_over(other.index)
        self.listing = other.listing
        self.live_bytes.restore(*other.live_bytes.as_lists())
