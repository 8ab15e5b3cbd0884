"""``GET /api/v1/identifiers?prefix=P``: the identifiers of a prefix as they were spelled, page by page.

The JSON API lists in upper case and by page number, as its original does. Here a page begins behind a cursor,
which stays right whatever is written meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.listers import lister
from idnode.node.faces.http.parameters import integer, query_parameters
from idnode.node.faces.http.replies import PLANNED
from idnode.node.service import events
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services

LIMIT_DEFAULT: Final = 1_000

LIMIT_MAX: Final = 10_000
"""Most identifiers in one page; a larger ``limit`` is cut to it."""


class IdentifierListing:
    """Lists identifiers for those who may."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Answer one page: ``handles``, the ``after`` of the next page (null on the last), ``total``."""
        exchange = HttpExchange(self._services, request, events.LIST)
        try:
            parameters = query_parameters(request)
            asked = parameters.first("prefix") or ""
            if not asked:
                raise InvalidHandle("Empty handle invalid")
            exchange.handle = asked.encode(errors="replace")
            prefix = fold(exchange.handle).removeprefix(PREFIX_HANDLE_START)
            identity = await lister(self._services, request, prefix)
            limit = integer(parameters.first("limit") or str(LIMIT_DEFAULT))
            found = await self._services.registrar.list_handles(
                identity,
                prefix,
                after=(parameters.first("after") or "").encode(errors="replace"),
                limit=max(1, min(limit, LIMIT_MAX)),
            )
            total = await self._services.count(prefix)
        except PLANNED as error:
            return exchange.refused(error)
        return exchange.answer(
            200,
            {
                "responseCode": 1,
                "total": total,
                "handles": [handle.decode() for handle in found.handles],
                "after": None if found.after is None else found.after.decode(),
            },
        )
