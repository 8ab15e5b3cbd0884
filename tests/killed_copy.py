"""Copies of the folder of an open register, as a kill at one moment would leave it.

Threads of the register go on writing files, a copy would see some of them of one moment and
some of another, and one that is renamed meanwhile not at all. So a copy counts only if the
folder was the same before and after.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

TRIES = 1_000


def killed_copy(
    folder: Path, copy: Path, copy_function: Callable[[str, str], object] = shutil.copy2
) -> Path:
    """Copy the folder but for its locks, and return the copy."""
    for _ in range(TRIES):
        try:
            before = _files(folder)
            shutil.copytree(
                folder, copy, copy_function=copy_function, ignore=shutil.ignore_patterns("*lock*")
            )
            if before == _files(folder):
                return copy
        except (shutil.Error, FileNotFoundError):
            pass  # a file was renamed or removed between its listing and its copy
        shutil.rmtree(copy, ignore_errors=True)
    raise AssertionError(f"{folder} did not stand still for one copy in {TRIES}")


def _files(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, size and time of change of each file."""
    return {
        path.name: (found.st_ino, found.st_size, found.st_mtime_ns)
        for path in folder.iterdir()
        for found in [path.stat()]
    }
