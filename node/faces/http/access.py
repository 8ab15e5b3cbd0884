"""Decides which browsers' pages may ask: the Host check of ports on loopback, and the origins that may read answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohttp import web

from idnode.node.hosts import is_loopback_host, misdirected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NO_CORS: Final = web.RequestKey("NO_CORS", bool)
"""Carried by a request whose origin is told nothing."""


async def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Access:
    """Checks that each request passes before anything else.

    ``checks_host``: whether the port is on loopback, so that a Host header of another name is refused, except for
    ``host_names``. ``origins`` may read answers; without any every origin may, as the original has it, but not while
    ``open_secrets`` says that secrets work which everybody knows: any page could use them. Pages from loopback may
    always.
    """

    checks_host: bool = False
    host_names: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    open_secrets: Callable[[], Awaitable[bool]] = _never

    def admits(self, host: str | None) -> bool:
        """Return whether a request with this Host header is taken."""
        return not self.checks_host or not misdirected(host, self.host_names)

    async def judge(self, request: web.Request) -> None:
        """Note in a request that comes from a page whether its origin may read the answer."""
        if not await self._may_read(request.headers["Origin"]):
            request[NO_CORS] = True

    async def _may_read(self, origin: str) -> bool:
        if origin in self.origins or "*" in self.origins:
            return True
        if is_loopback_host(urlsplit(origin).netloc if origin.isascii() else ""):
            return True
        return not self.origins and not await self.open_secrets()
