"""Describes what the management port says about itself: ``/openapi.json``, and ``/docs`` to read it in a browser.

What describes it is imported when somebody asks: its models would take longer to make than a node may take to start.
"""

from __future__ import annotations

import orjson
from aiohttp import web


def documentation_routes(version: str) -> list[web.RouteDef]:
    """Return the routes of document and page."""

    async def described(_request: web.Request) -> web.Response:
        from idnode.node.openapi.document import document  # noqa: PLC0415
        from idnode.node.ops.openapi import operations  # noqa: PLC0415

        found = document("idnode management", version, "Operating a node.", operations())
        return web.Response(body=orjson.dumps(found), content_type="application/json")

    async def shown(_request: web.Request) -> web.Response:
        from idnode.node.openapi.page import page  # noqa: PLC0415

        html, headers = page()
        return web.Response(body=html, headers=headers)

    return [web.get("/openapi.json", described), web.get("/docs", shown)]
