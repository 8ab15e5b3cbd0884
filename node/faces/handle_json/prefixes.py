"""``/api/prefixes``: which prefixes live here, and having them live here or not (handle-http-api.md §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.handle_json.handles import insist_on_text
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.parameters import handle_in_path
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from idnode.node.faces.http.services import Services
    from idnode.node.service.handle.homing import Homing
    from idnode.node.service.identifiers.credentials import Identity

PATH: Final = "/api/prefixes/"


class Prefixes:
    """Homes prefixes and gives them up, for the node's administrators."""

    def __init__(self, services: Services, homing: Homing) -> None:
        self._services = services
        self._homing = homing

    async def homed(self, request: web.Request) -> web.StreamResponse:
        """Answer ``GET /api/prefixes``."""
        exchange = HttpExchange(self._services, request, events.LIST)
        try:
            identity = await self._services.authorization.identity(request)
            homed = [handle.decode() for handle in await self._homing.homed(identity)]
        except PLANNED as error:
            return exchange.refused(error)
        members = {"responseCode": 1, "totalCount": str(len(homed)), "prefixes": homed}
        return exchange.answer(200, members)

    async def home(self, request: web.Request) -> web.StreamResponse:
        """Answer ``POST /api/prefixes/{prefix handle}``."""
        return await self._carry_out(request, self._homing.home)

    async def unhome(self, request: web.Request) -> web.StreamResponse:
        """Answer ``DELETE /api/prefixes/{prefix handle}``."""
        return await self._carry_out(request, self._homing.unhome)

    async def _carry_out(
        self,
        request: web.Request,
        change: Callable[[Identity | None, bytes], Awaitable[None]],
    ) -> web.StreamResponse:
        handle = handle_in_path(request.rel_url.raw_path, len(PATH))
        exchange = HttpExchange(self._services, request, events.OTHER, handle)
        try:
            insist_on_text(handle)
            await change(await self._services.authorization.identity(request), handle)
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.done()
