"""Lists which handles a prefix has, in order, without keeping them: a merge of sorted runs at the time of the page.

Each segment has runs that together cover it. Those of the active segment are made as it grows, small ones first,
and later anew from longer extents, so that they stay few; a sealed segment gets one run, in a file beside it
(`order_file.py`). Runs say nothing of what is live: the table does. Making runs anew is work for a thread in the
background; nobody waits for it, for the runs that it replaces serve as well.

Why a page is right: each record lies in a run of its segment, in order, so the merge meets every handle that
was ever written, each record of it in turn; of those the table has one place at most, and that one is listed.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import RLock
from typing import BinaryIO, Final

import msgpack

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.embedded.limits import PLACE_UNIT, SEGMENTS_MAX
from idnode.registry.embedded.native import order_file
from idnode.registry.embedded.native.batches import Batch
from idnode.registry.embedded.native.core import SlotTable
from idnode.registry.embedded.native.ordering import Run, adopt, build, join, page, unpack
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.frames import Extent
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import SPAN_PLACES
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.errors import LogDamaged
from idnode.registry.priority import give_way

TAIL_BYTES: Final = 512 << 10
"""Bytes of log that no run covers yet after which one is made, on the spot: about a millisecond."""

RUNS_MAX: Final = 256
"""Runs that become one, when those behind each of them are as long together as it is."""

LOOKS_MAX: Final = 16_384
"""Records that are looked at for one page besides those on it: a few milliseconds among deleted ones."""

_logger: Final = logging.getLogger(__name__)


class OrderListing:
    """The handles of every prefix in ascending order, and exactly how many there are."""

    def __init__(self, log: Log, table: SlotTable, disk: Disk) -> None:
        self._log = log
        self._table = table
        self._disk = disk
        self._counts: dict[bytes, int] = {}
        self._runs: dict[int, list[Run]] = {}
        self._lock = RLock()  # held while runs change, never for long work
        self._growing = RLock()  # held while the end of the log is being covered
        self._active = 0
        self._covered = HEADER_BYTES
        self._saved: bytes | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._merging = False

    # Counts

    def add(self, keys: Sequence[bytes]) -> None:
        """Count handles that were not there."""
        counts = self._counts
        for key in keys:
            prefix = key.partition(b"/")[0]
            counts[prefix] = counts.get(prefix, 0) + 1

    def remove(self, key: bytes) -> None:
        """Count one handle less."""
        self.gain([(key.partition(b"/")[0], -1)])

    def gain(self, changes: Sequence[tuple[bytes, int]]) -> None:
        """Count so many handles more, or fewer, of folded prefixes."""
        for prefix, change in changes:
            count = self._counts.get(prefix, 0) + change
            if count:
                self._counts[prefix] = count
            else:
                self._counts.pop(prefix, None)

    def count(self, prefix: bytes) -> int:
        """Return how many handles a folded prefix has."""
        return self._counts.get(prefix, 0)

    def prefixes(self) -> list[bytes]:
        """Return the folded prefixes that have handles, ascending."""
        return sorted(self._counts)

    # Pages

    def page(self, prefix: bytes, *, after: bytes, limit: int) -> tuple[list[int], bytes | None]:
        """Return up to ``limit`` places of a folded prefix's records behind ``after``, in order.

        With them comes where to go on when too many dead records were in the way, else ``None``.
        """
        if b"/" in prefix or not self.count(prefix):
            return [], None
        places: list[int] = []
        if after < prefix and (own := self._table.get(prefix)) is not None:
            places.append(own)  # a handle without a slash is its own prefix, and comes first
        self._cover(whole=True)
        with self._lock:
            runs = [run for segment in self._runs.values() for run in segment]
        found, behind = page(
            self._table, runs, prefix + b"/", after, limit - len(places), limit + LOOKS_MAX
        )
        return places + found, behind

    # Runs

    def logged(self) -> None:
        """Cover what was logged, once it is worth a run; called on the loop and in the writer's thread."""
        if self._active:
            self._cover(whole=False)

    def take(self, batch: Batch, extents: Sequence[Extent]) -> None:
        """Hear that a batch was logged in these extents, and applied; called in the writer's thread.

        What is known to be in order is a run already, if it is worth one of its own.
        """
        at = 0
        for place, size in extents:
            if batch.ordered and size >= TAIL_BYTES and self._active:
                self._adopt(place, size, batch, at)
            else:
                self.logged()
            at += size

    def _adopt(self, place: int, size: int, batch: Batch, at: int) -> None:
        slot, units = divmod(place, SPAN_PLACES)
        start = units * PLACE_UNIT
        with self._growing:
            number = self._active + (slot - self._active) % SEGMENTS_MAX
            if number <= self._log.mark().segment:  # else it lies before the active one, covered
                self._cover_up_to(number, start)
                if self._covered == start:
                    self._append(adopt(slot, start, start + size, batch.offsets(at, size, start)))

    def _cover(self, *, whole: bool) -> None:
        mark = self._log.mark()
        left = mark.offset - self._covered
        if mark.segment == self._active and left < (1 if whole else TAIL_BYTES):
            return
        with self._growing:
            mark = self._log.mark()
            self._cover_up_to(mark.segment, mark.offset)

    def _cover_up_to(self, number: int, end: int) -> None:
        """Have runs for everything before this offset of a segment that was begun; those before it get their files."""
        if number == self._active:
            self._grow(end)
            return
        for segment in self._log.segments():
            if segment.number < self._active:
                continue
            if segment.number > self._active:
                self._active, self._covered = segment.number, HEADER_BYTES
            if segment.number == number:
                self._grow(end)
                return
            self._grow(segment.bytes)
            if segment.sealed:
                self._in_background(self._finish, segment.number, segment.bytes)

    def _grow(self, end: int) -> None:
        """Make a run up to this offset of the active segment."""
        if end > self._covered:
            self._append(self._build(self._active, self._covered, end))

    def _append(self, run: Run) -> None:
        """Add the next run of the active segment."""
        self._covered = run.end
        with self._lock:
            runs = self._runs.setdefault(self._active, [])
            runs.append(run)
            few = _to_merge(runs)
        if few and not self._merging:
            self._merging = True
            self._in_background(self._merge, self._active, few)

    def _build(self, number: int, start: int, end: int) -> Run:
        return build(self._table.segments, number % SEGMENTS_MAX, start, end)

    def _merge(self, number: int, few: list[Run]) -> None:
        """Put one run in place of several that follow each other."""
        try:
            run = join(self._table.segments, few)
            with self._lock:
                runs = self._runs.get(number, [])
                if few[0] in runs:  # otherwise one for the whole segment came first, or it is gone
                    at = runs.index(few[0])
                    self._runs[number] = [*runs[:at], run, *runs[at + len(few) :]]
        finally:
            self._merging = False

    def _finish(self, number: int, size: int) -> None:
        """Give a sealed segment its one run, in a file."""
        with self._lock:
            runs = self._runs.get(number)
        if runs is None:
            return  # dropped in the meantime
        run = self._keep(number, size, join(self._table.segments, runs))
        with self._lock:
            if number in self._runs:
                self._runs[number] = [run]
                return
        self._remove(number)  # dropped in the meantime

    def _keep(self, number: int, size: int, run: Run) -> Run:
        """Store the run of a sealed segment; returns it as it lies in the file, if it does."""
        register = self._log.register
        path = order_file.order_path(self._log.folder, number)
        try:
            order_file.store(path, run, register=register, number=number, disk=self._disk)
        except OSError as error:
            _logger.warning("the order of segment %d stays in memory: %s", number, error)
            return run
        return order_file.load(path, register=register, number=number, size=size) or run

    def forget(self, number: int) -> None:
        """Forget a segment that no live record lies in."""
        with self._lock:
            if self._runs.pop(number, None) is None:
                return
        self._remove(number)

    def _remove(self, number: int) -> None:
        try:
            self._disk.unlink(order_file.order_path(self._log.folder, number))
        except OSError as error:
            _logger.warning("the order of segment %d stays behind: %s", number, error)

    # Coming and going

    def flush(self) -> None:
        """Find the runs of sealed segments, or make them, and cover the active one."""
        segments = self._log.segments()
        numbers = {segment.number for segment in segments if segment.sealed}
        for path in list(order_file.leftovers(self._log.folder, numbers)):
            self._disk.unlink(path)
        for number, size in ((s.number, s.bytes) for s in segments if s.sealed):
            path = order_file.order_path(self._log.folder, number)
            run = order_file.load(path, register=self._log.register, number=number, size=size)
            self._runs[number] = [
                run or self._keep(number, size, self._build(number, HEADER_BYTES, size))
            ]
        self._active = segments[-1].number
        if self._saved is not None:
            end = self._log.mark().offset
            run = unpack(self._active % SEGMENTS_MAX, HEADER_BYTES, end, self._saved)
            if run is not None:  # else it is made anew
                self._runs[self._active] = [run]
                self._covered = end
            self._saved = None
        self._cover(whole=True)

    def take_over(self, other: "OrderListing") -> None:
        """Have the counts of another listing, and runs for the segments that the log has now."""
        segments = self._log.segments()
        with self._growing:
            with self._lock:
                runs, self._runs = self._runs, {}
            self._counts = other._counts  # noqa: SLF001  # of its own class
            for number, size in ((s.number, s.bytes) for s in segments if s.sealed):
                self._runs[number] = runs.pop(number, []) or [
                    self._build(number, HEADER_BYTES, size)
                ]
            self._active, self._covered = segments[-1].number, HEADER_BYTES
        for number in runs:
            self._remove(number)

    def save(self, file: BinaryIO) -> None:
        """Write the counts, and the order of the active segment."""
        write_block(file, msgpack.packb(list(self._counts.items())))
        self._cover(whole=True)
        runs = self._runs.get(self._active)
        write_block(file, join(self._table.segments, runs).packed() if runs else b"")

    def load(self, file: BinaryIO) -> None:
        """Fill an empty listing from what `save` wrote when the log ended where it ends now.

        Raises:
            LogDamaged: The bytes are not what was written.

        """
        try:
            self._counts = dict(msgpack.unpackb(read_block(file)))
        except (ValueError, TypeError) as error:
            raise LogDamaged("The counts of the image are not what was written") from error
        self._saved = read_block(file)

    def close(self) -> None:
        """Finish what goes on in the background."""
        if self._worker is not None:
            self._worker.shutdown(wait=True)

    def _in_background(self, work: Callable[..., None], *given: object) -> None:
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "register order", initializer=give_way)
        self._worker.submit(work, *given).add_done_callback(_report)


def _to_merge(runs: list[Run]) -> list[Run]:
    """Return the last runs if they are many, none of them larger than all behind it together."""
    end = runs[-1].end
    first = len(runs) - 1
    while first and end - runs[first].start >= runs[first].start - runs[first - 1].start:
        first -= 1
    return runs[first:] if len(runs) - first >= RUNS_MAX else []


def _report(work: Future[None]) -> None:
    if (error := work.exception()) is not None:
        _logger.error("a run could not be made anew; the ones before it serve on", exc_info=error)
