"""The one writer: bounded queue → admission → log → apply → acknowledgement.

One commit group is in flight at a time and the next one's mutations queue up meanwhile, so that the slower
the disk, the more mutations share a sync; a lone mutation waits for nobody. Work on the event loop is done
in slices, so that reads and other connections never wait for a large batch.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from idnode.registry.decisions import aborted
from idnode.registry.embedded.admission import SLICE_WORK, Admission, Entry, bytes_of
from idnode.registry.embedded.committer import Committer
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.framed import Framed
from idnode.registry.embedded.group import Group
from idnode.registry.embedded.limits import (
    GROUP_BYTES_MAX,
    GROUP_ITEMS_MAX,
    WHOLE_BYTES_MAX,
    WRITE_QUEUE_BYTES_MAX,
    WRITE_QUEUE_ITEMS_MAX,
)
from idnode.registry.embedded.options import RegisterOptions
from idnode.registry.embedded.shortage import Shortage
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.reserve import probe
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.embedded.storage.shortage import is_shortage
from idnode.registry.errors import RegisterBusy, RegisterClosed
from idnode.registry.handle.errors import RecordTooLarge, RegistryError
from idnode.registry.mutation import Applied, Outcome

FRAMED_MAX: Final = 32
"""Framed submissions in one group: each is decided against all before it."""

_logger: Final = logging.getLogger(__name__)


class _Submission:
    """Describes what one caller handed in and waits for."""

    __slots__ = (
        *("bytes", "entries", "framed", "future", "items"),
        *("outcomes", "position", "turn", "whole"),
    )

    def __init__(self, items: int, size: int, future: "asyncio.Future[list[Outcome]]") -> None:
        self.items = items
        self.bytes = size
        self.future = future
        self.entries: Sequence[Entry] = ()
        self.framed: Framed | None = None
        self.turn: Callable[[], Awaitable[None]] | None = None
        self.whole = False
        self.position = 0
        self.outcomes: list[Outcome] = []


class RegisterWriter:
    """Serialises all changes of the register; made and used on one event loop."""

    def __init__(
        self,
        log: Log,
        contents: Contents,
        options: RegisterOptions,
        *,
        executor: ThreadPoolExecutor,
        before_change: Callable[[], None],
    ) -> None:
        self._contents = contents
        self._group_bytes = min(GROUP_BYTES_MAX, options.segment_bytes - HEADER_BYTES)
        self._after_shortage: Callable[[], None] | None = None
        self._disk = options.disk
        self._folder = log.folder
        self._shortage = Shortage(self._ask)
        self._committer = Committer(
            log,
            options,
            executor=executor,
            before_change=before_change,
            on_failure=self._fail,
        )
        self.call = self._committer.call
        self.sync = self._committer.sync
        self._admission = Admission(contents.index, log.read)
        self._queue: deque[_Submission] = deque()
        self._decided: list[_Submission] = []
        self._items = 0
        self._bytes = 0
        self._closing = False
        self._failure: Exception | None = None
        self._wake = asyncio.Event()
        self._applied: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="register writer")

    @property
    def queue_items(self) -> int:
        """Mutations that were taken and are not answered yet."""
        return self._items if self._failure is None else 0

    @property
    def unwritable(self) -> str:
        """Return why no writes are taken (for now, or any more), "" when they are."""
        return self._shortage.reason if self._failure is None else str(self._failure)

    @property
    def failure(self) -> Exception | None:
        """Return what ended all writing, or ``None``."""
        return self._failure

    def after_apply(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called after each group has become visible."""
        self._applied = callback

    def after_shortage(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called, in the writer's thread, when a shortage was found to be over."""
        self._after_shortage = callback

    def submit(
        self, entries: Sequence[Entry], *, whole: bool = False
    ) -> "asyncio.Future[list[Outcome]]":
        """Take entries; the future has what became of each, in order. With ``whole`` all are applied or none.

        Raises:
            RegisterBusy: The queue has no room; nothing was taken.
            RegisterShort: By the future: the system is short of something. Nothing was carried out, but of
                entries for more than one group perhaps a first part.
            RegisterClosed: The register is closing, or (also by the future) its log failed; of the entries
                a part may be there after a restart, in their order.

        """
        self._insist_on_open()
        future: asyncio.Future[list[Outcome]] = self._loop.create_future()
        if not entries:
            future.set_result([])
            return future
        submission = _Submission(len(entries), sum(map(bytes_of, entries)), future)
        submission.entries, submission.whole = entries, whole
        self._take(submission)
        return future

    async def submit_framed(self, framed: Framed, items: int, size: int) -> None:
        """Carry out a framed submission of so many items and bytes, in its turn.

        Raises:
            RegisterBusy, RegisterClosed: As for `submit`.

        """
        self._insist_on_open()
        submission = _Submission(items, size, self._loop.create_future())
        submission.framed = framed
        self._take(submission)
        await submission.future

    async def alone(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Have ``turn`` carried out once all that was taken before is answered, while nothing is written.

        Whatever it raises comes out of here; it is carried through even if whoever waits is cancelled.

        Raises:
            RegisterClosed: The register is closing, or its log failed.

        """
        self._insist_on_open()
        submission = _Submission(0, 0, self._loop.create_future())
        submission.turn = turn
        self._take(submission)
        await submission.future

    def _insist_on_open(self) -> None:
        if self._closing or self._failure is not None:
            raise RegisterClosed("The register takes no more writes") from self._failure

    def _take(self, submission: _Submission) -> None:
        items, size = self._items + submission.items, self._bytes + submission.bytes
        if items > WRITE_QUEUE_ITEMS_MAX or size > WRITE_QUEUE_BYTES_MAX:
            raise RegisterBusy("The write queue is full")
        self._items, self._bytes = items, size
        self._queue.append(submission)
        self._wake.set()

    async def close(self) -> None:
        """Write what is queued, sync and stop; a writer that failed only stops."""
        self._closing = True
        self._wake.set()
        await self._task
        await self._shortage.close()
        try:
            if self._failure is None:
                await self._committer.close()
        except (OSError, RegistryError) as error:
            self._fail(error)

    async def _run(self) -> None:
        try:
            while self._failure is None:
                if self._queue:
                    await self._commit_group()
                elif self._closing:
                    break
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except Exception as error:  # noqa: BLE001  # whatever it was, nothing more may be promised
            self._fail(error)

    async def _commit_group(self) -> None:
        try:
            changed = await self._commit_next()
        except OSError as error:
            if not is_shortage(error):
                raise
            self._refuse_group(error)
            return
        if changed:
            self._shortage.over()
        for submission in self._decided:
            self._leave(submission)
            if not submission.future.done():
                submission.future.set_result(submission.outcomes)
        self._decided = []
        if changed and self._applied is not None:
            self._applied()

    async def _commit_next(self) -> bool:
        """Write the next group; returns whether that changed anything."""
        if self._queue[0].turn is not None:
            await self._take_turn(self._queue[0].turn)
            return False
        if framed := self._gather_framed():
            return bool(await self._committer.commit_framed(framed))
        group = await self._gather()
        if not group.keys:
            return False
        await self._apply(group, await self._committer.commit(group))
        return True

    async def _take_turn(self, turn: Callable[[], Awaitable[None]]) -> None:
        submission = self._queue[0]
        try:
            await turn()
        except (OSError, RegistryError) as error:
            if not submission.future.done():
                submission.future.set_exception(error)
        self._decided.append(self._queue.popleft())

    def _refuse_group(self, error: OSError) -> None:
        """Refuse all that has a part in the group under way, of which nothing was written."""
        if self._queue and self._queue[0].position:  # begun in this group, or in one before it
            self._decided.append(self._queue.popleft())
        refusal = self._shortage.met(error, len(self._decided))
        for submission in self._decided:
            self._leave(submission)
            if not submission.future.done():
                submission.future.set_exception(refusal)
        self._decided = []

    def _leave(self, submission: _Submission) -> None:
        self._items -= submission.items
        self._bytes -= submission.bytes

    async def _ask(self) -> None:
        """Find out whether there is room again, and a descriptor."""
        await self.call(lambda: probe(self._disk, self._folder))
        if self._after_shortage is not None:
            self._after_shortage()

    def _gather_framed(self) -> list[Framed]:
        """Take the framed submissions at the head of the queue, as many as make up a group."""
        framed: list[Framed] = []
        size = 0
        while self._queue and len(framed) < FRAMED_MAX and size < self._group_bytes:
            submission = self._queue[0]
            if submission.framed is None:
                break
            self._decided.append(self._queue.popleft())
            framed.append(submission.framed)
            size += submission.bytes
        return framed

    async def _gather(self) -> Group:
        """Admit queued submissions into a fresh group; those wholly decided leave the queue."""
        group = Group(self._group_bytes)
        while self._queue and self._queue[0].entries and not group.full:
            submission = self._queue[0]
            size = submission.items
            if submission.whole and group.keys and len(group) + size > GROUP_ITEMS_MAX:
                break
            if size == 1 and self._admission.work < SLICE_WORK:  # as most are: nothing to wait for
                self._admission.admit(submission.entries, 0, group, submission.outcomes)
            else:
                await self._admit(submission, group)
                if submission.position != size:
                    continue
            self._decided.append(self._queue.popleft())
        return group

    async def _admit(self, submission: _Submission, group: Group) -> None:
        rows, size = len(group), group.bytes
        entries, outcomes = submission.entries, submission.outcomes
        while submission.position < len(entries) and (submission.whole or not group.full):
            if self._admission.work >= SLICE_WORK:
                self._admission.work = 0
                await asyncio.sleep(0)
            submission.position = self._admission.admit(
                entries, submission.position, group, outcomes
            )
            if submission.whole and group.bytes - size > WHOLE_BYTES_MAX:
                refusal = RecordTooLarge(f"A batch may log {WHOLE_BYTES_MAX} bytes as a whole")
                outcomes[:] = [refusal] * len(entries)
                submission.position = len(entries)
        if submission.whole:
            _bind(submission, group, rows)

    async def _apply(self, group: Group, places: Sequence[int]) -> None:
        sizes = list(map(len, group.records))
        for start in range(0, len(group), SLICE_WORK):
            if start:
                await asyncio.sleep(0)
            part = slice(start, start + SLICE_WORK)
            self._contents.apply(group.keys[part], group.kinds[part], places[part], sizes[part])

    def _fail(self, error: Exception) -> None:
        """Refuse all that waits and all that will come: a failed sync is never retried."""
        if self._failure is not None:
            return
        self._failure = error
        # One line: what failed is outside of this program, and a traceback would hide it.
        known = isinstance(error, OSError | RegistryError)
        _logger.critical(
            "the log failed, no more writes are taken until a restart: %s",
            error,
            exc_info=None if known else error,
        )
        for submission in (*self._decided, *self._queue):
            if not submission.future.done():
                refusal = RegisterClosed("The log failed; the register takes no more writes")
                refusal.__cause__ = error
                submission.future.set_exception(refusal)
        self._wake.set()


def _bind(submission: _Submission, group: Group, rows: int) -> None:
    """Keep all rows of an all-or-nothing submission together, or take them all back."""
    if all(isinstance(outcome, Applied) for outcome in submission.outcomes):
        group.close_whole(rows)
    else:
        group.truncate(rows)
        submission.outcomes = aborted(submission.outcomes)
