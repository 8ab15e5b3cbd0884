"""Tells when a request arrived, which is before the event loop came to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.registry.handle.clock import Clock


def arrival(request: web.BaseRequest, clock: Clock) -> float:
    """Return when a request arrived, on the clock's monotonic reading; now, if its connection does not know."""
    return getattr(request.protocol, "arrived", 0.0) or clock.elapsed()
