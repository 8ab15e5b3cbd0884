"""Describes what the HTTP port says about itself: ``/openapi.json``, and ``/docs`` to read it in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from idnode.node.faces.http.routes import Route, endpoint
from idnode.node.faces.table import FACES

if TYPE_CHECKING:
    from idnode.node.openapi.document import Schema

TITLE = "idnode"
ABOUT = (
    "A local secondary node for industrial-internet identifiers: the SNMS OpenAPI, the Handle JSON API "
    "and the bulk API, all on one register."
)


def openapi(version: str) -> Schema:
    """Return the document of every API on the HTTP port."""
    from idnode.node.openapi.document import document  # noqa: PLC0415  # as late as the operations

    operations = [operation for face in FACES for operation in face.operations()]
    return document(TITLE, version, ABOUT, operations)


def documentation_routes(version: str) -> list[Route]:
    """Return the routes of document and page."""
    body = b""

    async def described(_request: web.Request) -> web.StreamResponse:
        nonlocal body
        body = body or orjson.dumps(openapi(version))
        return web.Response(body=body, content_type="application/json")

    async def shown(_request: web.Request) -> web.StreamResponse:
        from idnode.node.openapi.page import page  # noqa: PLC0415

        html, headers = page()
        return web.Response(body=html, headers=headers)

    return [
        *endpoint("/openapi.json", {"GET": described, "HEAD": described}),
        *endpoint("/docs", {"GET": shown, "HEAD": shown}),
    ]
