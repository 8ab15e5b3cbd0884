"""The browser face: ``GET /{handle}`` leads to where a handle points (handle-http-api.md §9).

A request is read into one `Question`, its record resolved, aliases followed first, and answered by one of a few pages
or by a redirect.
"""

from __future__ import annotations

import logging
import re
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from aiohttp import web

from idnode.node.faces.handle_json import pages
from idnode.node.faces.handle_json.choosing import choose, negotiates
from idnode.node.faces.handle_json.handles import Reading
from idnode.node.faces.handle_json.locations import (
    Gathering,
    UnreadableLocations,
    address_of,
    has_type,
)
from idnode.node.faces.handle_json.question import Question, read_question
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.node.faces.http.replies import (
    PLANNED,
    SERVER,
    failed,
    log_failure,
    options_response,
    unknown_endpoint,
)
from idnode.node.hosts import is_loopback_host
from idnode.node.service import events
from idnode.node.service.answers import RETRY_AFTER, RETRY_SECONDS
from idnode.node.service.errors import PrefixReferral, ServiceReferral
from idnode.node.service.identifiers.sites import http_base_of
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import TTL_SECONDS_MAX
from idnode.registry.handle.model import TtlType
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idnode.node.faces.handle_json.locations import Places
    from idnode.node.faces.http.services import Services
    from idnode.registry.handle.model import HandleValue

ALIASES_MAX: Final = 20
"""Longest chain of aliases that is followed."""

_HTML: Final = "text/html;charset=utf-8"
_XML: Final = "text/xml;charset=utf-8"
_URL_SAFE: Final = ";/?:@&=+$,#[]!'()*-._~%"
_PATH_SAFE: Final = "/:@!$'()*,;=~"
_STATUSES: Final = frozenset({"301", "302", "303", "307", "308"})
_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_SCHEME: Final = re.compile(r"[\x00-\x20]*([A-Za-z][A-Za-z0-9+.\x00-\x20-]*):")
_NEVER: Final = frozenset({"javascript", "vbscript", "data", "file", "blob", "filesystem", "about"})
"""Schemes that make a browser run or open something on its own machine."""

_log = logging.getLogger(__name__)


class AliasChainTooLong(Exception):
    """Aliases lead to aliases, in a circle or nearly so."""


_REFUSED: Final = (*PLANNED, AliasChainTooLong, UnreadableLocations)


class Redirect:
    """Answers browsers with redirects and small pages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._json = Reading(services)

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Answer GET, HEAD, POST and OPTIONS of any path outside the APIs."""
        if request.method == "OPTIONS":
            return options_response(request, _METHODS)
        if request.method not in _METHODS:
            return unknown_endpoint(request, _METHODS)
        if request.path == "/favicon.ico":
            return web.Response(status=204, headers={"Server": SERVER})
        try:
            question = await read_question(request, self._services.random)
        except PLANNED as error:
            return _page(pages.not_found("", str(error)), failed(error)[0])
        if not question.handle:
            return _page(pages.query_form(self._services.console))
        if question.action == "api":
            return await self._json.answer(request, question.handle, question.parameters)
        exchange = HttpExchange(self._services, request, events.RESOLVE, question.handle)
        try:
            response = await fetched(partial(self._answer, question))
        except _REFUSED as error:
            return self._refused(exchange, error, question)
        exchange.note(1)
        return response

    def _answer(self, question: Question) -> web.Response:
        """Return the redirect, or the page that is shown instead."""
        handle, found, through = self._follow(question)
        if question.action == "showvalues":
            return _page(pages.values_page(handle, found))
        if through and question.action != "showurls" and question.method != "POST":
            target = _own_path(question, handle)
            return self._redirect(target, 301, through)
        places = self._places(handle, found)
        if question.action == "showurls" and places.locations:
            return _answer(places.xml(handle), content_type=_XML)
        if question.action == "showurls":
            return _page(pages.values_page(handle, found))
        return self._lead(question, handle, found, places)

    def _follow(self, question: Question) -> tuple[str, list[HandleValue], list[HandleValue]]:
        """Return the handle at the end of a chain of aliases, its values, and the aliases that led there.

        Raises:
            AliasChainTooLong: More than `ALIASES_MAX`.
            RegistryError, ServiceError: As `Resolver.resolve`, of the first handle or of one on the way.

        """
        handle = question.text
        through: list[HandleValue] = []
        while True:
            try:
                found = self._values(handle.encode(errors="replace"), question)
            except (PrefixReferral, ServiceReferral):
                if not through or question.action:
                    raise
                return handle, [], through  # its own answer says where it is
            alias = next((value for value in found if has_type(value, "HS_ALIAS")), None)
            if alias is None or question.ignores_aliases:
                return handle, found, through
            if len(through) >= ALIASES_MAX:
                raise AliasChainTooLong(f"More than {ALIASES_MAX} aliases in a chain")
            through.append(alias)
            handle = alias.data.decode(errors="replace").strip()

    def _values(self, handle: bytes, question: Question) -> list[HandleValue]:
        packed = self._services.resolver.resolve(
            handle, indexes=question.indexes, types=question.types
        )
        return list(values.unpack(packed))

    def _places(self, handle: str, found: list[HandleValue]) -> Places:
        prefix = names.fold(names.prefix_of(handle.encode(errors="replace")))
        shared = self._services.authority.namespaces.location_handles(prefix)
        return Gathering(self._read_other, shared).places(found)

    def _read_other(self, handle: bytes) -> bytes | None:
        try:
            return self._services.resolver.resolve(handle)
        except PLANNED as error:
            log_failure(error)
            return None

    def _lead(
        self, question: Question, handle: str, found: list[HandleValue], places: Places
    ) -> web.Response:
        """Return the redirect to the place that is chosen; the values where none is."""
        if places.legacy_only:
            chosen = places.locations[0] if places.locations else None
        else:
            chosen = choose(places.locations, places.steps, question.visitor)
        if places.overlooked:
            _log.warning("the locations of %r: %s", handle, places.overlooked)
        # Without an address, a target would be this very page, for ever.
        address = None if chosen is None else address_of(chosen, handle)
        if chosen is None or not (address and address.strip()):
            return _page(pages.values_page(handle, found, places.overlooked))
        address = address.strip() + (question.parameters.first("urlappend") or "")
        if not _may_follow(address):
            _log.warning("a target of %r is not followed: its scheme runs or opens things", handle)
            note = "The target of this handle is not followed: a browser would run or open it."
            return _page(pages.values_page(handle, found, note))
        status = chosen.attributes.get("http_sc") or places.setting("http_sc") or "302"
        status = status if status in _STATUSES else "302"
        if question.old_http and status != "301":
            status = "302"
        led = [v for v in found if has_type(v, "10320/LOC", "URL", "0.TYPE/URL")]
        led = led[:1] if places.legacy_only else led
        response = self._redirect(address, int(status), led, pages.redirect_page(address))
        if negotiates(places.locations):
            response.headers["Vary"] = "Accept"
        return response

    def _redirect(
        self, address: str, status: int, by: Iterable[HandleValue], body: bytes = b""
    ) -> web.Response:
        response = _page(body, status)
        response.headers["Location"] = quote(address.encode("utf-8", "replace"), safe=_URL_SAFE)
        expiry = min((self._expiry(value) for value in by), default=None)
        if expiry is not None:
            response.headers["Expires"] = formatdate(expiry, usegmt=True)
        return response

    def _expiry(self, value: HandleValue) -> float:
        now = self._services.clock.now()
        ends = value.ttl if value.ttl_type == TtlType.ABSOLUTE else now + value.ttl
        return min(max(ends, now), now + TTL_SECONDS_MAX)

    def _onward(
        self, question: Question, error: PrefixReferral | ServiceReferral
    ) -> web.Response | None:
        """Return the redirect to the node that answers for a handle, if its site names an HTTP port."""
        status = self._services.referral_status
        if status == 300 or question.action or question.method == "POST":
            return None
        base = http_base_of(error.values, question.handle)
        if base is None:
            return None
        response = _page(b"", status)
        path = "/" + quote(question.text, safe=_PATH_SAFE) + question.query
        response.headers["Location"] = base + path
        return response

    def _refused(
        self, exchange: HttpExchange, error: Exception, question: Question
    ) -> web.Response:
        """Return the page for a handle that leads nowhere."""
        text = exchange.text or ""
        if isinstance(error, UnreadableLocations):
            _log.warning("the locations of %r: %s", text, error)
            exchange.note(ResponseCode.ERROR)
            return _page(pages.not_found(text, str(error), "Unreadable Locations"), 500)
        if isinstance(error, AliasChainTooLong):
            exchange.note(ResponseCode.ERROR)
            return _page(pages.not_found(text, str(error)), 404)
        status, code, message = failed(error)
        log_failure(error)
        exchange.note(code)
        if isinstance(error, PrefixReferral | ServiceReferral):
            onward = self._onward(question, error)
            if onward is not None:
                return onward
            note = "This handle is answered for elsewhere; these values say where."
            referred = list(values.unpack(error.values))
            return _page(pages.values_page(text, referred, note), status)
        if isinstance(error, ValuesNotFound):
            return _page(pages.not_found(text, "No values found.", "No Values Found"), 200)
        if isinstance(error, HandleNotFound):
            message = "The handle you requested does not exist here."
        elif isinstance(error, MalformedRequest | InvalidHandle):
            message = "This is not a handle."
        if status >= 500:
            return _page(pages.not_found(text, message, "Resolution Error"), status)
        return _page(pages.not_found(text, message or "Nothing to show."), 404)


def _answer(body: bytes, *, status: int = 200, content_type: str = _HTML) -> web.Response:
    headers = {"Content-Type": content_type, "Server": SERVER, **pages.SECURITY_HEADERS}
    if status == 503:
        headers[RETRY_AFTER] = RETRY_SECONDS
    return web.Response(body=body, status=status, headers=headers)


def _page(body: bytes, status: int = 200) -> web.Response:
    return _answer(body, status=status)


def _own_path(question: Question, handle: str) -> str:
    """Return this face's URL of a handle, with the query that was asked.

    The Host header is what somebody else wrote: only where it names this very machine is it repeated.
    """
    path = "/" + quote(handle, safe=_PATH_SAFE) + question.query
    return f"{question.origin}{path}" if is_loopback_host(question.host) else path


def _may_follow(address: str) -> bool:
    """Return whether a browser may be sent to an address; blanks within a scheme do not hide it."""
    scheme = _SCHEME.match(address)
    if scheme is None:
        return True
    return "".join(scheme[1].split()).replace("\x00", "").lower() not in _NEVER
