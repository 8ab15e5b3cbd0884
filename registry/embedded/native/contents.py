"""Contents in compiled code: places in a slot table, handles read from the log whenever they are asked for."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from mmap import mmap
from typing import BinaryIO, Final, Self

import msgpack

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.embedded.contents import Contents, Replayed
from idnode.registry.embedded.limits import SEGMENTS_MAX
from idnode.registry.embedded.native import batches
from idnode.registry.embedded.native.batch import NativeBatch
from idnode.registry.embedded.native.core import Restoring, SlotTable
from idnode.registry.embedded.native.listing import OrderListing
from idnode.registry.embedded.native.resolutions import HandleBatch
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.folder import segment_path
from idnode.registry.embedded.storage.frames import Extent
from idnode.registry.embedded.storage.holes import written_end
from idnode.registry.embedded.storage.log import Log, Mark
from idnode.registry.embedded.storage.manifest import SegmentEntry
from idnode.registry.embedded.storage.record import SPAN_PLACES
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.embedded.storage.walk import PROGRESS_BYTES, Progress
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.names import fold

_CHUNK_BYTES: Final = 1 << 20
"""Bytes of log that are verified before they are applied, while they are still in the cache."""

_BLOCK_SLOTS: Final = 1 << 20
"""Slots after which a block of the image ends, with their group."""

_RESTORE_THREADS: Final = 4
"""Threads that fill the table from the image; each takes a block at a time, and one more waits for each."""


class NativeContents(Contents):
    """Describes what a register holds, at some ten bytes an identifier."""

    core = "native"
    index: SlotTable
    listing: OrderListing

    def __init__(self, log: Log, table: SlotTable, disk: Disk) -> None:
        super().__init__(log, table, OrderListing(log, table, disk))

    def page(self, prefix: bytes, *, after: bytes, limit: int) -> tuple[list[int], bytes | None]:
        """Return a page; see `Contents.page`."""
        places, behind = self.listing.page(prefix, after=after, limit=limit + 1)
        if len(places) > limit:
            del places[limit:]
            behind = fold(self._log.read(places[-1]).handle)
        return places, behind

    # Changes by whole batches

    def apply_batch(
        self, batch: batches.Batch, extents: Sequence[Extent], counts: batches.ReplayCounts
    ) -> None:
        """Make a batch visible that lies in these extents of the log.

        Runs in the writer's thread, and `absorb` must follow on the loop.
        """
        batch.apply(list(extents), counts)
        self.listing.take(batch, extents)

    def absorb(self, counts: batches.ReplayCounts, watched: Sequence[bytes] = ()) -> None:
        """Take what applied records have changed into account, and tell of handles that are watched."""
        for segment, change in counts.live():
            self.live_bytes.adjust(segment, change)
        self.listing.gain(counts.prefixes())
        self.notify(watched)

    def new_batch(self, request: bytes) -> NativeBatch:
        """Return a batch over a request's bytes."""
        return NativeBatch(self.index, request, self.apply_batch, self.absorb)

    def new_handles(self, request: bytes) -> HandleBatch:
        """Return what resolves a request for many handles."""
        return HandleBatch(self.index, request)

    # Coming up

    def replay(self, progress: Progress | None) -> Replayed:
        """Apply the log up to its end, or up to whatever is unrecognised; see `Contents.replay`."""
        entries = self._log.manifest.segments
        active = entries[-1].number
        total = written_end(segment_path(self._log.folder, active))
        total += sum(entry.bytes or 0 for entry in entries)
        mark: Mark | None = None
        done = tombstones = 0
        replay = batches.Replay(self.index)
        for entry in entries:
            end = HEADER_BYTES
            for end, sequence in self._replay_segment(entry, replay):
                mark = Mark(entry.number, end, sequence)
                if progress is not None:
                    progress(min(done + end, total), total)
            fresh, tombstones = replay.counts.tombstones - tombstones, replay.counts.tombstones
            if fresh:
                self.live_bytes.add_tombstone(entry.number % SEGMENTS_MAX * SPAN_PLACES, fresh)
            done += end
            if end != entry.bytes:
                break
        replay.flush()
        self.absorb(replay.counts)
        if progress is not None:
            progress(total, total)
        return Replayed(mark, replay.counts.records)

    def _replay_segment(
        self, entry: SegmentEntry, replay: batches.Replay
    ) -> Iterator[tuple[int, int]]:
        """Take one segment; yields now and then, and last, how far it came: offset and sequence."""
        slot, start, sequence = entry.number % SEGMENTS_MAX, HEADER_BYTES, entry.first - 1
        limit = entry.bytes or written_end(segment_path(self._log.folder, entry.number))
        told = ahead = start
        while True:
            if start >= ahead:
                ahead = self._log.read_ahead(entry.number, start)
            end, last = batches.verify(
                self.index.segments, slot, start, limit, _CHUNK_BYTES, sequence
            )
            if end == start:
                break
            replay.add(slot, start, end)
            start, sequence = end, last
            if start - told >= PROGRESS_BYTES:
                told = start
                yield start, sequence
        if told != start:
            yield start, sequence

    def intact_end(self, number: int, data: mmap, end: int, sequence: int) -> tuple[int, int]:
        """Return where the intact records of a segment end; see `Contents.intact_end`."""
        del data  # the same bytes, as native readers see them
        slot, start = number % SEGMENTS_MAX, HEADER_BYTES
        while start < end:
            reached, sequence = batches.verify(
                self.index.segments, slot, start, end, _CHUNK_BYTES, sequence
            )
            if reached == start:
                break
            start = reached
        return start, sequence

    def flush(self) -> None:
        """Find or make the runs of all segments."""
        self.listing.flush()

    def take_over(self, other: Self) -> None:
        """Have what others have; see `Contents.take_over`."""
        self.index.take_over(other.index)
        self.listing.take_over(other.listing)
        self.live_bytes.restore(*other.live_bytes.as_lists())

    def forget(self, number: int) -> None:
        """Forget a segment; see `Contents.forget`."""
        super().forget(number)
        self.listing.forget(number)

    def close(self) -> None:
        """Finish the runs under way."""
        self.listing.close()

    # The image

    def save(self, file: BinaryIO) -> None:
        """Write the shape of the table, the listing, and then all slots, packed."""
        depth, groups = self.index.groups()
        place_bytes = self._place_bytes()
        write_block(file, msgpack.packb([self.index.mark(), depth, groups, place_bytes]))
        self.listing.save(file)
        for block in self.index.dump(_BLOCK_SLOTS, place_bytes):
            write_block(file, block)

    def _place_bytes(self) -> int:
        """Return how many bytes the highest place of the log takes."""
        behind = max(entry.number % SEGMENTS_MAX for entry in self._log.manifest.segments) + 1
        return ((behind * SPAN_PLACES - 1).bit_length() + 7) // 8

    def load(self, file: BinaryIO) -> None:
        """Fill empty contents; see `Contents.load`."""
        try:
            mark, depth, groups, place_bytes = msgpack.unpackb(read_block(file))
        except (ValueError, TypeError) as error:
            raise LogDamaged("The shape of the table is not what was written") from error
        if mark != self.index.mark():
            raise LogDamaged("The image belongs to a table of another secret")
        self.listing.load(file)
        try:
            restoring = Restoring(self.index, depth, groups, place_bytes)
        except (ValueError, TypeError, OverflowError) as error:
            raise LogDamaged("The table of the image does not fit together") from error
        with ThreadPoolExecutor(_RESTORE_THREADS, "register image") as threads:
            filling: deque[Future[bool]] = deque()
            for first, behind in _blocks(groups):
                if len(filling) == 2 * _RESTORE_THREADS:
                    _insist(filling.popleft())
                filling.append(threads.submit(restoring.fill, first, behind, read_block(file)))
            for each in filling:
                _insist(each)


def _blocks(groups: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield first group, and the one behind the last, of each block that `SlotTable.dump` made of them."""
    first = slots = 0
    for behind, (_depth, _pages, used) in enumerate(groups, 1):
        slots += used
        if slots >= _BLOCK_SLOTS or behind == len(groups):
            yield first, behind
            first, slots = behind, 0


def _insist(filling: Future[bool]) -> None:
    if not filling.result():
        raise LogDamaged("A block of the image does not fill its groups")
