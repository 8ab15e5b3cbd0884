"""Bulk registration over HTTP beside pipelined SETs of the same identifiers into Redis.

Both clients send bodies that were encoded before the clock started, 10,000 identifiers each, over the
same number of connections, and wait for the answer to each body. Ours is durable when it answers; Redis
is measured with its append-only file synced before each answer, and without any persistence.
"""

from __future__ import annotations

import itertools
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import msgpack

from benchmarks import redis
from benchmarks.node_process import NodeProcess, RegistrationRefused, batch_headers, post_batch
from benchmarks.records import BATCH_ITEMS, batches, packed, small_handle, small_values
from benchmarks.row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.config import Config

CONNECTIONS = 4
_Commands: TypeAlias = tuple[bytes, int]


def run(config: Config) -> list[Row]:
    """Measure identifiers registered a second; each repetition registers identifiers never seen."""
    what = f"bulk registration, {CONNECTIONS} connections × {BATCH_ITEMS:,} (durable)"
    count = config.bulk_batches
    series = (f"bulk{number}" for number in itertools.count())
    with config.serving() as node, ExitStack() as stack:
        measures: dict[str, Callable[[], float]] = {
            "ours": lambda: _into_node(node, list(batches(count, series=next(series))))
        }
        if redis.installed():
            bodies = list(_redis_bodies(count))
            for name, durable in (("Redis SET, AOF always", True), ("Redis SET, volatile", False)):
                port = stack.enter_context(redis.serving(durable=durable))
                measures[name] = partial(_into_redis, port, bodies)
        found = config.interleaved(measures, what=what)
    ours = tuple(found.pop("ours"))
    if not found:
        return [Row(what, ours, redis.NOT_INSTALLED)]
    return [Row(what, ours, peer, tuple(rates)) for peer, rates in found.items()]


def _into_node(node: NodeProcess, bodies: Sequence[bytes]) -> float:
    """Return identifiers registered a second.

    Raises:
        RegistrationRefused: An item was not registered.

    """
    headers = batch_headers()

    def send(share: Sequence[bytes]) -> list[bytes]:
        connection = node.connection()
        answers = [post_batch(connection, body, headers) for body in share]
        connection.close()
        return answers

    shares = [list(bodies[number::CONNECTIONS]) for number in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        started = time.perf_counter()
        answers = [answer for found in pool.map(send, shares) for answer in found]
        seconds = time.perf_counter() - started
    for answer in answers:
        _check(answer)
    return len(bodies) * BATCH_ITEMS / seconds


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


def _into_redis(port: int, bodies: Sequence[_Commands]) -> float:
    """Return SETs acknowledged a second."""

    def send(share: Sequence[_Commands]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for commands, replies in share:
                redis.pipeline(client, commands, replies)

    shares = [list(bodies[number::CONNECTIONS]) for number in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        started = time.perf_counter()
        list(pool.map(send, shares))
        seconds = time.perf_counter() - started
    return sum(replies for _commands, replies in bodies) / seconds
