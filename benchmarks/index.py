"""The index in memory beside a bare dict: inserts one by one, inserts by batch, lookups."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.records import BATCH_ITEMS, small_handle
from benchmarks.row import Row
from registry.index import INDEXES, Index

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.config import Config

_ENTRIES = 200_000


def run(config: Config) -> list[Row]:
    """Measure every index there is, in entries a second."""
    keys = [small_handle(number).upper().encode() for number in range(_ENTRIES)]
    rows = []
    for name, factory in INDEXES.items():
        make = partial(factory, partial(_key_at, keys))
        filled = make()
        _insert_many(filled, keys)
        note = f"{filled.memory_bytes() / _ENTRIES:.0f} bytes an entry"
        for what, (ours, bare) in _MEASURES.items():
            measures = {"ours": partial(_fresh, ours, make, keys), "dict": partial(bare, keys)}
            found = config.interleaved(measures, what=f"{name} index, {what}")
            figures, peers = tuple(found["ours"]), tuple(found["dict"])
            rows.append(Row(f"index ({name}): {what}", figures, "bare dict", peers, note=note))
    return rows


def _key_at(keys: list[bytes], place: int) -> bytes:
    """Return the key at a place; places count from 1, as no record of a log has place 0."""
    return keys[place - 1]


def _fresh(
    measure: Callable[[Index, list[bytes]], float], make: Callable[[], Index], keys: list[bytes]
) -> float:
    return measure(make(), keys)


def _insert(index: Index, keys: list[bytes]) -> float:
    started = time.perf_counter()
    for place, key in enumerate(keys, 1):
        index.put(key, place)
    return len(keys) / (time.perf_counter() - started)


def _insert_bare(keys: list[bytes]) -> float:
    places: dict[bytes, int] = {}
    started = time.perf_counter()
    for place, key in enumerate(keys, 1):
        places[key] = place  # noqa: PERF403  # one by one is what is measured
    return len(keys) / (time.perf_counter() - started)


def _insert_many(index: Index, keys: list[bytes]) -> float:
    started = time.perf_counter()
    for first in range(0, len(keys), BATCH_ITEMS):
        some = keys[first : first + BATCH_ITEMS]
        index.put_many(some, range(first + 1, first + 1 + len(some)))
    return len(keys) / (time.perf_counter() - started)


def _insert_many_bare(keys: list[bytes]) -> float:
    places: dict[bytes, int] = {}
    started = time.perf_counter()
    for first in range(0, len(keys), BATCH_ITEMS):
        some = keys[first : first + BATCH_ITEMS]
        places.update(zip(some, range(first + 1, first + 1 + len(some)), strict=True))
    return len(keys) / (time.perf_counter() - started)


def _look_up(index: Index, keys: list[bytes]) -> float:
    _insert_many(index, keys)
    get = index.get
    started = time.perf_counter()
    for key in keys:
        get(key)
    return len(keys) / (time.perf_counter() - started)


def _look_up_bare(keys: list[bytes]) -> float:
    places = {key: place for place, key in enumerate(keys, 1)}
    get = places.get
    started = time.perf_counter()
    for key in keys:
        get(key)
    return len(keys) / (time.perf_counter() - started)


_MEASURES = {
    "insert one by one": (_insert, _insert_bare),
    "insert 10,000 at once": (_insert_many, _insert_many_bare),
    "look up": (_look_up, _look_up_bare),
}
