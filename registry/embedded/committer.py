"""Makes a commit group durable: encode on the loop in slices, append and sync in the writer's thread.

Framed submissions have groups of their own, all of whose work is done in that thread.

Keeps the sequence of records and knows which record is the first behind a sync; the log relies on that flag
to tell a torn tail from damage.

Why that flag is enough: nothing behind a sync is written before the sync returned, so once a record flagged FIRST
lies whole in the log, everything before it was durable. A record that is not whole with such a one behind it was
damaged later; one without was perhaps never written, and nobody was told that it was.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from idnode.registry.embedded.framed import Framed
from idnode.registry.embedded.group import Group
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.storage.log import Log
from idnode.registry.handle.errors import RegistryError

ENCODE_ROWS: Final = 512
"""Rows encoded before the event loop is given back; about half a millisecond."""

_T = TypeVar("_T")


class Committer:
    """Writes groups to the log, one at a time, as durably as the options promise."""

    def __init__(
        self,
        log: Log,
        options: RegisterOptions,
        *,
        executor: ThreadPoolExecutor,
        before_change: Callable[[], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._log = log
        self._options = options
        self._executor = executor
        self._before_change = before_change
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._next_sequence = log.mark().sequence + 1
        self._groups = 0
        self._groups_synced = 0
        self._timer: asyncio.Task[None] | None = None

    async def call(self, work: Callable[[], _T]) -> _T:
        """Run ``work`` in the writer's thread, between two groups' writes, and return its result."""
        return await self._loop.run_in_executor(self._executor, work)

    async def commit(self, group: Group) -> list[int]:
        """Log a group, sync it if that is promised, and return the places of its records.

        Raises:
            OSError: A shortage, and nothing of the group is logged; or the log takes no more writes.
            RegisterClosed: The log takes no more writes.

        """
        if self._groups_synced == self._groups:
            group.mark_first()
        for _ in group.encode(self._next_sequence, slice_rows=ENCODE_ROWS):
            await asyncio.sleep(0)
        started = self._loop.time()
        places = await self.call(lambda: self._append(group))
        self._groups += 1
        self._committed(len(group), self._loop.time() - started)
        return places

    def _append(self, group: Group) -> list[int]:
        self._before_change()
        places = self._log.append(group.records, whole=True)
        if self._syncs:
            self._log.sync()
        return places

    async def commit_framed(self, group: Sequence[Framed]) -> int:
        """Decide, log and apply framed submissions, with one sync; return how many records they have.

        Raises:
            OSError, RegisterClosed: As for `commit`.

        """
        first = self._groups_synced == self._groups
        records, seconds = await self.call(lambda: self._append_framed(group, first=first))
        if records:
            self._groups += 1
            self._committed(records, seconds)
        for framed in group:
            framed.flush()
        return records

    def _append_framed(self, group: Sequence[Framed], *, first: bool) -> tuple[int, float]:
        sequence = self._next_sequence
        for number, framed in enumerate(group):
            fresh = first and sequence == self._next_sequence
            sequence += framed.admit(sequence, group[:number], first=fresh)
        if sequence == self._next_sequence:
            return 0, 0.0
        started = self._loop.time()
        self._before_change()
        extents = self._log.append_framed([framed.frame() for framed in group], last=sequence - 1)
        if self._syncs:
            self._log.sync()
        seconds = self._loop.time() - started
        for framed, written in zip(group, extents, strict=True):
            framed.apply([written] if written.bytes else [])
        return sequence - self._next_sequence, seconds

    @property
    def _syncs(self) -> bool:
        return self._options.durability is Durability.COMMIT

    def _committed(self, records: int, seconds: float) -> None:
        self._next_sequence += records
        if self._syncs:
            self._groups_synced = self._groups
        elif self._options.durability is Durability.INTERVAL and self._timer is None:
            self._timer = self._loop.create_task(self._sync_later(), name="register sync")
        if self._options.commit_observer is not None:
            self._options.commit_observer(seconds, records)

    async def sync(self) -> None:
        """Make everything logged so far durable.

        Raises:
            OSError, RegisterClosed: The log takes no more writes.

        """
        groups = self._groups
        await self.call(self._log.sync)
        self._groups_synced = max(self._groups_synced, groups)

    async def _sync_later(self) -> None:
        await asyncio.sleep(self._options.interval_seconds)
        self._timer = None
        try:
            await self.sync()
        except (OSError, RegistryError) as error:
            self._on_failure(error)

    async def close(self) -> None:
        """Wait for the timer, then make everything durable; raises like `sync`."""
        if self._timer is not None:
            await self._timer
        await self.sync()
