"""Describes what the HTTP port says about itself: ``/openapi.json``, and ``/docs`` to read it in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from idnode.node.faces.http.replies import SERVER, unknown_endpoint
from idnode.node.faces.http.routes import Route, endpoint
from idnode.node.faces.table import FACES
from idnode.node.openapi.page import asset, language_of, page
from idnode.node.openapi.samples import add_samples
from idnode.node.openapi.words import ENGLISH, explain

if TYPE_CHECKING:
    from idnode.node.openapi.document import Schema

TITLE = "idnode"
ABOUT = (
    "A local secondary node for industrial-internet identifiers: the SNMS OpenAPI, the IDHub API, "
    "the Handle JSON API and the bulk API, all on one register."
)


def openapi(version: str, language: str = ENGLISH) -> Schema:
    """Return the document of every API on the HTTP port, in a language."""
    from idnode.node.openapi.document import document  # noqa: PLC0415  # as late as the operations

    operations = [operation for face in FACES for operation in face.operations()]
    return add_samples(explain(document(TITLE, version, ABOUT, operations), language))


def documentation_routes(version: str) -> list[Route]:
    """Return the routes of document and page."""
    bodies: dict[str, bytes] = {}

    async def described(request: web.Request) -> web.StreamResponse:
        # Programs that ask for no language get the English one, whatever machine they run on.
        language = language_of(request.query, ENGLISH)
        if language not in bodies:
            bodies[language] = orjson.dumps(openapi(version, language))
        return web.Response(
            body=bodies[language], content_type="application/json", headers={"Server": SERVER}
        )

    async def shown(request: web.Request) -> web.StreamResponse:
        accepted = request.headers.get("Accept-Language", "")
        html, headers = page(language_of(request.query, accepted))
        return web.Response(body=html, headers=headers | {"Server": SERVER})

    async def moved(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=308, headers={"Location": "/docs", "Server": SERVER})

    async def loaded(request: web.Request) -> web.StreamResponse:
        found = asset(request.match_info["name"])
        if found is None:
            return unknown_endpoint(request)
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "max-age=3600",
            "Server": SERVER,
        }
        return web.Response(
            body=found.content, content_type=found.media_type, charset="utf-8", headers=headers
        )

    return [
        *endpoint("/openapi.json", {"GET": described, "HEAD": described}),
        *endpoint("/docs", {"GET": shown, "HEAD": shown}),
        *endpoint("/docs/", {"GET": moved, "HEAD": moved}),
        *endpoint("/docs/{name}", {"GET": loaded, "HEAD": loaded}),
    ]
