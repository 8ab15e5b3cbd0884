"""Routes: one method of one path each, whatever the face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.faces.http.replies import options_response, unknown_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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


def all_below(
    roots: Iterable[str], routes: Sequence[Route], refused: Callable[[int, str], web.Response]
) -> list[Route]:
    """Return the routes of a Chinese API that has everything below some paths: these, and who refuses all else.

    ``refused`` makes the answer of a status of HTTP and a text, in the form of the face.
    """
    methods: dict[str, list[str]] = {}
    for route in routes:
        methods.setdefault(route.path, []).append(route.method)

    async def unknown(_request: web.Request) -> web.StreamResponse:
        return refused(404, "接口不存在")

    others = [Route(ANY, path, _refusing(taken, refused)) for path, taken in methods.items()]
    below = [path for root in roots for path in (root, root + "/{rest:(?s:.*)}")]
    return [*routes, *others, *(Route(ANY, path, unknown) for path in below)]


def _refusing(methods: Iterable[str], refused: Callable[[int, str], web.Response]) -> Handler:
    """Return the handler of the methods that a path does not take."""
    allowed = (*methods, "OPTIONS")

    async def refuse(request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return options_response(request, allowed)
        response = refused(
            405, f"不支持的请求方法：{request.method[:16]}，应为{'、'.join(allowed[:-1])}"
        )
        response.headers["Allow"] = ", ".join(allowed)
        return response

    return refuse
