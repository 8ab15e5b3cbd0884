"""Holds what the nodes of one process have in common; a node alone has all of it for itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from idnode.node.service.offload import Offload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from idnode.registry.handle.types.hs_site import Site


@dataclass(slots=True)
class Shared:
    """Threads for what takes long, and where the management apps are served.

    ``manage`` takes a node's name and its management app, and returns the address where the app is reached.
    """

    manage: Callable[[str, web.Application], Awaitable[tuple[str, int]]]
    join: Callable[[str, Site], Awaitable[Site]]
    """Returns the site that the node of a name belongs to, from its site record if it were alone."""
    offload: Offload = field(default_factory=Offload)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once all nodes answer: what can wait until then does."""
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one node that makes its data set known to native code: together they would starve the loop."""
