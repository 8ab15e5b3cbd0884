"""``GET /api/v1/docking``: what a secondary node filed and what became of it; what a national node got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/api/v1/docking"


def docking_routes(told: Callable[[], Mapping[str, Any]]) -> list[web.RouteDef]:
    """Return the routes; ``told`` returns what is to be told."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(told()), content_type="application/json")

    return [web.get(PATH, answer)]
