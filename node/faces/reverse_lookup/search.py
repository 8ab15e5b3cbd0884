"""``GET /hrls/handles?URL=*example*``: the identifiers whose values match, as a JSON array.

Each parameter is a value type and a pattern in which ``*`` stands for anything; all must match. ``limit`` and
``page`` (from 0) bound the answer. The asker gives a secret by Basic and may list the handles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.parameters import integer
from idnode.node.faces.http.replies import PLANNED, json_response
from idnode.node.faces.http.routes import Route, endpoint
from idnode.node.interceptors.exchange import note_error
from idnode.node.service import events
from idnode.node.service.identifiers.reverse_lookup import Pattern, SearchTooLarge, Wanted

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services
    from idnode.node.service.identifiers.reverse_lookup import ReverseLookup

PATH: Final = "/hrls/handles"
LIMIT_DEFAULT: Final = 1_000
LIMIT_MAX: Final = 10_000
WANTED_MAX: Final = 16
"""Most patterns of one search."""


def reverse_lookup_routes(services: Services) -> list[Route]:
    """Return the routes of the search, none if it is not switched on."""
    if services.reverse_lookup is None:
        return []
    search = Search(services, services.reverse_lookup).search
    return [*endpoint(PATH, {"GET": search}), *endpoint(f"{PATH}/", {"GET": search})]


class Search:
    """Answers searches."""

    def __init__(self, services: Services, reverse_lookup: ReverseLookup) -> None:
        self._services = services
        self._reverse_lookup = reverse_lookup

    async def search(self, request: web.Request) -> web.StreamResponse:
        """Answer one search: an array of handles, empty where nothing matches."""
        exchange = HttpExchange(self._services, request, events.LIST)
        try:
            identity = await self._services.authorization.identity(request)
            query = request.query
            limit = max(1, min(integer(query.get("limit", str(LIMIT_DEFAULT))), LIMIT_MAX))
            skip = max(0, integer(query.get("page", "0"))) * limit
            found = await self._reverse_lookup.search(
                identity, _wanted(request), skip=skip, limit=limit
            )
        except PLANNED as error:
            return exchange.refused(error)
        except SearchTooLarge as error:
            response = exchange.refused(MalformedRequest(str(error)))
            note_error(error)
            return response
        exchange.note(1)
        return json_response(orjson.dumps([handle.decode(errors="replace") for handle in found]))


def _wanted(request: web.Request) -> list[Wanted]:
    """Return what the parameters ask for.

    Raises:
        MalformedRequest: They ask for nothing, or for too much.

    """
    asked = [pair for pair in request.query.items() if pair[0] not in {"", "limit", "page"}]
    if not 0 < len(asked) <= WANTED_MAX:
        raise MalformedRequest(f"Expected 1 to {WANTED_MAX} parameters TYPE=PATTERN")
    return [
        Wanted(name.upper().encode(errors="replace"), Pattern(pattern)) for name, pattern in asked
    ]
