"""Deterministic identifiers for measurements, and how they get into a node.

Small records have three values and an answer of about 264 bytes; medium ones have eight and 0.8 kB, which is two
datagrams and the size of real industrial records; large ones have 14 and about 1.45 kB, which is three. Small and
large are the sizes at which peers have been measured before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgpack

from idnode.registry.handle.values import join, pack_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from random import Random

    from benchmarks.node_process import NodeProcess

PREFIX = "88.900.1"
BATCH_ITEMS = 10_000
HANDLES_ASKED_MAX = 20_000
"""Most handles that a measurement of look-ups asks for."""
Item: TypeAlias = tuple[str, list[tuple[int, str, str]]]


def small_handle(number: int, *, series: str = "part") -> str:
    """Return the handle of a small record."""
    return f"{PREFIX}/{series}-{number:09d}"


def large_handle(number: int) -> str:
    """Return the handle of a large record."""
    return f"{PREFIX}/gearbox-{number:09d}"


def medium_handle(number: int) -> str:
    """Return the handle of a medium record."""
    return f"{PREFIX}/axle-{number:09d}"


def small_values(number: int) -> list[tuple[int, str, str]]:
    """Return index, type and data of the three values of a small record."""
    return [
        (1, "URL", f"https://parts.example.com/trace/{number:09d}"),
        (2, "BATCH", f"casting-{number // 1000:07d}"),
        (3, "DESC", f"gearbox housing, line {number % 17}, shift {number % 3}, passed"),
    ]


def medium_values(number: int) -> list[tuple[int, str, str]]:
    """Return index, type and data of the eight values of a medium record."""
    return large_values(number)[:8]


def large_values(number: int) -> list[tuple[int, str, str]]:
    """Return index, type and data of the 14 values of a large record."""
    return [
        (
            index,
            f"FIELD{index:02d}",
            f"{number:09d} measured value of field {index:02d}: " + "x" * 24,
        )
        for index in range(1, 15)
    ]


def packed(values: Iterable[tuple[int, str, str]]) -> bytes:
    """Return the values in the form in which the register stores them."""
    return join(
        [
            pack_value(index, kind.encode(), data.encode(), timestamp=1_700_000_000)
            for index, kind, data in values
        ]
    )


_HEAD, _TAIL = packed(small_values(0)).split(b"000000000")


def small_packed(number: int) -> bytes:
    """Return a packed small record; faster than packing, as filling large registers needs it."""
    return b"%b%09d%b" % (_HEAD, number, _TAIL)


def small_items(numbers: Iterable[int], *, series: str = "part") -> list[Item]:
    """Return handle and values of small records."""
    return [(small_handle(number, series=series), small_values(number)) for number in numbers]


def tiny_packed(number: int) -> bytes:
    """Return a packed record of one value that makes 90 bytes with its handle."""
    return packed([(1, "URL", f"https://parts.cn/{number:017d}")])


def medium_packed(number: int) -> bytes:
    """Return a packed medium record."""
    return packed(medium_values(number))


def numbers_of(count: int, *, order: Random | None) -> list[int]:
    """Return the numbers of so many records, ascending or as ``order`` shuffles them."""
    numbers = list(range(count))
    if order is not None:
        order.shuffle(numbers)
    return numbers


def batches(
    count: int, *, series: str, items: int = BATCH_ITEMS, order: Random | None = None
) -> Iterator[bytes]:
    """Give request bodies of bulk registration, each with so many small records; see `numbers_of`."""
    numbers = numbers_of(count * items, order=order)
    for first in range(0, len(numbers), items):
        yield msgpack.packb(small_items(numbers[first : first + items], series=series))


def fill(node: NodeProcess, *, small: int, large: int) -> None:
    """Register so many small, and so many medium and large records through the bulk face."""
    for first in range(0, small, BATCH_ITEMS):
        node.register(msgpack.packb(small_items(range(first, min(first + BATCH_ITEMS, small)))))
    for first in range(0, large, BATCH_ITEMS):
        numbers = range(first, min(first + BATCH_ITEMS, large))
        node.register(msgpack.packb([(medium_handle(n), medium_values(n)) for n in numbers]))
        node.register(msgpack.packb([(large_handle(n), large_values(n)) for n in numbers]))


def write_handles(path: Path, handles: Iterable[str]) -> Path:
    """Write a handles file for the generators; returns its path."""
    path.write_text("".join(f"{handle}\n" for handle in handles), encoding="utf-8")
    return path
