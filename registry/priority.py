"""Threads whose work can wait: they run when nobody else in the process, or beside it, wants to."""

import os
import sys
from threading import get_native_id
from typing import Final

_STEP: Final = 10
_NICEST: Final = 19


def give_way() -> None:
    """Have the calling thread give way from now on, where threads have priorities of their own (Linux).

    It still gets some time on a processor that is never free, so that nobody who waits for it, or for a lock
    that it holds, waits for ever.
    """
    if sys.platform == "linux":
        thread = get_native_id()
        # Relative to the others in the process, which may have been started nicely themselves.
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + _STEP
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, _NICEST))
