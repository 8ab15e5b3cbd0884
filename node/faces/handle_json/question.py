"""Reads once what a browser asks for (handle-http-api.md §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import HttpVersion10

from idnode.node.faces.handle_json.choosing import Visitor, wanted_by_headers
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.parameters import (
    Parameters,
    all_parameters,
    handle_in_path,
)

if TYPE_CHECKING:
    from random import Random

    from aiohttp import web

_SCHEMES: Final = re.compile(r"(?:hdl:|doi:|info:hdl/|info:doi/)", re.IGNORECASE)
_URN: Final = re.compile(r"urn:(?:hdl|doi|eidr):", re.IGNORECASE)
_ACTIONS: Final = frozenset({"showvalues", "showurls", "api"})
_METADATA: Final = "metadata"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a browser; ``action`` is what is to be shown, empty for a redirect."""

    handle: bytes
    text: str
    action: str
    parameters: Parameters
    visitor: Visitor
    indexes: tuple[int, ...]
    types: tuple[bytes, ...]
    method: str
    host: str
    origin: str
    query: str
    old_http: bool

    @property
    def ignores_aliases(self) -> bool:
        """Return whether aliases are shown instead of followed."""
        return "ignore_aliases" in self.parameters


async def read_question(request: web.Request, random: Random) -> Question:
    """Return what a request asks for; without a handle it asks for the form.

    Raises:
        MalformedRequest: The form is none.
        BodyRefused: The form is too long or broken.

    """
    parameters = await all_parameters(request)
    handle = handle_in_path(request.rel_url.raw_path, 1)
    posted = parameters.first("hdl") if request.method == "POST" else None
    if posted is not None:
        handle = posted.encode(errors="replace")
    text = _without_scheme(handle.decode(errors="replace").lstrip("/").strip())
    action = (parameters.first("action") or "").lower()
    if not action and "noredirect" in parameters:
        action = "showvalues"
    query = request.rel_url.raw_query_string
    return Question(
        text.encode(errors="replace"),
        text,
        action if action in _ACTIONS else "",
        parameters,
        _visitor(request, parameters, random, metadata=action == _METADATA),
        _indexes(parameters),
        tuple([each.encode(errors="replace") for each in parameters.all("type")]),
        request.method,
        request.host,
        f"{request.scheme}://{request.host}",
        f"?{query}" if query else "",
        request.version <= HttpVersion10,
    )


def _without_scheme(text: str) -> str:
    """Return a handle without what may stand in front; the first colon of a URN counts as its slash."""
    urn = _URN.match(text)
    if urn is None:
        return _SCHEMES.sub("", text, count=1) if _SCHEMES.match(text) else text
    rest = text[urn.end() :]
    colon, slash = rest.find(":"), rest.find("/")
    if colon >= 0 and (slash < 0 or slash > colon):
        return f"{rest[:colon]}/{rest[colon + 1 :]}"
    return rest


def _indexes(parameters: Parameters) -> tuple[int, ...]:
    """Return the indexes asked for; where one of them is no number, none counts."""
    try:
        return parameters.integers("index")
    except MalformedRequest:
        return ()


def _visitor(
    request: web.Request, parameters: Parameters, random: Random, *, metadata: bool
) -> Visitor:
    headers = request.headers
    wanted = [*parameters.all("locatt"), *(["role:metadata"] if metadata else [])]
    wanted += wanted_by_headers(
        ",".join(headers.getall("Accept", ())),
        ",".join(headers.getall("Accept-Language", ())),
        headers.get("User-Agent", ""),
        metadata=metadata,
    )
    return Visitor(
        tuple(wanted),
        country=parameters.first("country") or "",
        address=parameters.first("ip") or request.remote or "",
        random=random,
    )
