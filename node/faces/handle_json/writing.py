"""Writing: ``PUT`` and ``DELETE`` of ``/api/handles/{handle}`` (handle-http-api.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.handle_json.handles import insist_on_text, requested_handle
from idnode.node.faces.handle_json.host_names import replace_host_names
from idnode.node.faces.handle_json.values_input import pack_values
from idnode.node.faces.http.body import read_body
from idnode.node.faces.http.exchange import Exchange
from idnode.node.faces.http.java_texts import plain, unsupported_media_type
from idnode.node.faces.http.json_input import read_json
from idnode.node.faces.http.parameters import integer, query_parameters
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events
from idnode.node.service.errors import AuthenticationNeeded
from idnode.registry.handle.names import complete

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.parameters import Parameters
    from idnode.node.faces.http.services import Services
    from idnode.node.service.identifiers.credentials import Identity

RECORD_BODY_BYTES_MAX: Final = 2 * 1024 * 1024
"""Largest JSON form of one record: 256,000 bytes of values, escaped in the longest way, and room."""

_VARIOUS: Final = "various"


class Writing:
    """Registration and administration over JSON."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._registrar = services.registrar

    async def put(self, request: web.Request) -> web.StreamResponse:
        """Create or replace a record, or add and replace some of its values."""
        handle = requested_handle(request)
        exchange = Exchange(self._services, request, events.CREATE, handle)
        try:
            insist_on_text(handle)
            identity = await self._services.authorization.identity(request)
            parameters = query_parameters(request)
            if "index" in parameters:
                exchange.operation = events.ADD
            items = await _read_items(request, exchange.text)
            await replace_host_names(items, known=identity is not None)
            packed, indexes = pack_values(items)
            if "index" in parameters:
                return await self._put_values(exchange, identity, parameters, packed, indexes)
            return await self._create(exchange, identity, parameters, packed)
        except PLANNED as error:
            return exchange.refused(error)

    async def _create(
        self, exchange: Exchange, identity: Identity | None, parameters: Parameters, packed: bytes
    ) -> web.StreamResponse:
        assert exchange.handle is not None
        mint = parameters.flag("mintNewSuffix")
        registered = await self._registrar.create(
            identity,
            exchange.handle,
            packed,
            overwrite=parameters.flag("overwrite", otherwise=True),
            mint=mint,
        )
        handle = registered.handle.decode() if mint else None
        return exchange.done(status=200 if registered.replaced else 201, handle=handle)

    async def _put_values(
        self,
        exchange: Exchange,
        identity: Identity | None,
        parameters: Parameters,
        packed: bytes,
        indexes: tuple[int, ...],
    ) -> web.StreamResponse:
        assert exchange.handle is not None
        wanted = parameters.all("index")
        if _VARIOUS not in wanted and {integer(text) for text in wanted} != set(indexes):
            raise plain("Mismatched indexes in PUT request")
        self._insist_on_somebody(identity, exchange.handle)
        if parameters.flag("overwrite", otherwise=True):
            registered = await self._registrar.put_values(identity, exchange.handle, packed)
            return exchange.done(status=200 if registered.replaced else 201)
        await self._registrar.add(identity, exchange.handle, packed)
        return exchange.done(status=201)

    def _insist_on_somebody(self, identity: Identity | None, handle: bytes) -> None:
        """Ask who is there before the record is looked at, as the original does over HTTP (and only there).

        Raises:
            NotResponsible: The prefix lives elsewhere, which is told to strangers, too.
            AuthenticationNeeded: Nobody is known to ask.

        """
        if identity is None:
            self._services.authority.home_of(complete(handle))
            raise AuthenticationNeeded

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Delete a record, or with ``index`` some of its values."""
        handle = requested_handle(request)
        exchange = Exchange(self._services, request, events.DELETE, handle)
        try:
            insist_on_text(handle)
            identity = await self._services.authorization.identity(request)
            indexes = query_parameters(request).integers("index")
            if indexes:
                exchange.operation = events.REMOVE
                self._insist_on_somebody(identity, handle)
                await self._registrar.remove(identity, handle, indexes)
            else:
                await self._registrar.delete(identity, handle)
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.done()


async def _read_items(request: web.Request, handle: str | None) -> Any:
    """Return the values in a body, which nobody has checked yet."""
    content_type = request.headers.get("Content-Type")
    if request.content_type != "application/json" or content_type is None:
        raise unsupported_media_type(content_type)
    body = await read_body(request, RECORD_BODY_BYTES_MAX)
    if not body.strip():
        raise plain("Invalid JSON in PUT request")
    return _values_in(read_json(body, request.charset), handle)


def _values_in(found: Any, handle: str | None) -> Any:
    """Return the list of values in a body: bare, in a record, or a single value."""
    if isinstance(found, list):
        return found
    if not isinstance(found, dict):
        raise plain("Invalid JSON in PUT request")
    if "values" not in found:
        return [found]
    named = found.get("handle")
    if named is not None and (
        not isinstance(named, str) or handle is None or _folded(named) != _folded(handle)
    ):
        raise plain("Mismatched handle in PUT request")
    return found["values"]


def _folded(handle: str) -> bytes:
    return complete(handle.encode(errors="replace")).upper()
