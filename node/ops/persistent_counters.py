"""Persistent counters that survive a restart, since they are read against a lifetime target.

The file ``counters.json`` is replaced whole about once a second while it changes, at a clean stop, and before any
figure is told to a scraper: so whatever was read from ``/metrics`` is on the disk, and no restart, after a crash of the
process or of the machine, begins below it. What was counted and never told may be missing after a crash;
registrations are lifted to the number of identifiers found in the log. The file carries a CRC-32C of its figures.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import google_crc32c

from idnode.registry.embedded.storage.disk import DISK, write_all

FILE_NAME: Final = "counters.json"

KINDS: Final = ("registrations", "resolutions")

Volume = dict[str, dict[tuple[str, str], int]]
"""Kind of counter → (face, outcome) → how many."""

_CHECKSUM: Final = "crc32c"

_COUNT_MAX: Final = 1 << 63
"""No figure is as large; one that is would not fit into the metrics."""

_PAGE_BYTES: Final = 4096
"""The file fills whole pages, so that there is room for larger figures when the disk has none."""

_log = logging.getLogger(__name__)


def load(folder: Path) -> Volume:
    """Return what the file holds; nothing at the first start.

    A file that cannot be understood is set aside as ``counters.json.damaged`` with a warning: the
    counters are worth less than a node that starts.
    """
    path = folder / FILE_NAME
    try:
        return _parsed(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return _nothing()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        with suppress(OSError):
            path.replace(path.with_suffix(".json.damaged"))
        _log.warning("%s is damaged (%s): set aside, persistent counters restart", path, error)
        return _nothing()


def _nothing() -> Volume:
    return {kind: {} for kind in KINDS}


def _parsed(content: Mapping[str, Any]) -> Volume:
    figures = {kind: content[kind] for kind in KINDS}
    # A file of an earlier version has none; one that has lost it does not parse.
    if content.get(_CHECKSUM, "") not in {"", _checksum(figures)}:
        raise ValueError("the checksum does not match")
    volume = _nothing()
    for kind, faces in figures.items():
        for face, outcomes in faces.items():
            for outcome, count in outcomes.items():
                if not isinstance(count, int) or not 0 <= count < _COUNT_MAX:
                    raise ValueError(f"{kind} of {face} is {count!r}")
                volume[kind][face, outcome] = count
    return volume


def _checksum(figures: Mapping[str, Any]) -> str:
    canonical = json.dumps(figures, sort_keys=True, separators=(",", ":")).encode()
    return f"{google_crc32c.value(canonical):08x}"


def save(folder: Path, volume: Volume, *, sync: bool = False) -> None:
    """Replace the file; with ``sync`` it is on the disk when this returns.

    Raises:
        OSError: The disk refused; what was there before, or nothing that can be read, is there.

    """
    figures: dict[str, dict[str, dict[str, int]]] = {kind: {} for kind in KINDS}
    for kind, counts in volume.items():
        for (face, outcome), count in counts.items():
            figures[kind].setdefault(face, {})[outcome] = count
    text = json.dumps({_CHECKSUM: _checksum(figures), **figures}, indent=1).encode() + b"\n"
    content = text.ljust(-(-len(text) // _PAGE_BYTES) * _PAGE_BYTES)
    path = folder / FILE_NAME
    beside = path.with_suffix(".json.new")
    try:
        _write(beside, content, sync=sync)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if not path.exists() or path.stat().st_size < len(content):
            raise
        _write(path, content, sync=sync)  # in place it takes no room: a full disk has none


def _write(path: Path, content: bytes, *, sync: bool) -> None:
    descriptor = DISK.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        write_all(DISK, descriptor, content, 0)
        DISK.truncate(descriptor, len(content))
        if sync:
            DISK.sync(descriptor)
    finally:
        DISK.close(descriptor)
