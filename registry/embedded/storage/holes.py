"""Finds which parts of a file were written to; the rest are holes, which read as zeros and take up no room.

Looking at a hole through a mapping is not free everywhere: a file system in memory gives it a page, and the process
a SIGBUS when it has none left. So what may be a hole is read by descriptor.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path


def runs(path: Path, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the extents of the file that are no holes, in whole multiples of 8."""
    if not hasattr(os, "SEEK_DATA"):
        yield start, end
        return
    at = start
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while at < end:
            data_start = max(os.lseek(descriptor, at, os.SEEK_DATA) & ~7, start)
            at = min(os.lseek(descriptor, data_start, os.SEEK_HOLE), end)
            yield data_start, at
    except OSError as error:
        if error.errno != errno.ENXIO:  # which says: nothing but a hole up to the end
            yield at, end
    finally:
        os.close(descriptor)


def written_end(path: Path) -> int:
    """Return where the file's last extent that is no hole ends: at or behind its last record."""
    end = 0
    for _run_start, end in runs(path, 0, path.stat().st_size):  # noqa: B007  # the last one counts
        pass
    return end


def is_blank(path: Path, start: int) -> bool:
    """Return whether everything from an offset on is zeros."""
    with path.open("rb", buffering=0) as file:
        for at, end in runs(path, start, path.stat().st_size):
            file.seek(at)
            left = end - at
            while left > 0 and (chunk := file.read(min(left, 1 << 20))):
                if chunk.count(0) != len(chunk):
                    return False
                left -= len(chunk)
    return True
