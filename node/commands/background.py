"""Drives a node with the rhythm of a data set: batches over HTTP, scans over each resolution face.

The driver keeps to its rates as well as the node lets it and never piles up work: what does not find a free
place is skipped and counted. It is background life for dashboards, not a measurement.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idnode.clients import aio
from idnode.clients.answer import Question, Transport
from idnode.clients.bulk import item
from idnode.clients.errors import ClientError
from idnode.clients.web import Client as WebClient
from idnode.registry.datasets.suzhou import rhythm
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from random import Random

    from idnode.clients.answer import Answer
    from idnode.clients.web_requests import Credential
    from idnode.registry.datasets.suzhou.dataset import Suzhou
    from idnode.registry.handle.clock import Clock

TICK_SECONDS: Final = 0.1
SCANS_MAX: Final = 64
"""Scans under way at once; further ones are skipped."""

BATCHES_MAX: Final = 4
"""Batches under way at once; further ones are skipped."""

_FACES: Final = (Transport.UDP, Transport.TCP, Transport.HTTP)
_PERCENTS: Final = (70, 15, 15)
"""Shares of the faces in all scans."""


class DatasetNotServed(Exception):
    """The node does not serve the data set."""


@dataclass(frozen=True, slots=True)
class Target:
    """A node to be driven, and who writes to it."""

    handle: tuple[str, int]
    http: str
    credential: Credential


@dataclass(slots=True)
class Done:
    """Holds what was done so far, in identifiers."""

    written: int = 0
    found: int = 0
    missing: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Describes how fast: identifiers a second on average, and seconds of the profile's day in one real second.

    Without ``day`` the load is the mean all the time. ``keep`` bounds the identifiers that are written.
    """

    rate: float
    speed: float
    keep: int
    day: bool = True


class Background:
    """Traffic for one node; `run` drives it until it is cancelled or the time is up."""

    def __init__(
        self, target: Target, dataset: Suzhou, pace: Pace, *, chance: Random, clock: Clock
    ) -> None:
        self.done = Done()
        self.second_of_day = clock.now() % rhythm.DAY_SECONDS
        self._target = target
        self._pace = pace
        self._chance = chance
        self._clock = clock
        self._scans = rhythm.Scans(dataset, chance)
        self._batches = rhythm.Batches(dataset, chance, pace.keep)
        self._under_way: dict[str, set[asyncio.Task[None]]] = {"scans": set(), "batches": set()}

    async def run(self, seconds: float | None, report: Callable[[], None]) -> None:
        """Drive the node for so many seconds, or until cancelled; ``report`` is called at each tick.

        When the time is up, what is under way is waited for, and counted.

        Raises:
            ClientError: The node does not answer at all.
            DatasetNotServed: It answers, but has none of the data set's prefixes.

        """
        async with AsyncExitStack() as stack:
            self._web = await stack.enter_async_context(
                WebClient(self._target.http, self._target.credential)
            )
            self._udp = await stack.enter_async_context(aio.Client(self._target.handle))
            self._tcp = await stack.enter_async_context(
                aio.Client(self._target.handle, transport=Transport.TCP)
            )
            await self._insist_on_the_data_set()
            try:
                await self._drive(seconds, report)
                # Let it be counted: what was asked for is done by the node, whoever listens to the answer.
                await asyncio.gather(*self._tasks())
            finally:
                for task in self._tasks():
                    task.cancel()
                await asyncio.gather(*self._tasks(), return_exceptions=True)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for tasks in self._under_way.values() for task in tasks]

    async def _drive(self, seconds: float | None, report: Callable[[], None]) -> None:
        started = before = self._clock.elapsed()
        reads = writes = 0.0
        size = self._batches.size()
        while seconds is None or before - started < seconds:
            await asyncio.sleep(TICK_SECONDS)
            now = self._clock.elapsed()
            passed, before = now - before, now
            self.second_of_day = (
                self.second_of_day + passed * self._pace.speed
            ) % rhythm.DAY_SECONDS
            second = self.second_of_day
            volume = self._pace.rate * passed * (rhythm.load(second) if self._pace.day else 1.0)
            share = rhythm.write_share(second)
            writes += volume * share
            reads += volume * (1 - share)
            while writes >= size:
                writes -= size
                self._begin("batches", BATCHES_MAX, size, self._write, size)
                size = self._batches.size()
            while reads >= rhythm.SCAN_LOOKUPS:
                reads -= rhythm.SCAN_LOOKUPS
                self._begin("scans", SCANS_MAX, rhythm.SCAN_LOOKUPS, self._scan)
            report()

    def _begin(
        self,
        kind: str,
        most: int,
        identifiers: int,
        work: Callable[..., Coroutine[None, None, None]],
        *arguments: int,
    ) -> None:
        under_way = self._under_way[kind]
        if len(under_way) >= most:
            self.done.skipped += identifiers
            return
        task = asyncio.get_running_loop().create_task(work(*arguments))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    async def _insist_on_the_data_set(self) -> None:
        answer = await self._ask(Transport.TCP, self._scans.scan()[0])
        if answer.response_code == ResponseCode.SERVER_NOT_RESPONSIBLE:
            raise DatasetNotServed

    async def _scan(self) -> None:
        """Look up what one scan needs, one after the other, as the person with the phone waits for it."""
        (transport,) = self._chance.choices(_FACES, _PERCENTS)
        for handle in self._scans.scan():
            try:
                answer = await self._ask(transport, handle)
            except ClientError:
                self.done.failed += 1
                continue
            if answer.succeeded:
                self.done.found += 1
            elif answer.response_code == ResponseCode.HANDLE_NOT_FOUND:
                self.done.missing += 1
            else:
                self.done.failed += 1

    async def _ask(self, transport: Transport, handle: bytes) -> Answer:
        question = Question.of(handle)
        if transport is Transport.HTTP:
            return await self._web.query(question)
        client = self._udp if transport is Transport.UDP else self._tcp
        return await client.query(question)

    async def _write(self, size: int) -> None:
        """Register one batch; what is there already is written again."""
        items = [item(handle, values) for handle, values in self._batches.batch(size)]
        try:
            result = await self._web.batch(items, overwrite=True)
        except ClientError:
            self.done.failed += size
        else:
            self.done.written += result.accepted
            self.done.failed += len(result.failures)
