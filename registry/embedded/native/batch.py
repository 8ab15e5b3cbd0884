"""A batch of new identifiers, from the bytes of a request to what became of each item.

1. `read` recognises the items that are written plainly and encodes a record for each (in any thread).
2. What it did not recognise, `unrecognised` tells: somebody judges each, and has it taken (`take`) or refused (`refuse`).
3. Who may create what is decided once a prefix: `prefixes`, `refuse_prefix`.
4. The register's writer admits what is left, logs it and makes it visible (`idnode.registry.embedded.framed.Framed`).
5. `accepted`, `accepted_by_prefix` and `failures` say what became of it.

Nowhere is there an object for an item that is in order.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from idnode.registry.embedded.limits import WHOLE_BYTES_MAX
from idnode.registry.embedded.native import batches
from idnode.registry.embedded.native.core import SlotTable
from idnode.registry.embedded.storage.frames import Extent
from idnode.registry.errors import BatchAborted, HandleExists
from idnode.registry.handle.errors import RecordTooLarge
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold, prefix_of
from idnode.registry.handle.values import all_public
from idnode.registry.limits import BATCH_ITEMS_MAX


class Failure(NamedTuple):
    """An item that was refused."""

    position: int
    error: Exception
    handle: bytes | None
    """``None`` for an item that was refused before its handle counted."""


class NativeBatch:
    """One batch; see the module for the order of its calls. A `idnode.registry.embedded.framed.Framed` for the writer."""

    def __init__(
        self,
        table: SlotTable,
        request: bytes,
        make_visible: Callable[[batches.Batch, Sequence[Extent], batches.ReplayCounts], None],
        flush: Callable[[batches.ReplayCounts, Sequence[bytes]], None],
    ) -> None:
        """``make_visible`` and ``flush`` are those of the contents: `apply_batch` and `absorb`."""
        self._batch = batches.Batch(table, request)
        self._make_visible = make_visible
        self._flush = flush
        self._counts = batches.ReplayCounts()
        self._refused: dict[int, Failure] = {}
        self._refused_prefixes: dict[int, Exception] = {}
        self.whole = False
        self._overwrite = False

    def __len__(self) -> int:
        return len(self._batch)

    # Before the writer

    def read(self, *, lines: bool, now: int) -> "NativeBatch":
        """Read the request, NDJSON ``lines`` or msgpack, dating values ``now``; without the interpreter's lock."""
        self._batch.read(lines, now, BATCH_ITEMS_MAX)
        return self

    @property
    def broken(self) -> bool:
        """Return whether the request as a whole is not in its encoding, or breaks off."""
        return self._batch.problem == batches.READ_BROKEN

    @property
    def too_many(self) -> bool:
        """Return whether there are more than `BATCH_ITEMS_MAX` items."""
        return self._batch.problem == batches.READ_TOO_MANY

    @property
    def more_behind(self) -> bool:
        """Return whether something follows the last item."""
        return self._batch.problem == batches.READ_MORE_BEHIND

    def unrecognised(self) -> Iterator[tuple[int, bytes]]:
        """Yield position and bytes of each item that was not recognised and not judged yet."""
        position = -1
        while (position := self._batch.next_in_state(position + 1, batches.ODD)) < len(self):
            yield position, self._batch.source(position)

    def take(self, position: int, handle: bytes, values: bytes) -> None:
        """Take an unrecognised item after all: a handle fit for storing, and its packed values."""
        self._batch.take(position, handle, values, all_public(values))

    def refuse(self, position: int, error: Exception, handle: bytes | None = None) -> None:
        """Refuse an unrecognised item."""
        self._batch.refuse(position)
        self._refused[position] = Failure(position, error, handle)

    def prefixes(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and a sample handle of each prefix; handles below ``0.NA`` count each as their own."""
        for number, position in enumerate(self._batch.samples()):
            if self._batch.state(position) == batches.GOOD:
                yield number, self._batch.handle(position)

    def refuse_prefixes(self, refused: Mapping[int, Exception]) -> None:
        """Refuse all items of these prefixes, by number."""
        if refused:
            self._refused_prefixes.update(refused)
            self._batch.refuse_prefixes(list(refused))

    def abort(self) -> None:
        """Refuse all that was not refused yet, because of those that were."""
        self._batch.abort()

    def ask(self, *, all_or_nothing: bool, overwrite: bool) -> None:
        """Say what the writer is to do."""
        self.whole = all_or_nothing
        self._overwrite = overwrite

    @property
    def good(self) -> int:
        """Items that nothing was found wrong with so far."""
        return len(self._batch) - self._batch.failed

    @property
    def value_bytes(self) -> int:
        """Bytes of the packed values that wait to be written."""
        return self._batch.value_bytes

    # For the writer

    def admit(self, sequence: int, earlier: "Sequence[NativeBatch]", *, first: bool) -> int:
        """Decide, number and checksum; see `Framed.admit`."""
        behind = [other._batch for other in earlier]  # noqa: SLF001  # of the same class
        self._batch.admit(sequence, first, self._overwrite, self.whole, WHOLE_BYTES_MAX, behind)
        return self._batch.accepted

    def frame(self) -> memoryview:
        """Return the encoded records."""
        return memoryview(self._batch)

    def apply(self, extents: Sequence[Extent]) -> None:
        """Make the records visible."""
        self._make_visible(self._batch, extents, self._counts)

    def flush(self) -> None:
        """Account for what became visible."""
        if not self._batch.accepted:
            return
        watched = [
            fold(self._batch.handle(position))
            for position, accepted in self._accepted()
            if accepted and fold(self._batch.handle(position)).startswith(PREFIX_HANDLE_START)
        ]
        self._flush(self._counts, watched)

    def _accepted(self) -> Iterator[tuple[int, int]]:
        return zip(self._batch.samples(), self._batch.accepted_by_prefix(), strict=True)

    # Afterwards

    @property
    def accepted(self) -> int:
        """Items that are durable and visible."""
        return self._batch.accepted

    @property
    def replaced(self) -> int:
        """Those among them that replaced an older record."""
        return self._batch.replaced

    def accepted_by_prefix(self) -> dict[bytes, int]:
        """Return how many items were accepted of each prefix, in one of its spellings."""
        found: Counter[bytes] = Counter()
        for position, accepted in self._accepted():
            if accepted:
                found[prefix_of(self._batch.handle(position))] += accepted
        return found

    def first_handle(self) -> bytes | None:
        """Return the handle of the first item that has one."""
        for position in range(len(self)):
            failure = self._refused.get(position)
            handle = failure.handle if failure else self._batch.handle(position)
            if handle is not None:
                return handle
        return None

    def failures(self) -> Iterator[Failure]:
        """Yield what was refused, by position; nothing is made before it is asked for."""
        position = -1
        while (position := self._batch.next_failed(position + 1)) < len(self):
            yield self._refused.get(position) or self._failure(position)

    def _failure(self, position: int) -> Failure:
        error: Exception
        match self._batch.state(position):
            case batches.PREFIX_REFUSED:
                error = self._refused_prefixes[self._batch.prefix_of(position)]
            case batches.EXISTS:
                error = HandleExists("Handle already exists")
            case batches.WHOLE_TOO_LARGE:
                error = RecordTooLarge(f"A batch may log {WHOLE_BYTES_MAX} bytes as a whole")
            case _:
                error = ABORTED
        return Failure(position, error, self._batch.handle(position))


ABORTED: Final = BatchAborted("Another item of the batch was refused")
