"""Earlier states of a log, each in a folder: second names of its segments, and the manifest of that time.

The manifest ends with the segment that was begun behind them, whose file is not there.
"""

from pathlib import Path

from idnode.registry.embedded.storage import manifest as manifests
from idnode.registry.embedded.storage.disk import DISK, Disk
from idnode.registry.embedded.storage.folder import segment_path
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.manifest import SegmentEntry
from idnode.registry.errors import LogDamaged


def keep(log: Log, target: Path, *, disk: Disk = DISK) -> None:
    """Keep everything that was appended in an empty folder, for `Log.turn_back`.

    Raises:
        OSError: The disk refused.
        RegisterClosed: The log failed before, or is closed.

    """
    log.rotate()
    for entry in log.manifest.segments[:-1]:
        disk.link(segment_path(log.folder, entry.number), segment_path(target, entry.number))
    manifests.store(disk, target, log.manifest)


def kept_in(source: Path, log: Log) -> tuple[SegmentEntry, ...]:
    """Return the segments of the state that a folder holds.

    Raises:
        LogDamaged: It holds none of this log, or not all of it.
        OSError: It cannot be read.

    """
    manifest = manifests.load(source)
    if manifest is None or manifest.register != log.register:
        raise LogDamaged(f"{source} holds no state of this register")
    *kept, behind = manifest.segments
    if behind.number > log.manifest.active.number:
        raise LogDamaged(f"{source} holds a state that is newer than the register")
    for entry in kept:
        if log.manifest.entry(entry.number) not in {None, entry}:
            reason = f"it is another one than in the state of {source}"
            raise LogDamaged(reason, segment=entry.number)
        path = segment_path(source, entry.number)
        if not path.is_file() or path.stat().st_size != entry.bytes:
            raise LogDamaged(f"{path} is missing, or not what was kept", segment=entry.number)
    return tuple(kept)
