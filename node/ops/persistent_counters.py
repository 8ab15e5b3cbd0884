"""Persistent counters that survive a restart, since they are read against a lifetime target.

The file ``counters.json`` is replaced whole (written beside, then renamed) about once a second while it
changes, and once more, synced, at a clean stop. After a crash at most the last second of it is missing;
registrations are then lifted to the number of identifiers found in the log, so that the total never
falls below what provably was registered.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE_NAME: Final = "counters.json"

KINDS: Final = ("registrations", "resolutions")

Volume = dict[str, dict[tuple[str, str], int]]
"""Kind of counter → (face, outcome) → how many."""

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
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        aside = path.with_suffix(".json.damaged")
        path.replace(aside)
        _log.warning("%s is damaged (%s): set aside, persistent counters restart", path, error)
        return _nothing()


def _nothing() -> Volume:
    return {kind: {} for kind in KINDS}


def _parsed(content: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Volume:
    volume = _nothing()
    for kind in KINDS:
        for face, outcomes in content[kind].items():
            for outcome, count in outcomes.items():
                if not isinstance(count, int) or count < 0:
                    raise ValueError(f"{kind} of {face} is {count!r}")
                volume[kind][face, outcome] = count
    return volume


def save(folder: Path, volume: Volume, *, sync: bool = False) -> None:
    """Replace the file; with ``sync`` it is on the disk when this returns."""
    content: dict[str, dict[str, dict[str, int]]] = {kind: {} for kind in KINDS}
    for kind, counts in volume.items():
        for (face, outcome), count in counts.items():
            content[kind].setdefault(face, {})[outcome] = count
    path = folder / FILE_NAME
    beside = path.with_suffix(".json.new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)
