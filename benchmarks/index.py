"""The index in memory beside a bare dict: inserts one by one, inserts by batch, lookups."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.records import BATCH_ITEMS, small_handle
from benchmarks.row import Row
from idnode.registry.embedded.index import DictIndex, Index
from idnode.registry.embedded.storage.record import PUT, encode, place_of
from idnode.registry.embedded.storage.segment import HEADER_BYTES
from idnode.registry.handle.values import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.config import Config

_ENTRIES = 200_000
_SEGMENT = 1


def run(config: Config) -> list[Row]:
    """Measure every index there is, in entries a second."""
    keys = [small_handle(number).upper().encode() for number in range(_ENTRIES)]
    rows = []
    for name, (make, places) in _indexes(keys).items():
        filled = make()
        _insert_many(filled, keys, places)
        note = f"{filled.memory_bytes() / _ENTRIES:.0f} bytes an entry"
        for what, (ours, bare) in _MEASURES.items():
            measures = {
                "ours": partial(_fresh, ours, make, keys, places),
                "dict": partial(bare, keys),
            }
            found = config.interleaved(measures, what=f"{name} index, {what}")
            figures, peers = tuple(found["ours"]), tuple(found["dict"])
            rows.append(Row(f"index ({name}): {what}", figures, "bare dict", peers, note=note))
    return rows


def _indexes(keys: list[bytes]) -> dict[str, tuple[Callable[[], Index], Sequence[int]]]:
    """Return how to make each index, and the places that it is given for the keys."""
    found: dict[str, tuple[Callable[[], Index], Sequence[int]]] = {
        "dict": (DictIndex, range(1, len(keys) + 1))
    }
    try:
        from idnode.registry.embedded.native.core import (  # noqa: PLC0415  # may not be built
            SegmentView,
            SlotTable,
        )
    except ImportError:
        return found
    log, places = bytearray(HEADER_BYTES), []
    for number, key in enumerate(keys, 1):
        places.append(place_of(_SEGMENT, len(log)))
        log += encode(number, PUT, 0, key, EMPTY)
    segments = SegmentView()
    segments(_SEGMENT, bytes(log))
    found["slots"] = (lambda: SlotTable(bytes(16), segments), places)
    return found


def _fresh(
    measure: Callable[[Index, list[bytes], Sequence[int]], float],
    make: Callable[[], Index],
    keys: list[bytes],
    places: Sequence[int],
) -> float:
    return measure(make(), keys, places)


def _insert(index: Index, keys: list[bytes], places: Sequence[int]) -> float:
    started = time.perf_counter()
    for key, place in zip(keys, places, strict=True):
        index.put(key, place)
    return len(keys) / (time.perf_counter() - started)


def _insert_bare(keys: list[bytes]) -> float:
    places: dict[bytes, int] = {}
    started = time.perf_counter()
    for place, key in enumerate(keys, 1):
        places[key] = place  # noqa: PERF403  # one by one is what is measured
    return len(keys) / (time.perf_counter() - started)


def _insert_many(index: Index, keys: list[bytes], places: Sequence[int]) -> float:
    started = time.perf_counter()
    for first in range(0, len(keys), BATCH_ITEMS):
        behind = first + BATCH_ITEMS
        index.put_many(keys[first:behind], places[first:behind])
    return len(keys) / (time.perf_counter() - started)


def _insert_many_bare(keys: list[bytes]) -> float:
    places: dict[bytes, int] = {}
    started = time.perf_counter()
    for first in range(0, len(keys), BATCH_ITEMS):
        some = keys[first : first + BATCH_ITEMS]
        places.update(zip(some, range(first + 1, first + 1 + len(some)), strict=True))
    return len(keys) / (time.perf_counter() - started)


def _look_up(index: Index, keys: list[bytes], places: Sequence[int]) -> float:
    _insert_many(index, keys, places)
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
