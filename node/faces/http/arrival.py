"""When a request arrived: as it was read, less what it waited before, as far as anybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.registry.handle.clock import Clock


def arrival(request: web.BaseRequest, clock: Clock) -> float:
    """Return the monotonic time of it; now, where the connection did not note it."""
    noted = getattr(request.protocol, "arrived", None)
    return noted if isinstance(noted, float) else clock.elapsed()
