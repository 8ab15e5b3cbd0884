"""Reads what the machine leaves the node: room on the disk, memory it may take. Linux and what resembles it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUP: Final = Path("/proc/self/cgroup")

OWN_STATUS: Final = Path("/proc/self/status")


class DiskSpace(NamedTuple):
    """Bytes of the file system that holds the data directory."""

    free_bytes: int
    """Left for whom the node runs as; what is kept back for the superuser does not count."""
    size_bytes: int


def disk_of(folder: Path) -> DiskSpace:
    """Return the room on the file system of a folder; nothing when it cannot be asked."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return DiskSpace(0, 0)
    return DiskSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def newest_entry(folder: Path) -> float:
    """Return when the newest entry of a folder was changed, in epoch seconds; 0 when there is none."""
    try:
        with os.scandir(folder) as entries:
            return max((entry.stat().st_mtime for entry in entries), default=0.0)
    except OSError:  # no folder, or an entry that just went
        return 0.0


def memory_limit_bytes(groups: Path = CONTROL_GROUPS, own: Path = OWN_GROUP) -> int:
    """Return how much memory this process may take: the machine's, or less when a control group says so."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(groups, own)])


def own_memory_bytes(status: Path = OWN_STATUS) -> int:
    """Return the memory that is the process's alone, without mapped files; 0 when nobody says.

    The log is mapped whole, and its pages count as resident although the system may drop them any time.
    """
    try:
        text = status.read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"^RssAnon:\s+(\d+) kB$", text, flags=re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _limits(groups: Path, own: Path) -> list[int]:
    """Return the limit of the process's control group and of each group around it, of either version."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    found: list[int] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            found += _around(groups, path, "memory.max")
        elif "memory" in controllers.split(","):
            found += _around(groups / "memory", path, "memory.limit_in_bytes")
    return found


def _around(root: Path, path: str, name: str) -> Iterator[int]:
    """Yield the limits from a group up to the root; one within a container may name groups outside of it."""
    group = root / path.strip("/")
    for folder in (group, *group.parents):
        try:
            text = (folder / name).read_text(encoding="ascii").strip()
        except OSError:
            text = "max"
        if text.isdigit():  # version 1 writes a number beyond any machine where there is no limit
            yield int(text)
        if folder == root:
            break
