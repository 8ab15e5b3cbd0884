"""Compaction: gives the bytes of overwritten and deleted records back, while reads and writes go on.

A sealed segment with enough dead bytes is read through; its live records are handed to the writer as ordinary
entries, on the condition that they still are the live ones when they are admitted. Once all of them lie
elsewhere, durably, the segment is dropped. Tombstones move along, unless no older segment is left that could
hold what they hide, or the handle is live again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from idnode.registry.embedded.admission import Entry, KeepTombstone, Rewrite
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.storage.log import Log, SegmentInfo
from idnode.registry.embedded.storage.record import PUT, Record
from idnode.registry.embedded.storage.shortage import is_shortage
from idnode.registry.embedded.writer import RegisterWriter
from idnode.registry.errors import LogDamaged, RegisterBusy, RegisterClosed

STEP_BYTES: Final = 1 << 20
"""Bytes of records read, and at most written, between two rests."""

STEP_RECORDS: Final = 1024
"""Records looked at between two rests."""

REST_SECONDS: Final = 0.005
"""Rest between two steps; bounds compaction to some 200 MB a second."""

LOOK_SECONDS: Final = 0.1
"""Least time between two looks for something to do."""

BUSY_SECONDS: Final = 0.05
"""Rest when the writer's queue is full: callers come first."""

SHORT_SECONDS: Final = 1.0
"""Rest when the system is short of room or of descriptors."""

_logger: Final = logging.getLogger(__name__)


class Compaction:
    """The background task of one register; made and used on its event loop."""

    def __init__(
        self,
        log: Log,
        contents: Contents,
        writer: RegisterWriter,
        *,
        dead_share: float,
        before_change: Callable[[], None],
    ) -> None:
        self._log = log
        self._contents = contents
        self._writer = writer
        self._dead_share = dead_share
        self._before_change = before_change
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="compaction")

    def poke(self) -> None:
        """Have the segments looked at again soon."""
        self._wake.set()

    async def close(self) -> None:
        """Stop after the present step; a segment in work stays, which costs nothing but its space."""
        self._stopped.set()
        self._wake.set()
        await self._task

    async def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                await self._wake.wait()
                self._wake.clear()
                await self._compact_all()
                await self._rest(LOOK_SECONDS)
        except RegisterClosed:
            return
        except (LogDamaged, OSError):
            _logger.exception("compaction stopped; nothing is lost, but no space is given back")

    async def _compact_all(self) -> None:
        try:
            while not self._stopped.is_set() and (segment := self._choose()) is not None:
                await self._compact(segment)
        except OSError as error:
            if not is_shortage(error):
                raise
            await self._rest(SHORT_SECONDS)
            self._wake.set()  # nothing was changed: the same segment is looked at again

    def _choose(self) -> SegmentInfo | None:
        """Return the oldest sealed segment that is worth the work."""
        live_bytes = self._contents.live_bytes
        oldest = True
        for segment in self._log.segments():
            if not segment.sealed:
                continue  # a group lies in one segment: those of a sealed one have been applied
            kept = live_bytes.live_bytes(segment.number)
            if not oldest:
                kept += live_bytes.tombstone_bytes(segment.number)
            if segment.bytes - kept >= segment.bytes * self._dead_share:
                return segment
            oldest = False
        return None

    async def _compact(self, segment: SegmentInfo) -> None:
        number = segment.number
        oldest = number == self._log.segments()[0].number
        records = self._log.records_of(number)
        while step := await asyncio.to_thread(_step, records):
            entries = self._entries(step, keep_tombstones=not oldest)
            if entries:
                await self._submit(entries)
            await self._rest(REST_SECONDS)
            if self._stopped.is_set():
                return
        self._contents.forget(number)
        await self._writer.call(lambda: self._drop(number))

    def _entries(self, step: list[Record], *, keep_tombstones: bool) -> list[Entry]:
        place = self._contents.index.get
        entries: list[Entry] = []
        for record in step:
            live = place(record.handle.upper())
            if record.kind == PUT:
                if live == record.place:
                    entries.append(Rewrite(record))
            elif live is None and keep_tombstones:
                entries.append(KeepTombstone(record))
        return entries

    async def _submit(self, entries: list[Entry]) -> None:
        while not self._stopped.is_set():
            try:
                await self._writer.submit(entries)
            except RegisterBusy:
                await self._rest(BUSY_SECONDS)  # also when short: it ends, and callers come first
            else:
                return

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    def _drop(self, number: int) -> None:
        """Drop a segment whose live records lie elsewhere by now; runs in the writer's thread.

        The log syncs those copies first. No place in the segment is known any more, so it is let go at once.
        """
        self._before_change()
        self._log.drop(number)
        self._log.release()


def _step(records: Iterator[Record]) -> list[Record]:
    """Return the next few records; reading may wait for the disk, so it is not for the loop."""
    step: list[Record] = []
    size = 0
    for record in islice(records, STEP_RECORDS):
        step.append(record)
        size += record.size
        if size >= STEP_BYTES:
            break
    return step
