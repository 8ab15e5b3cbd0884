"""The page that shows an OpenAPI document: Swagger UI from its package, and nothing from any other host.

Its policy allows scripts and styles of this host only, and asking it. Beside the page lie the files that it loads.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.node.openapi.words import CHINESE, ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>idnode API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
<link rel="icon" href="data:,">
</head>
<body>
<nav class="language"><a href="docs?lang=zh">中文</a><a href="docs?lang=en">English</a>
<a href="openapi.json?lang={language}">openapi.json</a></nav>
<main id="ui"></main>
<noscript>This page shows <a href="openapi.json">openapi.json</a> and needs JavaScript for it.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/page.js"></script>
</body>
</html>
"""


class Asset(NamedTuple):
    """A file that the page loads."""

    content: bytes
    media_type: str


ASSETS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "page.css": "text/css",
    "page.js": "text/javascript",
}
"""Names of the files that the page loads, and their types."""


def language_of(query: Mapping[str, str], accepted: str) -> str:
    """Return the language for a reader: as asked, else the first of ``Accept-Language``, else Chinese."""
    asked = query.get("lang", "")
    if asked in {CHINESE, ENGLISH}:
        return asked
    for each in accepted.lower().split(","):
        if each.strip().startswith("en"):
            return ENGLISH
        if each.strip().startswith("zh"):
            return CHINESE
    return CHINESE


def page(language: str = ENGLISH) -> tuple[bytes, dict[str, str]]:
    """Return the page and the headers to send with it."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Language",
    }
    return _PAGE.format(language=language).encode(), headers


@cache
def asset(name: str) -> Asset | None:
    """Return a file that the page loads, None for any other name."""
    media_type = ASSETS.get(name)
    if media_type is None:
        return None
    if name.startswith("page."):
        return Asset(files("idnode.node.openapi").joinpath(name).read_bytes(), media_type)
    # The folder is named for Swagger UI's version.
    (folder,) = files("swagger_ui_bundle").joinpath("vendor").iterdir()
    return Asset(folder.joinpath(name).read_bytes(), media_type)
