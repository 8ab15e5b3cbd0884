"""The few operating system calls by which the log changes files.

A seam: tests hand the log a disk that is full, slow to finish or broken, without touching `os` itself.
"""

import os
from pathlib import Path
from typing import Final

from idnode.registry.embedded.storage.shortage import SPARE_DESCRIPTORS, insist


class Disk:
    """The real one. Every method may raise `OSError`."""

    def open(self, path: Path, flags: int) -> int:
        """Return a new descriptor; created files are for their owner only."""
        return SPARE_DESCRIPTORS.carry_out(lambda: os.open(path, flags | os.O_CLOEXEC, 0o600))

    def close(self, descriptor: int) -> None:
        """Give a descriptor back."""
        os.close(descriptor)
        SPARE_DESCRIPTORS.closed()

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """Write at an offset; returns the bytes written, maybe fewer than given."""
        return os.pwrite(descriptor, data, offset)

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut or extend (with a hole) to this length."""
        os.ftruncate(descriptor, length)

    def sync_data(self, descriptor: int) -> None:
        """Return once the file's content, and what is needed to read it, is on the disk."""
        if hasattr(os, "fdatasync"):
            os.fdatasync(descriptor)
        else:
            os.fsync(descriptor)

    def sync(self, descriptor: int) -> None:
        """Return once the file with all its attributes, or the folder, is on the disk."""
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name in one step, in place of the one that has it."""
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name."""
        target.hardlink_to(source)

    def unlink(self, path: Path) -> None:
        """Take a name away; it need not be there any more."""
        path.unlink(missing_ok=True)


DISK: Final = Disk()
"""The real disk; it has no state."""


def write_all(disk: Disk, descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write everything at an offset, in as many calls as the disk needs.

    Raises:
        OSError: The disk refused; some of the bytes may be written.

    """
    written = disk.pwrite(descriptor, data, offset)
    while written < len(data):
        written += write_some(disk, descriptor, memoryview(data)[written:], offset + written)


def write_some(disk: Disk, descriptor: int, data: bytes | memoryview, offset: int) -> int:
    """Write what the disk takes in one call, at least one byte; returns how many.

    Raises:
        OSError: The disk refused.

    """
    written = disk.pwrite(descriptor, data, offset)
    if written <= 0:
        raise OSError("the disk takes no more bytes and does not say why")
    return written


def sync_folder(disk: Disk, folder: Path) -> None:
    """Return once the names in this folder are on the disk.

    Raises:
        OSError: They may not be; `DiskFailed` once the folder was opened.

    """
    descriptor = disk.open(folder, os.O_RDONLY)
    try:
        insist(disk.sync, descriptor)
    finally:
        disk.close(descriptor)
