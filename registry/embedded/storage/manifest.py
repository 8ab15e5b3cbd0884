"""Names which segments make up the log, in order: the file MANIFEST.json.

It is written whole and atomically whenever a segment is made, sealed or dropped, never in between, so the
active segment's end is not in it. It carries a CRC-32C of itself.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import google_crc32c

from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES, SEGMENTS_MAX
from idnode.registry.embedded.storage.atomic import write_atomically
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.segment import HEADER_BYTES, REGISTER_ID_BYTES, Header
from idnode.registry.errors import LogDamaged

NAME: Final = "MANIFEST.json"
SUMS_NAME: Final = "SNAPSHOT.json"
"""The file that makes a folder a snapshot; see `registry/embedded/storage/snapshot.py`."""
FORMAT: Final = 1


class SegmentEntry(NamedTuple):
    """One segment; ``bytes`` and ``last`` are None as long as it is the active one."""

    number: int
    first: int
    """Sequence of its first record."""
    bytes: int | None = None
    last: int | None = None
    """Sequence of its last record."""
    capacity: int | None = None
    """Fewest bytes that the file of the active segment may have; ``None`` where nobody noted it."""

    @property
    def sealed(self) -> bool:
        """Return whether the segment takes no more records."""
        return self.bytes is not None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The segments of one register's log, ascending; the last one is active, the others are sealed."""

    register: bytes
    segments: tuple[SegmentEntry, ...]
    dropping: tuple[int, ...] = ()
    """Numbers of segments that are given up and whose files may still be there."""

    @property
    def active(self) -> SegmentEntry:
        """The segment that takes records."""
        return self.segments[-1]

    def entry(self, number: int) -> SegmentEntry | None:
        """Return the segment with this number, if it is live."""
        return next((entry for entry in self.segments if entry.number == number), None)

    def header(self, entry: SegmentEntry) -> Header:
        """Return what the segment's file must say of itself."""
        return Header(self.register, entry.number, entry.first)


def encode(manifest: Manifest) -> bytes:
    """Return the file's content."""
    facts = {
        "dropping": list(manifest.dropping),
        "format": FORMAT,
        "register": manifest.register.hex(),
        "segments": [_facts(entry) for entry in manifest.segments],
    }
    return json.dumps({"crc32c": _checksum(facts), "manifest": facts}, indent=1).encode() + b"\n"


def _facts(entry: SegmentEntry) -> dict[str, int | None]:
    facts: dict[str, int | None] = entry._asdict()
    if entry.capacity is None:
        del facts["capacity"]
    return facts


def decode(content: bytes) -> Manifest:
    """Return the manifest.

    Raises:
        LogDamaged: The content is no manifest, was altered, or describes no possible log.

    """
    try:
        document = json.loads(content)
        facts = document["manifest"]
        if document["crc32c"] != _checksum(facts):
            raise LogDamaged(f"{NAME}: the checksum does not match")
        if facts["format"] != FORMAT:
            raise LogDamaged(f"{NAME}: format {facts['format']} is not ours")
        manifest = Manifest(
            bytes.fromhex(facts["register"]),
            tuple(SegmentEntry(**entry) for entry in facts["segments"]),
            tuple(facts["dropping"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LogDamaged(f"{NAME} cannot be read: {error}") from error
    problem = _problem(manifest)
    if problem:
        raise LogDamaged(f"{NAME}: {problem}")
    return manifest


def _checksum(facts: dict[str, Any]) -> str:
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    return f"{google_crc32c.value(canonical):08x}"


def _problem(manifest: Manifest) -> str:
    if len(manifest.register) != REGISTER_ID_BYTES or not manifest.segments:
        return "no register id or no segment"
    before = SegmentEntry(0, 1, HEADER_BYTES, 0)
    for entry in manifest.segments:
        if entry.sealed == (entry is manifest.active):
            return f"segment {entry.number} may be active only if it is the last"
        if entry.number <= before.number or not _follows(entry, before):
            return f"segment {entry.number} cannot follow segment {before.number}"
        if entry.bytes is not None and not HEADER_BYTES <= entry.bytes <= SEGMENT_SPAN_BYTES:
            return f"segment {entry.number} cannot have {entry.bytes} bytes"
        if entry.capacity is not None and not HEADER_BYTES <= entry.capacity <= SEGMENT_SPAN_BYTES:
            return f"segment {entry.number} cannot be made with {entry.capacity} bytes"
        before = entry
    slots = {entry.number % SEGMENTS_MAX for entry in manifest.segments}
    return "" if len(slots) == len(manifest.segments) else "two segments share their places"


def _follows(entry: SegmentEntry, before: SegmentEntry) -> bool:
    """Sequences go on without a gap, unless a number is missing: that segment was dropped."""
    assert before.last is not None
    if entry.last is not None and entry.last < entry.first - 1:
        return False
    if entry.number == before.number + 1:
        return entry.first == before.last + 1
    return entry.first > before.last


def load(folder: Path) -> Manifest | None:
    """Return the folder's manifest; None if there is none.

    Raises:
        LogDamaged: See `decode`.
        OSError: The file cannot be read.

    """
    try:
        content = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    return decode(content)


def store(disk: Disk, folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place of the folder's present one, durably.

    Raises:
        OSError: The disk refused; see `write_atomically`.

    """
    write_atomically(folder / NAME, encode(manifest), disk=disk)
