"""Bulk registration over HTTP beside pipelined SETs of the same identifiers into Redis, LMDB and RocksDB.

The clients of node and Redis send bodies that were encoded before the clock started, 10,000 identifiers each, over
the same number of connections, and wait for the answer to each body. Ours is durable when it answers; Redis is
measured with its append-only file synced before each answer, every second, and without any persistence. LMDB and
RocksDB are called inside this process, without a network, each batch durable before the next one.

Handles come in ascending order, which suits stores that keep them sorted best, and in random order, as they do when
many enterprises register what they make. A hash table does not care, so Redis is measured with the first only. What
one measurement has left to be written to the disk is written before the next one starts.
"""

from __future__ import annotations

import itertools
import os
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgpack

from benchmarks import redis, stores
from benchmarks.machine import cpu_seconds
from benchmarks.node_process import NodeProcess, RegistrationRefused, batch_headers, post_batch
from benchmarks.records import BATCH_ITEMS, batches, packed, small_handle, small_values
from benchmarks.row import Row, Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.config import Config
    from benchmarks.native_tools import Server

CONNECTIONS = 4
REDIS_SYNCS = ("always", "everysec", "")
BOUNDS = {"Redis SET, AOF everysec": 2.0, "LMDB": 4.0, "RocksDB": 4.0}
"""Ratios that must be reached, by peer."""

_Body = TypeVar("_Body")
_Answer = TypeVar("_Answer")
_Commands: TypeAlias = tuple[bytes, int]


def run(config: Config) -> list[Row]:
    """Measure identifiers registered a second; each repetition registers identifiers never seen."""
    series = (f"bulk{number}" for number in itertools.count())
    what = f"bulk registration, {CONNECTIONS} connections × {BATCH_ITEMS:,} (durable)"
    with config.serving() as node:
        config = replace(config, node=node)
        ascending = _rows(config, what, series, order=None, with_redis=redis.installed())
        shuffled = f"{what}, handles in random order"
        return ascending + _rows(config, shuffled, series, order=Random(1), with_redis=False)


def _rows(
    config: Config, what: str, series: Iterator[str], *, order: Random | None, with_redis: bool
) -> list[Row]:
    """Measure in one order of the handles, beside each peer."""
    count = config.bulk_batches
    with ExitStack() as stack:
        measures: dict[str, Callable[[], Speed]] = config.by_core(
            lambda each: into_node(each, list(batches(count, series=next(series), order=order)))
        )
        if with_redis:
            bodies = list(_redis_bodies(count))
            for sync in REDIS_SYNCS:
                server = stack.enter_context(redis.serving(sync=sync))
                name = f"Redis SET, AOF {sync}" if sync else "Redis SET, volatile"
                measures[name] = partial(_into_redis, server, bodies)
        for name, opener in stores.installed().items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="idnode-store-"))
            store = opener(Path(folder))
            stack.callback(store.close)
            measures[name] = partial(_into_store, store, count, series, order)
        found = config.interleaved(measures, what=what)
    ours = found.pop("ours")
    pure = tuple(speed.rate for speed in found.pop("pure", []))
    rates = tuple(speed.rate for speed in ours)
    if not found:
        return [Row(what, rates, redis.NOT_INSTALLED, pure=pure, note=ours[-1].note())]
    return [
        Row(
            what=what,
            ours=rates,
            peer=peer,
            peers=tuple(speed.rate for speed in peers),
            note=f"{ours[-1].note()}; peer {peers[-1].note()}",
            pure=pure,
            at_least=BOUNDS.get(peer),
        )
        for peer, peers in found.items()
    ]


def into_node(node: NodeProcess, bodies: Sequence[bytes]) -> Speed:
    """Register every body once.

    Raises:
        RegistrationRefused: An item was not registered.

    """
    headers = batch_headers()

    def send(share: Sequence[bytes]) -> list[bytes]:
        connection = node.connection()
        answers = [post_batch(connection, body, headers) for body in share]
        connection.close()
        return answers

    answers, speed = _timed(send, bodies, node.pid)
    for answer in answers:
        _check(answer)
    return speed


def _timed(
    send: Callable[[Sequence[_Body]], list[_Answer]], bodies: Sequence[_Body], server: int
) -> tuple[list[_Answer], Speed]:
    """Have each connection send its share of the bodies, all at the same time."""
    shares = [bodies[number::CONNECTIONS] for number in range(CONNECTIONS)]
    os.sync()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        spent, started = cpu_seconds(server), time.perf_counter()
        answers = [answer for found in pool.map(send, shares) for answer in found]
        seconds = time.perf_counter() - started
        spent = cpu_seconds(server) - spent
    items = len(bodies) * BATCH_ITEMS
    return answers, Speed(items / seconds, spent * 1e6 / items)


def _check(answer: bytes) -> None:
    """Insist that every item of a batch was registered."""
    if msgpack.unpackb(answer)["failed"]:
        raise RegistrationRefused(repr(answer[:500]))


def _redis_bodies(count: int) -> Iterator[_Commands]:
    for batch in range(count):
        numbers = range(batch * BATCH_ITEMS, (batch + 1) * BATCH_ITEMS)
        yield redis.set_commands(
            (small_handle(number, series="bulk").encode(), packed(small_values(number)))
            for number in numbers
        )


def _into_redis(server: Server, bodies: Sequence[_Commands]) -> Speed:
    """Set every key once."""

    def send(share: Sequence[_Commands]) -> list[None]:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for commands, replies in share:
                redis.pipeline(client, commands, replies)
        return []

    _nothing, speed = _timed(send, bodies, server.pid)
    return speed


def _into_store(
    store: stores.Store, count: int, series: Iterator[str], order: Random | None
) -> Speed:
    """Write batches of identifiers never seen; the processor time is the whole process's."""
    prepared = stores.batches_of(count, series=next(series), order=order)
    os.sync()
    spent, started = time.process_time(), time.perf_counter()
    for batch in prepared:
        store.write(batch)
    seconds = time.perf_counter() - started
    spent = time.process_time() - spent
    items = count * BATCH_ITEMS
    return Speed(items / seconds, spent * 1e6 / items)
