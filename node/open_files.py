"""Raises how many files and connections the system lets this process have open, and shares them out."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idnode.node.settings import Settings

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

OWN: Final = 128
"""Files that the node itself has open: log segments, the directory, sockets, libraries, and some to spare."""

SILENT_MAX: Final = 1024
"""HTTP connections that did not say anything yet."""

_LEAST: Final = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shares:
    """Holds how many connections each port serves at once; ``silent`` ones of HTTP are not served yet."""

    handle: int
    http: int
    silent: int
    admin: int


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


def limit() -> int | None:
    """Return how many files this process may have open; None: any number."""
    if resource is None:
        return None
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def shares(settings: Settings, files: int | None) -> Shares:
    """Return how many connections each port may have, if so many files may be open.

    All that are set to be served, or else a few for management and the same part of each other, so that
    connections leave the node the files that it needs itself: without them the log could not begin its next segment.
    """
    wanted = Shares(
        settings.connections_max,
        settings.http_connections_max,
        SILENT_MAX,
        settings.admin_connections_max,
    )
    # The management port counts twice, for its silent ones.
    total = wanted.handle + wanted.http + wanted.silent + 2 * wanted.admin
    if files is None or total + OWN <= files:
        return wanted
    admin = min(wanted.admin, max(files // 16, _LEAST))
    left = max(files - max(OWN, files // 4) - 2 * admin, 0)
    part = left / (total - 2 * wanted.admin)
    each = (wanted.handle, wanted.http, wanted.silent)
    handle, http, silent = (min(most, max(int(most * part), _LEAST)) for most in each)
    granted = Shares(handle, http, silent, admin)
    _log.warning(
        "this process may have %d files open, so it serves at most %d Handle, %d HTTP and %d "
        "management connections at once",
        *(files, granted.handle, granted.http, granted.admin),
    )
    return granted
