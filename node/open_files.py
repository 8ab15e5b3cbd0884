"""Raises how many files and connections the system lets this process have open, and keeps some of them back."""

import contextlib
import sys
from typing import Final

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

KEPT_BACK: Final = 32
"""Descriptors that no peer of a face gets: who watches the node has to connect when all others are taken, too."""


def for_peers() -> int:
    """Return the descriptor from which on connections of peers are turned away."""
    if resource is None:
        return sys.maxsize
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(soft - KEPT_BACK, soft // 2)


def raise_limit() -> None:
    """Raise the soft limit of open files to the hard one: a connection is a file, too.

    Shells often start with 1,024, fewer than the connections that the node is set to serve.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems refuse "unlimited"; the soft limit then stays.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
