"""Routes: one method of one path each, whatever the face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.faces.http.replies import options_response, unknown_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from idnode.node.faces.http.replies import Handler

ANY: Final = "*"


class Route(NamedTuple):
    """One method of one path; its handler gets a last line of defence around it when it is added."""

    method: str
    path: str
    handler: Handler


def endpoint(path: str, handlers: Mapping[str, Handler]) -> list[Route]:
    """Return the routes of one path: its methods, OPTIONS, and the refusal of the others."""
    allowed = (*handlers, "OPTIONS")

    async def options(request: web.Request) -> web.StreamResponse:
        return options_response(request, allowed)

    async def refuse(request: web.Request) -> web.StreamResponse:
        return unknown_endpoint(request, allowed)

    routes = [Route(method, path, handler) for method, handler in handlers.items()]
    return [*routes, Route("OPTIONS", path, options), Route(ANY, path, refuse)]
