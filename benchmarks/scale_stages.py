"""The stages of `benchmarks.scale`, each run in a process of its own so that memory is told apart.

A stage is an async function of folder and number of identifiers that reports progress through a function
and returns figures by name.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks.records import PREFIX
from benchmarks.scale_records import KINDS, Kind, handle_of
from benchmarks.stores import bytes_on_disk
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.mutation import Applied, Create

Told: TypeAlias = Callable[[float], None]
"""Told the share of the stage that is done, 0 to 1."""
Figures: TypeAlias = dict[str, float]

_BATCH_ITEMS = 20_000
_OUTSTANDING = 4
"""Batches submitted at once, so that the next group is made up while one is being synced."""
_LOOKUPS = 200_000
_PAGES = 200
_PAGE_HANDLES = 1_000
_TICK_SECONDS = 0.001
_SEED = 2021


class FillRefused(Exception):
    """The register did not take an identifier."""


def memory_kib(name: str) -> int:
    """Return a figure of this process from /proc, such as ``VmRSS`` or ``RssAnon``."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        key, _colon, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    return 0


async def fill(folder: Path, count: int, told: Told, kind: str) -> Figures:
    """Fill an empty register, ask it, list it, and close it in good order."""
    before = memory_kib("RssAnon")
    register = await EmbeddedRegister.open(folder)
    seconds, pause = await _fill(register, count, told, KINDS[kind])
    stats = register.stats()
    anonymous = memory_kib("RssAnon") - before
    figures = {
        "fill_rate": count / seconds,
        "longest_pause_ms": pause * 1e3,
        "index_bytes": stats.figures["index_bytes"] / count,
        "anonymous_bytes": anonymous * 1024 / count,
        "rss_mib": memory_kib("VmRSS") / 1024,
        **look_up(register, count),
        **await list_pages(register, count),
    }
    started = time.perf_counter()
    await register.close()
    figures["close_seconds"] = time.perf_counter() - started
    figures["disk_bytes"] = bytes_on_disk(folder) / count
    figures["disk_ratio"] = figures["disk_bytes"] / KINDS[kind].wire_bytes()
    return figures


async def _fill(
    register: EmbeddedRegister, count: int, told: Told, kind: Kind
) -> tuple[float, float]:
    """Return the seconds spent in submissions, and the longest pause of the loop among them."""
    seconds = longest = 0.0
    for first in range(0, count, _BATCH_ITEMS * _OUTSTANDING):
        until = min(first + _BATCH_ITEMS * _OUTSTANDING, count)
        batches = [
            range(at, min(at + _BATCH_ITEMS, until)) for at in range(first, until, _BATCH_ITEMS)
        ]
        requests = [kind.request(numbers) for numbers in batches]
        pauses: list[float] = []
        ticker = asyncio.create_task(_tick(pauses))
        await asyncio.sleep(0)
        started = time.perf_counter()
        if not all(await asyncio.gather(*(_register(register, each) for each in requests))):
            await asyncio.gather(*(_create(register, kind, each) for each in batches))
        seconds += time.perf_counter() - started
        ticker.cancel()
        longest = max(longest, *pauses, 0.0)
        told(until / count)
    return seconds, longest


async def _register(register: EmbeddedRegister, request: bytes) -> bool:
    """Register a batch from its bytes; false where the core does not do that."""
    batch = await register.read_batch(request, lines=False, now=1)
    if batch is None:
        return False
    await register.submit_batch(batch)
    if batch.accepted != len(batch):
        raise FillRefused(repr(next(batch.failures())))
    return True


async def _create(register: EmbeddedRegister, kind: Kind, numbers: range) -> None:
    """Register a batch from objects."""
    creations = [Create(handle_of(number), kind.packed(number)) for number in numbers]
    for outcome in await register.submit(creations):
        if not isinstance(outcome, Applied):
            raise FillRefused(repr(outcome))


async def _tick(pauses: list[float]) -> None:
    """Note by how much the loop comes late, for as long as it runs."""
    while True:
        due = time.perf_counter() + _TICK_SECONDS
        await asyncio.sleep(_TICK_SECONDS)
        pauses.append(time.perf_counter() - due)


def look_up(register: EmbeddedRegister, count: int) -> Figures:
    """Return lookups a second of random handles that exist."""
    chance = random.Random(_SEED)
    handles = [handle_of(chance.randrange(count)) for _ in range(_LOOKUPS)]
    started = time.perf_counter()
    for handle in handles:
        if register.lookup(handle) is None:
            raise FillRefused(f"{handle!r} is not there")
    return {"lookup_rate": _LOOKUPS / (time.perf_counter() - started)}


async def list_pages(register: EmbeddedRegister, count: int) -> Figures:
    """Return milliseconds for a page of 1,000 handles from random cursors: median and largest."""
    chance = random.Random(_SEED)
    times = []
    for _ in range(_PAGES):
        cursor = handle_of(chance.randrange(count))
        started = time.perf_counter()
        await register.page(PREFIX.encode(), after=cursor, limit=_PAGE_HANDLES)
        times.append((time.perf_counter() - started) * 1e3)
    return {"page_ms": median(times), "page_ms_max": max(times)}


async def restart(folder: Path, count: int, told: Told, kind: str) -> Figures:
    """Open after a clean stop, and leave as a crash does: one more write, and no good-bye."""
    started = time.perf_counter()
    register = await EmbeddedRegister.open(folder, progress=_progress(told))
    seconds = time.perf_counter() - started
    if register.stats().identifiers < count:
        raise FillRefused("identifiers are missing after the restart")
    last = Create(f"{PREFIX}/last-before-the-crash".encode(), KINDS[kind].packed(0))
    await register.submit([last])
    return {"restart_seconds": seconds}


async def recover(folder: Path, count: int, told: Told, kind: str) -> Figures:
    """Open after the crash."""
    del kind
    started = time.perf_counter()
    register = await EmbeddedRegister.open(folder, progress=_progress(told))
    seconds = time.perf_counter() - started
    if register.stats().identifiers != count + 1:
        raise FillRefused("identifiers are missing after the recovery")
    return {"recovery_seconds": seconds, "recovery_rate": count / seconds}


def _progress(told: Told) -> Callable[[int, int], None]:
    return lambda done, total: told(done / total if total else 1.0)


STAGES = {"fill": fill, "clean restart": restart, "crash recovery": recover}
"""In their order: each finds what the one before has left."""


def leave() -> None:
    """End this process at once, as a crash would: nothing is closed, saved or synced."""
    os._exit(0)
