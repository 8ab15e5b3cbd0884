"""Holds what the nodes of one process have in common; a node alone has all of it for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from idnode.node.service.offload import Offload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web


@dataclass(slots=True)
class Shared:
    """Threads for what takes long, and where the management apps are served.

    ``manage`` takes a node's name and its management app, and returns the address where the app is reached.
    """

    manage: Callable[[str, web.Application], Awaitable[tuple[str, int]]]
    offload: Offload = field(default_factory=Offload)
