"""Shortages: what the system lacks for now and may have again, as against a disk that fails.

A shortage met before a write was synced harms nothing: what was written of it is taken back, and the same write may
succeed later. A failed sync is never one, whatever the system calls it: pages may be gone by then.
"""

import errno
import os
from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

SHORTAGES: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Room on the disk or in the quota, descriptors of the process or of the system, address space."""

SPARES: Final = 32
"""Descriptors kept back for the log: a rotation opens four and keeps one, and others may take some of those given
up for it."""

_TOO_MANY_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE})


_T = TypeVar("_T")


class DiskFailed(OSError):
    """The disk failed: its content is not known any more, and trying again would not tell."""


def is_shortage(error: BaseException) -> bool:
    """Return whether an error ends by itself once the system has more of something."""
    return (
        isinstance(error, OSError)
        and not isinstance(error, DiskFailed)
        and error.errno in SHORTAGES
    )


def insist(sync: Callable[[int], None], descriptor: int) -> None:
    """Sync a descriptor.

    Raises:
        DiskFailed: It did not succeed.

    """
    try:
        sync(descriptor)
    except OSError as error:
        raise DiskFailed(error.errno, error.strerror) from error


class SpareDescriptors:
    """Descriptors held for nothing, so that the log gets one when connections have taken all others."""

    def __init__(self, count: int = SPARES) -> None:
        self._count = count
        self._held: list[int] = []
        self._lock = Lock()
        self._wanted = False

    def carry_out(self, call: Callable[[], _T]) -> _T:
        """Return what a call returns that needs a descriptor; a spare is given up for it if there is no other way.

        Raises:
            OSError: It failed, for want of a descriptor only if no spare is left either.

        """
        while True:
            try:
                return call()
            except OSError as error:
                if error.errno not in _TOO_MANY_FILES or not self._give_up_one():
                    raise

    def _give_up_one(self) -> bool:
        with self._lock:
            self._wanted = True
            if not self._held:
                return False
            os.close(self._held.pop())  # another thread may be quicker: then the next one follows
            return True

    def keep(self) -> None:
        """Take as many as are to be held, or as many as there are."""
        with self._lock:
            try:
                while len(self._held) < self._count:
                    self._held.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            except OSError:
                return
            self._wanted = False

    def closed(self) -> None:
        """Hear that a descriptor was given back: one that was given up is taken again."""
        if self._wanted:
            self.keep()


SPARE_DESCRIPTORS: Final = SpareDescriptors()
"""Those of this process, whatever registers it has open."""
