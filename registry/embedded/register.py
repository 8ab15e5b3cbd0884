"""The register in this process, opened on a folder: `registry/register.py` over log and index.

Nothing but `submit`, `snapshot` and `close` ever waits: what is asked for is in memory, or in the page cache.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.embedded import image
from idnode.registry.embedded.compaction import Compaction
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.limits import WRITE_QUEUE_ITEMS_MAX
from idnode.registry.embedded.lock import DirectoryLock
from idnode.registry.embedded.options import RegisterOptions
from idnode.registry.embedded.recovery import RecoveryReport, recover
from idnode.registry.embedded.states import EmbeddedStates
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import RESTRICTED
from idnode.registry.embedded.storage.reserve import Reserve
from idnode.registry.embedded.storage.shortage import SPARE_DESCRIPTORS
from idnode.registry.embedded.storage.snapshot import SnapshotReport, snapshot
from idnode.registry.embedded.storage.walk import Progress
from idnode.registry.embedded.writer import RegisterWriter
from idnode.registry.errors import RegisterClosed
from idnode.registry.handle.names import fold
from idnode.registry.limits import BATCH_ITEMS_MAX, PAGE_HANDLES_MAX
from idnode.registry.mutation import Mutation, Outcome
from idnode.registry.register import Capabilities, Page, RegisterStats, Stored

if TYPE_CHECKING:
    from idnode.registry.embedded.native.batch import NativeBatch
    from idnode.registry.embedded.native.resolutions import HandleBatch

_logger: Final = logging.getLogger(__name__)


class EmbeddedRegister:
    """The register in this process, over a log in one folder. Made by `open`."""

    def __init__(
        self,
        folder: Path,
        opened: "_Opened",
        options: RegisterOptions,
        executor: ThreadPoolExecutor,
    ) -> None:
        self._folder = folder
        self._lock, self._log, self._contents, self.recovered, empty = opened
        self._executor = executor
        self._image_stands = self.recovered.from_image
        self._reserve = Reserve(options.disk, folder)
        self._keep_back()
        self._closed = False
        self._turning_back = asyncio.Lock()
        self._place = self._contents.index.get
        self._read = self._log.read
        self._writer = RegisterWriter(
            self._log,
            self._contents,
            options,
            executor=executor,
            before_change=self._before_change,
        )
        self._writer.after_shortage(self._keep_back)
        self._dead_share = options.compact_dead_share
        self._begin_compaction()
        native = self._contents.core == "native"
        self.capabilities = Capabilities(
            slots=self._contents.index if native else None,
            batches=self,
            snapshot=self.snapshot,
            states=EmbeddedStates(
                self._log,
                self._contents,
                self._writer,
                empty=empty,
                resting=self._without_compaction,
                before_change=self._before_change,
            ),
        )

    def _begin_compaction(self) -> None:
        self._compaction = Compaction(
            self._log,
            self._contents,
            self._writer,
            dead_share=self._dead_share,
            before_change=self._before_change,
        )
        self._writer.after_apply(self._compaction.poke)
        self._compaction.poke()

    @asynccontextmanager
    async def _without_compaction(self) -> AsyncIterator[None]:
        """End compaction before segments go that it may be reading, and begin it anew."""
        async with self._turning_back:
            await self._compaction.close()
            try:
                yield
            finally:
                if not self._closed:
                    self._begin_compaction()

    @classmethod
    async def open(
        cls,
        path: Path,
        options: RegisterOptions | None = None,
        progress: Progress | None = None,
    ) -> "EmbeddedRegister":
        """Open the register in this folder, which is made on first use.

        ``progress`` is called from another thread, with bytes of the log done and in total.

        Raises:
            DataDirectoryInUse: Another process has it open.
            LogDamaged: The log is broken elsewhere than in a torn tail.
            OSError: The disk refused.

        """
        options = options or RegisterOptions()
        loop = asyncio.get_running_loop()
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="register")
        given_up = Event()

        def report(done: int, total: int) -> None:
            if given_up.is_set():
                raise RegisterClosed("The opening was given up")
            if progress is not None:
                progress(done, total)

        try:
            opened = await loop.run_in_executor(
                executor, lambda: _open(path, options, loop.time, report)
            )
        except BaseException:
            given_up.set()
            executor.shutdown(wait=True)
            raise
        return cls(path, opened, options, executor)

    def lookup(self, handle: bytes) -> Stored | None:
        """Return the record of a handle in any spelling, ``None`` when there is none.

        Raises:
            LogDamaged: The record is no longer what was written.

        """
        place = self._place(handle.upper())
        if place is None:
            return None
        _place, _sequence, _kind, flags, spelled, values, _size = self._read(place)
        return Stored(spelled, values, not flags & RESTRICTED)

    async def prefetch(self, handles: Sequence[bytes]) -> None:
        """Do nothing: every record is here."""

    def submit(
        self, mutations: Sequence[Mutation], *, all_or_nothing: bool = False
    ) -> "asyncio.Future[list[Outcome]]":
        """Carry out mutations in order; the future has one outcome each, once they are durable and visible.

        Without ``all_or_nothing`` a refused mutation does not touch its neighbours; with it, either all
        are carried out or none, whatever crashes.

        Raises:
            ValueError: More than `BATCH_ITEMS_MAX` mutations.
            RegisterBusy: The write queue has no room; nothing was taken, try again later.
            RegisterShort: By the future: the system is short of room or descriptors; likewise.
            RegisterClosed: The register is closed, or (also by the future) its log failed; a part may have
                been carried out.

        """
        if len(mutations) > BATCH_ITEMS_MAX:
            raise ValueError(f"At most {BATCH_ITEMS_MAX} mutations can be submitted at once")
        return self._writer.submit(mutations, whole=all_or_nothing)

    async def read_batch(self, request: bytes, *, lines: bool, now: int) -> "NativeBatch | None":
        """Read the items of a request, in another thread, into a batch for `submit_batch`.

        NDJSON ``lines``, or else msgpack; values are dated ``now`` (epoch seconds). ``None`` where this takes
        objects all the same: then `submit` is as good.
        """
        batch = self._contents.new_batch(request)
        if batch is None:
            return None
        return await asyncio.to_thread(batch.read, lines=lines, now=now)

    async def read_handles(self, request: bytes) -> "HandleBatch | None":
        """Read a request for many handles, in another thread: a msgpack array of texts.

        ``None`` for any other request, and where this takes objects all the same: then `lookup` is as good.
        """
        handles = self._contents.new_handles(request)
        if handles is None:
            return None
        await asyncio.to_thread(handles.read, BATCH_ITEMS_MAX)
        return handles if handles.plain else None

    async def submit_batch(
        self, batch: "NativeBatch", *, all_or_nothing: bool = False, overwrite: bool = False
    ) -> None:
        """Create the identifiers of a batch that was judged; as `submit` does for mutations.

        Raises:
            RegisterBusy, RegisterClosed: As for `submit`.

        """
        batch.ask(all_or_nothing=all_or_nothing, overwrite=overwrite)
        await self._writer.submit_framed(batch, batch.good, batch.value_bytes)

    async def page(self, prefix: bytes, *, after: bytes = b"", limit: int = 1000) -> Page:
        """Return up to ``limit`` handles of a prefix that sort behind the cursor ``after``.

        Raises:
            LogDamaged: A record is no longer what was written.

        """
        limit = max(1, min(limit, PAGE_HANDLES_MAX))
        places, behind = self._contents.page(fold(prefix), after=fold(after), limit=limit)
        return Page([self._read(place).handle for place in places], behind)

    def records(
        self, prefix: bytes, *, after: bytes, limit: int
    ) -> tuple[list[Stored], bytes | None]:
        """Return the records of a page of a folded prefix, and where the next one starts, as `page` does.

        Raises:
            LogDamaged: One is no longer what was written.

        """
        places, behind = self._contents.page(prefix, after=after, limit=limit)
        found = map(self._read, places)
        return [
            Stored(each.handle, each.values, not each.flags & RESTRICTED) for each in found
        ], behind

    async def count(self, prefix: bytes) -> int:
        """Return how many handles a prefix has."""
        return self._contents.listing.count(fold(prefix))

    def prefixes(self) -> list[bytes]:
        """Return the folded prefixes that have handles, ascending."""
        return self._contents.listing.prefixes()

    def watch(self, callback: Callable[[bytes], None]) -> None:
        """Have ``callback`` called with the folded handle after each change under the prefix ``0.NA``."""
        self._contents.watch(callback)

    @property
    def writable(self) -> bool:
        """Return whether writes are taken now."""
        return not self.unwritable

    @property
    def unwritable(self) -> str:
        """Return why no writes are taken, "" when they are: for want of something, or because the log failed."""
        return self._writer.unwritable

    @property
    def failed(self) -> bool:
        """Return whether the log failed, so that no writes will be taken before a restart."""
        return self._writer.failure is not None

    def stats(self) -> RegisterStats:
        """Return the present figures."""
        segments = [] if self._log.closed else self._log.segments()
        live = self._contents.live_bytes.live_bytes_total()
        figures = {
            "index_bytes": self._contents.index.memory_bytes(),
            "log_live_bytes": live,
            # Superseded records, tombstones and segment headers.
            "log_dead_bytes": sum(segment.bytes for segment in segments) - live,
            "queue_items": self._writer.queue_items,
            "queue_limit_items": WRITE_QUEUE_ITEMS_MAX,
            "segments": len(segments),
        }
        return RegisterStats(
            len(self._contents.index),
            figures,
            self.recovered._asdict(),
            unwritable=self.unwritable,
            failed=self.failed,
        )

    async def snapshot(self, target: Path, progress: Progress | None = None) -> SnapshotReport:
        """Copy the register as it is now into an empty (or new) folder, while everything goes on.

        ``progress`` is called from another thread, with bytes done and in total.

        Raises:
            FileExistsError: The target is not empty.
            LogDamaged: A record is not what was written; what is damaged is not copied.
            OSError: The disk refused.

        """
        return await asyncio.to_thread(
            snapshot, self._log, target, verify=self._contents.intact_end, progress=progress
        )

    async def close(self) -> None:
        """Carry out what was submitted, sync, save the image, let the folder go; again is harmless."""
        if self._closed:
            return
        self._closed = True
        try:
            async with self._turning_back:
                await self._compaction.close()
            await self._writer.close()
            self._reserve.give_up()
            await self._writer.call(self._leave)
        finally:
            self._executor.shutdown(wait=True)
            self._lock.release()

    def _leave(self) -> None:
        """Save the image, if the log is sound, and close the log; runs in the writer's thread."""
        try:
            if self._writer.failure is None and not self._image_stands:
                image.save(self._folder, self._contents, self._log.mark())
        except OSError as error:
            _logger.warning("no index image, the next start reads the log: %s", error)
        finally:
            self._contents.close()
            self._log.close()

    def _keep_back(self) -> None:
        """Hold descriptors and room for when others have taken all there is."""
        SPARE_DESCRIPTORS.keep()
        self._reserve.take()

    def _before_change(self) -> None:
        """Take the image away before the log goes on; runs in the writer's thread.

        Should the image survive a crash all the same, the log does not end at its mark any more.
        """
        if self._image_stands:
            image.remove(self._folder)
            self._image_stands = False


class _Opened(NamedTuple):
    """Holds what opening makes, in a thread."""

    lock: DirectoryLock
    log: Log
    contents: Contents
    recovered: RecoveryReport
    empty: Callable[[], Contents]


def _open(
    folder: Path,
    options: RegisterOptions,
    elapsed: Callable[[], float],
    progress: Progress,
) -> _Opened:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as undo:
        lock = DirectoryLock(folder)
        undo.callback(lock.release)
        log, empty = options.core.open(
            folder, segment_bytes=options.segment_bytes, disk=options.disk
        )
        undo.callback(log.close)
        contents, recovered = recover(
            log, folder, empty, elapsed=elapsed, progress=progress, verify=options.verify
        )
        undo.pop_all()
    return _Opened(lock, log, contents, recovered, empty)
