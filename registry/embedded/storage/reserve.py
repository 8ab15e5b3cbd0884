"""Room on the disk kept back, so that a node whose disk is full can stop cleanly; and asking whether there is any.

The reserve is a file of real bytes. It is given up at the end of a clean stop, when the image, the counters and
whatever else is written then need a place, and taken again once there is room to spare.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from idnode.registry.embedded.storage.disk import Disk, write_all

NAME: Final = "reserve"
RESERVE_BYTES: Final = 8 << 20
"""Size of the reserve on a disk of any size."""

SHARE: Final = 64
"""The reserve takes no more than this part of the free room: a small disk in memory has none to waste."""

PROBE_BYTES: Final = 256 << 10
"""Bytes that must find room before writes are taken again."""


class Reserve:
    """The reserve in one folder. Nothing here fails: without a reserve everything works as well, until it is short."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._path = folder / NAME

    def take(self) -> None:
        """Keep room back, if there is enough and it is not kept already."""
        with suppress(OSError):
            if self._path.exists():
                return
            free = os.statvfs(self._path.parent)
            size = min(RESERVE_BYTES, free.f_bavail * free.f_frsize // SHARE)
            self._fill(size)

    def _fill(self, size: int) -> None:
        descriptor = self._disk.open(self._path, os.O_WRONLY | os.O_CREAT)
        try:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
        except OSError:
            self._disk.unlink(self._path)
        finally:
            self._disk.close(descriptor)

    def give_up(self) -> None:
        """Let others have the room."""
        with suppress(OSError):
            self._disk.unlink(self._path)


def probe(disk: Disk, folder: Path) -> None:
    """Find out whether a file can be made and filled now.

    Raises:
        OSError: It cannot.

    """
    path = folder / (NAME + ".probe")
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, descriptor, os.urandom(PROBE_BYTES), 0)
    finally:
        disk.close(descriptor)
        disk.unlink(path)
