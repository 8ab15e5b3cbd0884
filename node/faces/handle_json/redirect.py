"""The browser face: ``GET /{handle}`` leads to where a handle points (handle-http-api.md §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp import web

from idnode.node.faces.handle_json import pages
from idnode.node.faces.handle_json.locations import TYPE as LOCATIONS_TYPE
from idnode.node.faces.handle_json.locations import (
    Locations,
    NoLocations,
    Visitor,
    choose,
    negotiates,
    parse_locations,
    url_of,
)
from idnode.node.faces.http.exchange import Exchange
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.parameters import (
    Parameters,
    all_parameters,
    handle_in_path,
    integer,
)
from idnode.node.faces.http.replies import PLANNED, SERVER, failed, unknown_endpoint
from idnode.node.service import events
from idnode.registry.errors import HandleNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import TTL_SECONDS_MAX
from idnode.registry.handle.model import TtlType
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from idnode.node.faces.http.services import Services
    from idnode.registry.handle.model import HandleValue

ALIASES_MAX: Final = 20
"""Longest chain of aliases that is followed."""

_HTML: Final = "text/html;charset=utf-8"
_XML: Final = "text/xml;charset=utf-8"
_SCHEMES: Final = re.compile(
    r"(?:hdl:|doi:|info:hdl/|info:doi/|urn:hdl:|urn:doi:|urn:eidr:)", re.IGNORECASE
)
_URL_SAFE: Final = ";/?:@&=+$,#[]!'()*-._~%"
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
_STATUSES: Final = frozenset({"301", "302", "303", "307", "308"})
_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")


class AliasChainTooLong(Exception):
    """Aliases lead to aliases, in a circle or nearly so."""


@dataclass(slots=True)
class Target:
    """Where a record sends a browser."""

    url: str
    value: HandleValue
    status: int = 302
    headers: dict[str, str] = field(default_factory=dict)


class Redirect:
    """Answers browsers with redirects and small pages."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Answer GET, HEAD and POST of any path outside the APIs."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return unknown_endpoint(request, _METHODS)
        handle = handle_in_path(request.rel_url.raw_path, 1)
        try:
            parameters = await all_parameters(request)
            if not handle and parameters.first("hdl"):
                handle = (parameters.first("hdl") or "").strip().encode(errors="replace")
        except PLANNED as error:
            return _page(pages.not_found("", str(error)), failed(error)[0])
        if not handle:
            return _page(pages.query_form())
        text = _SCHEMES.sub("", handle.decode(errors="replace"), count=1)
        exchange = Exchange(self._services, request, events.RESOLVE, text.encode(errors="replace"))
        try:
            response = await fetched(partial(self._lead, exchange, parameters))
        except (*PLANNED, AliasChainTooLong) as error:
            return self._missing(exchange, error)
        exchange.note(1)
        return response

    def _lead(self, exchange: Exchange, parameters: Parameters) -> web.Response:
        """Return the redirect, or the page that is shown instead."""
        assert exchange.handle is not None
        assert exchange.text is not None
        text = exchange.text
        action = parameters.first("action")
        packed = self._services.resolver.resolve(exchange.handle)
        found = _restricted(packed, parameters)
        if action == "showurls":
            return _answer(pages.locations_xml(_shown_locations(found)), content_type=_XML)
        if action == "api":
            return self._redirect(
                Target(f"/api/handles/{quote(text, safe='/')}", values.unpack(packed)[0])
            )
        if action == "showvalues" or "noredirect" in parameters:
            return _page(pages.values_page(text, found))
        if not parameters.flag("ignore_aliases"):
            alias = self._follow(found)
            if alias is not None:
                return self._redirect(Target(_own_url(exchange.request, alias[0]), alias[1], 301))
        target = self._target(found, exchange, parameters)
        if target is None:
            return _page(pages.values_page(text, found))
        target.url += parameters.first("urlappend") or ""
        return self._redirect(target)

    def _follow(self, found: list[HandleValue]) -> tuple[str, HandleValue] | None:
        """Return the last handle of a chain of aliases and the value that starts it, if there is one.

        Raises:
            AliasChainTooLong: More than `ALIASES_MAX`.

        """
        start = last = _alias_in(found)
        if start is None or last is None:
            return None
        for _ in range(ALIASES_MAX):
            alias = last.data.decode(errors="replace").strip()
            try:
                packed = self._services.resolver.resolve(alias.encode(errors="replace"))
            except PLANNED:
                return alias, start
            last = _alias_in(list(values.unpack(packed)))
            if last is None:
                return alias, start
        raise AliasChainTooLong(f"More than {ALIASES_MAX} aliases in a chain")

    def _target(
        self, found: list[HandleValue], exchange: Exchange, parameters: Parameters
    ) -> Target | None:
        """Return where the values lead: locations first, then a URL, then any URL.something."""
        visitor = _visitor(exchange.request, parameters, self._services)
        for value in found:
            locations = _locations_in(value)
            location = None if locations is None else choose(locations, visitor)
            if location is None or locations is None:
                continue
            status = location.get("http_sc", "")
            target = Target(url_of(location, exchange.text or ""), value)
            target.status = int(status) if status in _STATUSES else 302
            if negotiates(locations):
                target.headers["Vary"] = "Accept"
            return target
        urls = _urls_in(found)
        return Target(urls[0].data.decode(errors="replace").strip(), urls[0]) if urls else None

    def _redirect(self, target: Target) -> web.Response:
        url = target.url
        headers = {
            "Location": quote(url.encode("utf-8", "replace"), safe=_URL_SAFE),
            "Expires": formatdate(self._expiry(target.value), usegmt=True),
        }
        body = b"" if target.status == 301 and not target.headers else pages.redirect_page(url)
        response = _page(body, target.status)
        response.headers.update(headers | target.headers)
        return response

    def _expiry(self, value: HandleValue) -> float:
        now = self._services.clock.now()
        ends = value.ttl if value.ttl_type == TtlType.ABSOLUTE else now + value.ttl
        return min(max(ends, now), now + TTL_SECONDS_MAX)

    def _missing(self, exchange: Exchange, error: Exception) -> web.Response:
        """Return the page for a handle that leads nowhere."""
        code = failed(error)[1] if isinstance(error, PLANNED) else ResponseCode.ERROR
        exchange.note(code)
        message = str(error)
        if isinstance(error, HandleNotFound):
            message = "The handle you requested does not exist here."
        elif isinstance(error, MalformedRequest | InvalidHandle):
            message = "This is not a handle."
        return _page(pages.not_found(exchange.text or "", message or "Nothing to show."), 404)


def _answer(body: bytes, *, status: int = 200, content_type: str = _HTML) -> web.Response:
    headers = {"Content-Type": content_type, "Server": SERVER, **pages.SECURITY_HEADERS}
    return web.Response(body=body, status=status, headers=headers)


def _page(body: bytes, status: int = 200) -> web.Response:
    return _answer(body, status=status)


def _own_url(request: web.Request, handle: str) -> str:
    """Return this face's URL of a handle; relative when the Host header is no host."""
    path = "/" + quote(handle, safe="/:@!$'()*,;=~")
    return f"{request.scheme}://{request.host}{path}" if _HOST.fullmatch(request.host) else path


def _restricted(packed: bytes, parameters: Parameters) -> list[HandleValue]:
    """Return the values that ``type`` and ``index`` leave; an index that is no number is ignored."""
    indexes = []
    for text in parameters.all("index"):
        try:
            indexes.append(integer(text))
        except MalformedRequest:
            continue
    types = [text.encode(errors="replace") for text in parameters.all("type")]
    return list(values.unpack(values.select(packed, indexes=indexes, types=types)))


def _alias_in(found: list[HandleValue]) -> HandleValue | None:
    return next((value for value in found if value.type.upper() == "HS_ALIAS"), None)


def _urls_in(found: list[HandleValue]) -> list[HandleValue]:
    plain = [value for value in found if value.type.upper() == "URL"]
    return plain or [value for value in found if value.type.upper().startswith("URL.")]


def _locations_in(value: HandleValue) -> Locations | None:
    if names.fold(value.type.encode(errors="replace")) != LOCATIONS_TYPE:
        return None
    try:
        return parse_locations(value.data)
    except NoLocations:
        return None


def _shown_locations(found: list[HandleValue]) -> list[dict[str, str]]:
    """Return every location of a record as attributes; plain URLs in the legacy form."""
    shown: list[dict[str, str]] = []
    for value in found:
        locations = _locations_in(value)
        shown += [] if locations is None else locations.locations
    for position, value in enumerate(_urls_in(found)):
        weight = "0.0" if position else "1.0"
        href = value.data.decode(errors="replace").strip()
        shown.append({"mode": "legacy", "weight": weight, "href": href})
    return shown


def _visitor(request: web.Request, parameters: Parameters, services: Services) -> Visitor:
    wanted = [text.partition(":") for text in parameters.all("locatt")]
    return Visitor(
        wanted=tuple([(key, value) for key, _, value in wanted]),
        country=parameters.first("country") or "",
        address=parameters.first("ip") or request.remote or "",
        accept=request.headers.get("Accept", ""),
        random=services.random,
    )
