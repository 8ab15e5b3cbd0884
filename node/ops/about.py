"""``GET /api/v1/node``: addresses of a node, its prefix, and the credentials that everybody may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/api/v1/node"


def about_routes(told: Callable[[], Mapping[str, Any] | None]) -> list[web.RouteDef]:
    """Return the routes; ``told`` returns what is to be told, None while the node is starting."""

    async def answer(_: web.Request) -> web.Response:
        found = told()
        if found is None:
            raise web.HTTPServiceUnavailable(reason="The node is starting")
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    return [web.get(PATH, answer)]
