"""Reads what the machine leaves the node: room on the disk, memory it may take. Linux and what resembles it."""

import os
import re
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
    """Return the limit of the process's control group and of each group around it (version 2)."""
    try:
        lines = own.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")
    group = groups / path.strip("/")
    found = []
    for folder in (group, *group.parents):
        try:
            text = (folder / "memory.max").read_text(encoding="ascii").strip()
        except OSError:
            text = "max"
        if text.isdigit():
            found.append(int(text))
        if folder == groups:
            break
    return found
