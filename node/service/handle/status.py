"""The status handle ``0.SITE/status``: what a node tells its administrators about itself by resolution.

The reference server keeps its values from everybody else (handle-server-observed.md §3), and so does this one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from idnode.registry.handle import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.registry.handle.clock import Clock

STATUS_HANDLE: Final = b"0.SITE/STATUS"
"""The handle, folded."""

_ADMINISTRATORS_ONLY: Final = 0x08
_TTL_SECONDS: Final = 0


class Status:
    """Makes the values of the status handle from what the node reports."""

    def __init__(self, clock: Clock, report: Callable[[], dict[str, Any]]) -> None:
        self._clock = clock
        self._report = report

    def values(self) -> bytes:
        """Return the packed values, with the report as JSON."""
        data = json.dumps(self._report(), default=str, ensure_ascii=False).encode()
        value = values.pack_value(
            1,
            b"STATUS",
            data,
            ttl=_TTL_SECONDS,
            timestamp=int(self._clock.now()),
            permissions=_ADMINISTRATORS_ONLY,
        )
        return values.join([value])
