"""The register on PostgreSQL beside the embedded one: batched creations, look-ups, and as many records as are asked for.

``python -m benchmarks.run postgres`` measures both in turn, on a private server with the settings of its package but for
more memory. ``python -m benchmarks.postgres --fill 100000000 --folder DIR`` fills a server by COPY, as `idnode storage copy`
does, and tells rate, bytes and the time of a restart; broken off, it goes on when it is called again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

from benchmarks import postgres_server
from benchmarks.records import BATCH_ITEMS, small_handle, small_packed, small_values
from benchmarks.row import Row
from idnode.registry.copying import Item, copy
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.fetching import fetched, together
from idnode.registry.handle.names import fold
from idnode.registry.mutation import Create
from idnode.registry.postgres.address import Address
from idnode.registry.postgres.copying import PostgresCopying
from idnode.registry.postgres.register import PostgresRegister
from idnode.registry.register import Stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from benchmarks.config import Config
    from idnode.registry.register import Register

CREATE_SHARE = 0.10
LOOK_UP_SHARE = 0.3
_ASKED = 1000
_PORTION = 20_000
_PAGES = 2000
_PAGE_HANDLES = 1000


def run(config: Config) -> list[Row]:
    """Return creations and look-ups of both engines, measured in turn."""
    if not postgres_server.installed():
        return [Row("PostgreSQL", note="PostgreSQL is not installed")]
    with tempfile.TemporaryDirectory() as folder, postgres_server.serving() as server:
        return asyncio.run(_rows(config, Path(folder), server.url))


async def _rows(config: Config, folder: Path, url: str) -> list[Row]:
    remote = await PostgresRegister.open(Address(url))
    here = await EmbeddedRegister.open(folder / "register")
    created: tuple[list[float], list[float]] = ([], [])
    asked: tuple[list[float], list[float]] = ([], [])
    batches = max(1, config.bulk_batches // 5)
    try:
        for number in range(config.repetitions):
            config.progress(f"PostgreSQL: {number + 1} of {config.repetitions}")
            for engine, figures in zip((remote, here), created, strict=True):
                start = number * batches
                figures.append(await _created_a_second(engine, start, batches))
            for engine, figures in zip((remote, here), asked, strict=True):
                figures.append(await _found_a_second(engine, (number + 1) * batches * BATCH_ITEMS))
    finally:
        await remote.close()
        await here.close()
    peer = "embedded engine"
    return [
        Row(
            f"creations on PostgreSQL, batches of {BATCH_ITEMS:,}",
            *(tuple(created[0]), peer, tuple(created[1])),
            note="synced; the embedded engine by its whole batches",
            at_least=CREATE_SHARE,
        ),
        Row(
            f"look-ups on PostgreSQL, {_ASKED:,} at once",
            *(tuple(asked[0]), peer, tuple(asked[1])),
            at_least=LOOK_UP_SHARE,
        ),
    ]


async def _created_a_second(engine: Register, start: int, batches: int) -> float:
    """Create batches, each after the former one, by the best way that the engine has."""
    requests = [
        range(number * BATCH_ITEMS, (number + 1) * BATCH_ITEMS)
        for number in range(start, start + batches)
    ]
    whole = engine.capabilities.batches
    if whole is None:
        values = small_packed(0)
        made = [
            [Create(small_handle(number).encode(), values, public=True) for number in each]
            for each in requests
        ]
        began = time.perf_counter()
        await asyncio.gather(*(engine.submit(batch) for batch in made))
        return batches * BATCH_ITEMS / (time.perf_counter() - began)
    bodies = [_request(each) for each in requests]
    began = time.perf_counter()
    for body in bodies:
        batch: Any = await whole.read_batch(body, lines=False, now=0)
        await whole.submit_batch(batch, all_or_nothing=False, overwrite=False)
    return batches * BATCH_ITEMS / (time.perf_counter() - began)


def _request(numbers: range) -> bytes:
    return msgpack.packb([[small_handle(number), small_values(0)] for number in numbers])


async def _found_a_second(engine: Register, records: int) -> float:
    """Look records up, so many at once, several times side by side, as requests for many do."""
    chosen = random.Random(1)  # repeatable on purpose
    questions = [
        [small_handle(chosen.randrange(records)).encode() for _ in range(_ASKED)] for _ in range(20)
    ]

    async def ask(handles: list[bytes]) -> None:
        found = await fetched(lambda: together(engine.lookup, handles))
        assert None not in found

    began = time.perf_counter()
    await asyncio.gather(*(asyncio.create_task(ask(each)) for each in questions))
    return len(questions) * _ASKED / (time.perf_counter() - began)


class _Made:
    """A source of so many records that are made when they are asked for."""

    def __init__(self, records: int) -> None:
        self._records = records
        self.name = f"{records} records that are made"

    async def count(self) -> int:
        """Return how many there are."""
        return self._records

    async def portions(self, after: bytes) -> AsyncIterator[Sequence[Item]]:
        """Yield them, ascending."""
        values = small_packed(0)
        first = int(after.rpartition(b"/")[2]) + 1 if after else 0
        for start in range(first, self._records, _PORTION):
            end = min(start + _PORTION, self._records)
            handles = [b"88.900.1/%012d" % number for number in range(start, end)]
            yield [Item(fold(handle), Stored(handle, values, public=True)) for handle in handles]

    async def close(self) -> None:
        """Hold nothing."""


async def _filled(url: str, records: int) -> dict[str, float]:
    """Fill a database with so many records, unless it has them, and tell of what it did and of what is there."""
    target = await PostgresCopying.open(Address(url))
    told: dict[str, float] = {}
    if await target.count() < records:
        began = time.perf_counter()
        done = await copy(_Made(records), target)
        told["filled"] = done.records - done.earlier
        told["filled_a_second"] = round(told["filled"] / (time.perf_counter() - began))
    told["records"] = await target.count()
    told["database_bytes"] = await target.size()
    told["bytes_a_record"] = round(told["database_bytes"] / told["records"], 1)
    await target.close()
    return told


async def _look(url: str, records: int) -> dict[str, float]:
    began = time.perf_counter()
    register = await PostgresRegister.open(Address(url))
    opened = time.perf_counter() - began
    values = small_packed(0)
    chosen = random.Random(2)  # repeatable on purpose
    try:
        handles = [b"88.900.1/%012d" % chosen.randrange(records) for _ in range(20_000)]
        began = time.perf_counter()
        await fetched(lambda: together(register.lookup, handles))
        read = time.perf_counter() - began
        behind = [b"88.900.1/%012d" % chosen.randrange(records) for _ in range(_PAGES)]
        began = time.perf_counter()
        for handle in behind:
            await register.page(b"88.900.1", after=handle, limit=_PAGE_HANDLES)
        listed = time.perf_counter() - began
        made = [Create(b"88.900.2/%d" % number, values) for number in range(50_000)]
        began = time.perf_counter()
        await register.submit(made)
        written = time.perf_counter() - began
    finally:
        await register.close()
    return {
        "open_seconds": round(opened, 2),
        "random_look_ups_a_second": round(len(handles) / read),
        "random_pages_a_second": round(len(behind) / listed),
        "creations_a_second": round(len(made) / written),
    }


def main() -> None:
    """Fill a server and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres", description=__doc__)
    parser.add_argument("--fill", type=int, default=1_000_000, help="records")
    parser.add_argument("--folder", type=Path, help="where the server keeps its files")
    asked = parser.parse_args()
    with postgres_server.serving(asked.folder) as server:
        found = asyncio.run(_filled(server.url, asked.fill))
        began = time.perf_counter()
        server.restart()
        found["restart_seconds"] = round(time.perf_counter() - began, 2)
        found |= asyncio.run(_look(server.url, asked.fill))
    print(json.dumps(found, indent=2))  # its purpose


if __name__ == "__main__":
    main()
