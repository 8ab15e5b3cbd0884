"""Routes of the console on the management port: pages, the files that they load, QR codes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final

from aiohttp import web

from idnode.node.faces.console.pages import PAGES, POLICY, rendered, wishes_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

QR_CHARACTERS_MAX: Final = 1_000
"""Longest text of a QR code; the largest code has room for twice as many bytes."""

_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_COOKIE_SECONDS: Final = 365 * 86_400


def console_page(
    name: str, version: str = ""
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of one page."""

    async def shown(request: web.Request) -> web.StreamResponse:
        accepted = request.headers.get("Accept-Language", "")
        wishes = wishes_of(request.query, request.cookies, accepted)
        response = web.Response(
            text=rendered(name, wishes, version),
            content_type="text/html",
            headers={
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-store",
                "Vary": "Accept-Language, Cookie, Accept",
            },
        )
        if "lang" in request.query:
            response.set_cookie("lang", wishes.language, max_age=_COOKIE_SECONDS, samesite="Strict")
        return response

    return shown


def console_routes(version: str = "") -> list[web.RouteDef]:
    """Return the routes of all pages but the first, whose path programs ask, too."""
    return [
        *(
            web.get(f"/{page.path}", console_page(page.name, version))
            for page in PAGES
            if page.path
        ),
        *console_files(),
    ]


def console_files() -> list[web.RouteDef]:
    """Return the routes of what pages load."""
    return [web.get("/console/qr.svg", _qr), web.get("/console/{name}", _file)]


async def _file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    content = _files().get(name)
    if content is None:
        raise web.HTTPNotFound
    return web.Response(
        body=content,
        content_type=_TYPES[name[name.rindex(".") :]],
        charset="utf-8",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"},
    )


@cache
def _files() -> dict[str, bytes]:
    folder = files("idnode.node.faces.console").joinpath("static")
    return {each.name: each.read_bytes() for each in folder.iterdir()}


async def _qr(request: web.Request) -> web.StreamResponse:
    """Answer with a text as a QR code; what it is for is the page's business."""
    import segno  # noqa: PLC0415  # when somebody looks at the first code

    text = request.query.get("text", "")
    if not 0 < len(text) <= QR_CHARACTERS_MAX:
        raise web.HTTPBadRequest(reason=f"text has 1 to {QR_CHARACTERS_MAX} characters")
    out = BytesIO()
    try:
        segno.make_qr(text).save(out, kind="svg", scale=4, border=2, light="#fff", xmldecl=False)
    except segno.DataOverflowError as error:
        raise web.HTTPBadRequest(reason="text is too long for a QR code") from error
    return web.Response(
        body=out.getvalue(),
        content_type="image/svg+xml",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )
