"""Describes what the management port says about itself: ``/openapi.json``, and ``/docs`` to read it in a browser.

What describes it is imported when somebody asks: its models would take longer to make than a node may take to start.
"""

from __future__ import annotations

import orjson
from aiohttp import web

from idnode.node.openapi.page import asset, language_of, page
from idnode.node.openapi.words import ENGLISH, explain


def documentation_routes(version: str) -> list[web.RouteDef]:
    """Return the routes of document and page."""

    async def described(request: web.Request) -> web.Response:
        from idnode.node.openapi.document import document  # noqa: PLC0415
        from idnode.node.ops.openapi import operations  # noqa: PLC0415

        found = document("idnode management", version, "Operating a node.", operations())
        found = explain(found, language_of(request.query, ENGLISH))
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    async def shown(request: web.Request) -> web.Response:
        accepted = request.headers.get("Accept-Language", "")
        html, headers = page(language_of(request.query, accepted))
        return web.Response(body=html, headers=headers)

    async def moved(_request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": "/docs"})

    async def loaded(request: web.Request) -> web.Response:
        found = asset(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found.content, content_type=found.media_type, charset="utf-8")

    return [
        web.get("/openapi.json", described),
        web.get("/docs", shown),
        web.get("/docs/", moved),
        web.get("/docs/{name}", loaded),
    ]
