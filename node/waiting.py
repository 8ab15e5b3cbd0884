"""Waits at a start until a database is there: a cluster that has just lost its leader has another one in moments.

Meanwhile the node is alive and not ready, and one line of its log tells what it waits for.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

from idnode.registry.directory.errors import DirectoryUnavailable
from idnode.registry.errors import RegisterAway

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_Result = TypeVar("_Result")

START_SECONDS: Final = 120.0
"""Longest wait for a database at a start; after that whoever supervises the node is told that it failed."""

_PAUSE_SECONDS: Final = 0.5
_SILENT_SECONDS: Final = 5.0
"""Time without an answer after which the log tells, too."""

_log: Final = logging.getLogger(__name__)


async def once_there(what: str, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Return what an attempt returns, made again and again while a database is away.

    Raises:
        RegisterAway, DirectoryUnavailable: It was away for too long.

    """
    loop = asyncio.get_running_loop()
    until = loop.time() + START_SECONDS
    told = False

    def tell(reason: object) -> None:
        nonlocal told
        if not told:
            told = True
            _log.warning("waiting for %s, at most %d s: %s", what, START_SECONDS, reason)

    silent = loop.call_later(_SILENT_SECONDS, tell, "no answer yet")
    try:
        while True:
            try:
                found = await attempt()
            except (RegisterAway, DirectoryUnavailable) as error:
                if loop.time() >= until:
                    raise
                tell(error)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                if told:
                    _log.warning("%s answers now", what)
                return found
    finally:
        silent.cancel()
