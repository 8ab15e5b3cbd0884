"""``GET /iiidap/…``: whose a prefix is, in the manner of WHOIS (secondary-node-functions.md §4.2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from idnode.node.faces.http.parameters import query_parameters
from idnode.node.faces.http.routes import Route, endpoint

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services

ROOT: Final = "/iiidap"
TYPE: Final = "application/iiidap+json"
FOUND_MAX: Final = 100
PREFIX_CHARACTERS_MAX: Final = 64

_HELP: Final = {
    "iiidapConformance": ["iiidap_level_0"],
    "notices": [
        {
            "title": "help",
            "description": [
                "GET /iiidap/identifier/88.901, /iiidap/name/NAME, /iiidap/names?name=PATTERN*"
            ],
        }
    ],
}


def iiidap_routes(services: Services) -> list[Route]:
    """Return the routes, none for a node that is not the national one."""
    national = services.national
    if national is None:
        return []

    async def identifier(request: web.Request) -> web.StreamResponse:
        prefix = request.match_info["prefix"]
        if not prefix or len(prefix) > PREFIX_CHARACTERS_MAX or "/" in prefix:
            return _refused(422, "This is no prefix")
        found = await national.described(prefix)
        return _refused(404, "No such prefix") if found is None else _told(found)

    async def name(request: web.Request) -> web.StreamResponse:
        found = await national.named(request.match_info["name"], 1)
        return _told(found[0]) if found else _refused(404, "Nobody has this name")

    async def names(request: web.Request) -> web.StreamResponse:
        pattern = query_parameters(request).first("name") or ""
        if not pattern.removesuffix("*"):
            return _refused(400, "Give ?name=, which may end in *")
        found = await national.named(pattern, FOUND_MAX)
        return _told({"iiidapConformance": ["iiidap_level_0"], "NodeSearchResults": found})

    async def usage(_: web.Request) -> web.StreamResponse:
        return _told(_HELP)

    return [
        *endpoint(ROOT + "/identifier/{prefix:.*}", {"GET": identifier, "HEAD": identifier}),
        *endpoint(ROOT + "/name/{name:.+}", {"GET": name, "HEAD": name}),
        *endpoint(ROOT + "/names", {"GET": names, "HEAD": names}),
        *endpoint(ROOT + "/help", {"GET": usage, "HEAD": usage}),
    ]


def _told(found: dict[str, Any], status: int = 200) -> web.Response:
    body = json.dumps(found, ensure_ascii=False).encode()
    headers = {"Access-Control-Allow-Origin": "*"}
    return web.Response(body=body, status=status, content_type=TYPE, headers=headers)


def _refused(status: int, title: str) -> web.Response:
    return _told({"errorCode": status, "title": title, "description": [title]}, status)
