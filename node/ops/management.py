"""The management app: metrics, health and statistics, on a port of its own.

It is never on the service ports, so that watching the node neither competes with its traffic nor is
offered to whoever may resolve.
"""

from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from node.ops.health import Health
from node.ops.metrics import Metrics


def build(health: Health, metrics: Metrics, stats: Callable[[], dict[str, Any]]) -> web.Application:
    """Return the app; ``stats`` gives the body of ``/api/v1/stats``."""

    async def index(_: web.Request) -> web.Response:
        return _json({"paths": ["/livez", "/readyz", "/metrics", "/api/v1/stats"]})

    async def livez(_: web.Request) -> web.Response:
        return _json({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        return _json(health.report(), status=200 if health.ready else 503)

    async def exposition(request: web.Request) -> web.Response:
        body, content_type = metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def statistics(_: web.Request) -> web.Response:
        return _json(stats())

    app = web.Application(middlewares=[_errors_in_json])
    app.add_routes(
        [
            web.get("/", index),
            web.get("/livez", livez),
            web.get("/readyz", readyz),
            web.get("/metrics", exposition),
            web.get("/api/v1/stats", statistics),
        ]
    )
    return app


@web.middleware
async def _errors_in_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Answer what aiohttp refuses (404, 405) in JSON, like everything else here."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPError as error:
        return _json({"message": error.reason, "path": request.path}, status=error.status)
    return response


def _json(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
