"""Writing: ``PUT`` and ``DELETE`` of ``/api/handles/{handle}`` (handle-http-api.md §4).

A request is read into one `Change`, which becomes one call of the service, whose outcome becomes one answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idnode.node.faces.handle_json.change import read_deletion, read_put
from idnode.node.faces.handle_json.handles import requested_handle
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events
from idnode.node.service.errors import AuthenticationNeeded
from idnode.registry.handle.names import complete

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.handle_json.change import Change
    from idnode.node.faces.http.services import Services


class Writing:
    """Registration and administration over JSON."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._registrar = services.registrar

    async def put(self, request: web.Request) -> web.StreamResponse:
        """Create or replace a record, or add and replace some of its values."""
        handle = requested_handle(request)
        exchange = HttpExchange(self._services, request, events.CREATE, handle)
        try:
            if "index=" in request.rel_url.raw_query_string:
                exchange.operation = events.ADD
            change = await read_put(request, handle, self._services.authorization)
            is_new, minted = await self._carry_out(change)
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.done(status=201 if is_new else 200, handle=minted)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a record, or with ``index`` some of its values."""
        handle = requested_handle(request)
        exchange = HttpExchange(self._services, request, events.DELETE, handle)
        try:
            change = await read_deletion(request, handle, self._services.authorization)
            exchange.operation = change.operation
            if change.of_values:
                self._insist_on_somebody(change)
                await self._registrar.remove(change.identity, handle, change.indexes)
            else:
                await self._registrar.delete(change.identity, handle)
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.done()

    async def _carry_out(self, change: Change) -> tuple[bool, str | None]:
        """Carry out what was put; return whether it replaced nothing, and the handle if it was minted."""
        identity, handle, packed = change.identity, change.handle, change.values
        if not change.of_values:
            made = await self._registrar.create(
                identity, handle, packed, overwrite=change.overwrite, mint=change.mint
            )
            return not made.replaced, made.handle.decode() if change.mint else None
        self._insist_on_somebody(change)
        if change.overwrite:
            put = await self._registrar.put_values(identity, handle, packed)
            return not put.replaced, None
        await self._registrar.add(identity, handle, packed)
        return True, None

    def _insist_on_somebody(self, change: Change) -> None:
        """Ask who is there before the record is looked at, as the original does over HTTP (and only there).

        Raises:
            NotResponsible: The prefix lives elsewhere, which is told to strangers, too.
            AuthenticationNeeded: Nobody is known to ask.

        """
        if change.identity is None:
            self._services.authority.home_of(complete(change.handle))
            raise AuthenticationNeeded
