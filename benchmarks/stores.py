"""Key-value stores inside a process: writes by batch, reads, and bytes on disk, beside the register itself.

LMDB and RocksDB come with the extra ``bench``. All three are given the same handles and packed values, batches of
10,000, each durable before the next one: LMDB by a transaction, RocksDB by a synced write batch, the register by
what its bulk face calls (`benchmarks.bulk` measures that face). Reads are random, from a warm cache.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks.records import (
    BATCH_ITEMS,
    medium_packed,
    numbers_of,
    small_handle,
    small_packed,
    tiny_packed,
)
from benchmarks.row import Row
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.mutation import Create

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.config import Config

NOT_INSTALLED = "LMDB and RocksDB are not installed"
Batch = list[tuple[bytes, bytes]]
DISK_SHARE_MAX = 1.35
_MAP_BYTES = 1 << 36
_GETS = 200_000


class Store(Protocol):
    """A store in one folder."""

    def write(self, batch: Batch) -> None:
        """Put a batch; it is on the disk when this returns."""

    def read(self, key: bytes) -> object:
        """Return the value of a key."""

    def close(self) -> None:
        """Let the folder go."""


class Lmdb:
    """LMDB, one transaction a batch."""

    def __init__(self, folder: Path) -> None:
        import lmdb  # noqa: PLC0415  # an extra

        self._environment = lmdb.open(str(folder), map_size=_MAP_BYTES)

    def write(self, batch: Batch) -> None:
        """Put a batch; see `Store`."""
        with self._environment.begin(write=True) as transaction:
            transaction.cursor().putmulti(batch)

    def read(self, key: bytes) -> object:
        """Return the value of a key; see `Store`."""
        with self._environment.begin() as transaction:
            return transaction.get(key)

    def close(self) -> None:
        """Let the folder go."""
        self._environment.close()


class RocksDb:
    """RocksDB with its own defaults, one synced write batch a batch."""

    def __init__(self, folder: Path) -> None:
        import rocksdict  # noqa: PLC0415  # an extra

        self._batch = partial(rocksdict.WriteBatch, raw_mode=True)
        self._database = rocksdict.Rdict(str(folder), rocksdict.Options(raw_mode=True))
        self._synced = rocksdict.WriteOptions()
        self._synced.sync = True

    def write(self, batch: Batch) -> None:
        """Put a batch; see `Store`."""
        prepared = self._batch()
        for key, value in batch:
            prepared.put(key, value)
        self._database.write(prepared, self._synced)

    def read(self, key: bytes) -> object:
        """Return the value of a key; see `Store`."""
        return self._database.get(key)

    def close(self) -> None:
        """Write everything where it belongs, and let the folder go."""
        self._database.flush()
        self._database.close()


class OurRegister:
    """The register, asked as a node asks it; filled one mutation an identifier, which is not measured."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._register = self._runner.run(EmbeddedRegister.open(folder))
        self.read = self._register.lookup

    def write(self, batch: Batch) -> None:
        """Put a batch; see `Store`."""
        self._runner.run(self._write([Create(key, value) for key, value in batch]))

    async def _write(self, creations: list[Create]) -> None:
        await self._register.submit(creations)

    def close(self) -> None:
        """Let the folder go."""
        self._runner.run(self._register.close())
        self._runner.close()


STORES: dict[str, tuple[str, Callable[[Path], Store]]] = {
    "LMDB": ("lmdb", Lmdb),
    "RocksDB": ("rocksdict", RocksDb),
}


def installed() -> dict[str, Callable[[Path], Store]]:
    """Return how to open each store that is installed here."""
    return {name: opener for name, (module, opener) in STORES.items() if find_spec(module)}


def batches_of(
    count: int,
    *,
    series: str,
    record: Callable[[int], bytes] = small_packed,
    order: random.Random | None = None,
) -> list[Batch]:
    """Return batches of handles and packed values, prepared before any clock starts; see `numbers_of`."""
    numbers = numbers_of(count * BATCH_ITEMS, order=order)
    return [
        [
            (small_handle(number, series=series).encode(), record(number))
            for number in numbers[first : first + BATCH_ITEMS]
        ]
        for first in range(0, len(numbers), BATCH_ITEMS)
    ]


def bytes_on_disk(folder: Path) -> int:
    """Return the bytes that the files of a folder occupy."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def run(config: Config) -> list[Row]:
    """Measure reads, and bytes on disk after the writes."""
    rows = _reads(config)
    for name, record in (("90 B", tiny_packed), ("0.8 kB", medium_packed)):
        rows.append(_disk(name, record, max(1, config.identifiers // BATCH_ITEMS)))
    return rows


def _reads(config: Config) -> list[Row]:
    batches = batches_of(max(1, config.identifiers // BATCH_ITEMS), series="store")
    keys = [key for batch in batches for key, _value in batch]
    random.Random(1).shuffle(keys)
    asked = (keys * (_GETS // len(keys) + 1))[:_GETS]
    what = f"read one of {len(keys):,} records, in process"
    with ExitStack() as stack:
        opened = {}
        for name, opener in {"ours": OurRegister, **installed()}.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="idnode-store-"))
            opened[name] = opener(Path(folder))
            stack.callback(opened[name].close)
            for batch in batches:
                opened[name].write(batch)
        measures = {name: partial(_read, store, asked) for name, store in opened.items()}
        found = config.interleaved(measures, what=what)
    ours = tuple(found.pop("ours"))
    rows = [Row(what, ours, peer=name, peers=tuple(rates)) for name, rates in found.items()]
    return rows or [Row(what, ours, peer=NOT_INSTALLED)]


def _read(store: Store, keys: Sequence[bytes]) -> float:
    read = store.read
    started = time.perf_counter()
    for key in keys:
        read(key)
    return len(keys) / (time.perf_counter() - started)


def _disk(name: str, record: Callable[[int], bytes], count: int) -> Row:
    """Tell how many bytes on the disk each byte of handle and values takes."""
    shares, payload = {}, 0
    for store, opener in {"ours": OurRegister, **installed()}.items():
        with tempfile.TemporaryDirectory(prefix="idnode-store-") as folder:
            opened, payload = opener(Path(folder)), 0
            for batch in batches_of(count, series="disk", record=record):
                opened.write(batch)
                payload += sum(len(key) + len(value) for key, value in batch)
            opened.close()
            shares[store] = bytes_on_disk(Path(folder)) / payload
    each = payload / (count * BATCH_ITEMS)
    others = ", ".join(f"{store} {share:.2f}" for store, share in shares.items() if store != "ours")
    return Row(
        what=f"disk for each byte of handle and values, records of {name}",
        ours=(shares["ours"],),
        unit="B",
        note=f"{each:.0f} B an identifier; {others}",
        at_most=DISK_SHARE_MAX,
    )
