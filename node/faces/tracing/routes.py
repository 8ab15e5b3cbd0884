"""``GET /api/v1/trace?handle=…`` at a recursive node: the hops to a handle, and what its cache knew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.faces.http.parameters import query_parameters
from idnode.node.faces.http.replies import failed, failure, present
from idnode.node.faces.http.routes import Route
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.names import complete

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services

PATH: Final = "/api/v1/trace"


def trace_routes(services: Services) -> list[Route]:
    """Return the route, none for a node that does not ask others."""
    trace = services.trace
    if trace is None:
        return []

    async def answer(request: web.Request) -> web.StreamResponse:
        handle = (query_parameters(request).first("handle") or "").encode(errors="replace")
        if not handle or len(handle) > HANDLE_BYTES_MAX:
            status, code, message = failed(
                InvalidHandle("Give one handle as ?handle=PREFIX/SUFFIX")
            )
            return present(failure(code, message, None), status)
        return present(await trace(complete(handle)), 200)

    return [Route("GET", PATH, answer)]
