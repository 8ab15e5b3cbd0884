"""The management app of a tree: all nodes' metrics, what each is, and each node's own calls below ``/nodes/<name>``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web
from yarl import URL

from idnode.node.binding import PortRefused
from idnode.node.build import version
from idnode.node.faces.console.pages import TREE
from idnode.node.faces.console.routes import console_files, console_page
from idnode.node.ops.management import wants_page
from idnode.node.tree.metrics import TreeMetrics
from idnode.node.tree.picture import tree_picture
from idnode.node.tree.status import status_of
from idnode.node.tree.tree import NodeUnknown

if TYPE_CHECKING:
    from idnode.node.tree.tree import Tree

_PATHS: Final = ("/livez", "/readyz", "/metrics", "/tree", "/tree/graph.svg", "/nodes/<name>/…")


class TreeManagement:
    """Serves the nodes' management apps on one port; ``address`` is it, once it is bound."""

    address: tuple[str, int]

    def __init__(self) -> None:
        self._apps: dict[str, web.Application] = {}

    async def manage(self, name: str, app: web.Application) -> tuple[str, int]:
        """Have a node's app answer below its name from now on, in place of a former one."""
        app.freeze()
        await app.startup()
        self._apps[name] = app
        return self.address

    def routes(self, tree: Tree) -> list[web.RouteDef]:
        """Return the routes."""
        metrics = TreeMetrics(lambda: tree.nodes, tree.stopped, lambda: status_of(tree)["nodes"])

        async def exposition(request: web.Request) -> web.Response:
            body, content_type = metrics.render(request.headers.get("Accept", ""))
            return web.Response(body=body, headers={"Content-Type": content_type})

        async def readyz(_: web.Request) -> web.Response:
            states = {node.name: _state(tree, node.name) for node in tree.here}
            ready = all(state == "ready" for state in states.values())
            return _json(
                {"status": "ready" if ready else "starting", "nodes": states},
                status=200 if ready else 503,
            )

        async def status(_: web.Request) -> web.Response:
            return _json(status_of(tree))

        async def graph(_: web.Request) -> web.Response:
            return web.Response(text=tree_picture(status_of(tree)), content_type="image/svg+xml")

        async def change(request: web.Request) -> web.Response:
            name, change = request.match_info["name"], request.match_info["change"]
            try:
                await (tree.stop_node(name) if change == "stop" else tree.start_node(name))
            except NodeUnknown as error:
                raise web.HTTPNotFound(reason=str(error)) from error
            except PortRefused as error:
                raise web.HTTPConflict(reason=str(error)) from error
            return _json({"name": name, "state": _state(tree, name)})

        async def alive(_: web.Request) -> web.Response:
            return _json({"status": "alive"})

        page = console_page(TREE, version())

        async def index(request: web.Request) -> web.StreamResponse:
            if wants_page(request):
                return await page(request)
            return _json({"paths": _PATHS, "nodes": [node.name for node in tree.here]})

        return [
            web.get("/", index),
            web.get("/livez", alive),
            web.get("/readyz", readyz),
            web.get("/metrics", exposition),
            web.get("/tree", status),
            web.get("/tree/graph.svg", graph),
            web.post("/tree/nodes/{name}/{change:stop|start}", change),
            web.route("*", "/nodes/{name}{path:/.*}", self._of_node),
            *console_files(),
        ]

    async def _of_node(self, request: web.Request) -> web.StreamResponse:
        """Have the app of one node answer, as if the request had come to a port of its own."""
        name = request.match_info["name"]
        app = self._apps.get(name)
        if app is None:
            raise web.HTTPNotFound(reason=f"no node {name} runs here")
        start = len(f"/nodes/{name}")
        own = request.clone(rel_url=URL(request.rel_url.raw_path_qs[start:], encoded=True))
        return await app._handle(own)  # noqa: SLF001  # aiohttp offers no other way into an app that may be replaced


def _state(tree: Tree, name: str) -> str:
    node = tree.nodes.get(name)
    return "stopped" if node is None else node.health.state.value


def _json(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
