"""Threads whose work can wait: they run when nobody else in the process, or beside it, wants to."""

import os
import sys
from threading import get_native_id
from typing import Final

_NICENESS: Final = 10


def give_way() -> None:
    """Have the calling thread give way from now on, where threads have priorities of their own (Linux).

    It still gets some time on a processor that is never free, so that nobody who waits for it, or for a lock
    that it holds, waits for ever.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)
