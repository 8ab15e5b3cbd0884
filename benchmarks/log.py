"""Append and sync by commit size, beside writing and syncing the same bytes to a plain file."""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.records import packed, small_handle, small_values
from benchmarks.row import Row
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import FIRST, PUT, encode

if TYPE_CHECKING:
    from benchmarks.config import Config

COMMIT_SIZES = (1, 10, 100, 1_000, 10_000)
_RECORDS_MAX = 50_000
_COMMITS_MAX = 100


def run(config: Config) -> list[Row]:
    """Measure records made durable a second; framing and checksums are part of ours only."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in COMMIT_SIZES:
            what = f"log: append + fdatasync, {size:,} records a commit"
            commits = max(2, min(_COMMITS_MAX, _RECORDS_MAX // size))
            measures = {
                "ours": partial(_ours, Path(folder), size, commits),
                "file": partial(_plain, Path(folder), size, commits),
            }
            found = config.interleaved(measures, what=what)
            rows.append(
                Row(
                    what,
                    tuple(found["ours"]),
                    "write + fdatasync, same bytes",
                    tuple(found["file"]),
                    note=f"{_record_bytes()} bytes a record",
                )
            )
    return rows


def _record_bytes() -> int:
    handle, values = _identifier(7)
    return len(encode(1, PUT, FIRST, handle, values))


def _identifier(number: int) -> tuple[bytes, bytes]:
    return small_handle(number).encode(), packed(small_values(number))


def _ours(folder: Path, size: int, commits: int) -> float:
    identifiers = [_identifier(number) for number in range(size)]
    with tempfile.TemporaryDirectory(dir=folder) as name:
        log = Log.open(Path(name))
        for _nothing in log.scan():
            pass
        started = time.perf_counter()
        sequence = log.mark().sequence
        for _ in range(commits):
            records = [
                encode(sequence + 1 + at, PUT, 0 if at else FIRST, handle, values)
                for at, (handle, values) in enumerate(identifiers)
            ]
            log.append(records)
            log.sync()
            sequence += size
        seconds = time.perf_counter() - started
        log.close()
    return size * commits / seconds


def _plain(folder: Path, size: int, commits: int) -> float:
    data = bytes(size * _record_bytes())
    descriptor, path = tempfile.mkstemp(dir=folder)
    try:
        started = time.perf_counter()
        for _ in range(commits):
            os.write(descriptor, data)
            os.fdatasync(descriptor)
        return size * commits / (time.perf_counter() - started)
    finally:
        os.close(descriptor)
        Path(path).unlink()
