"""``/api/sessions`` and ``/api/sessions/this``: signing in with a session (handle-http-api.md §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.faces.http.authorization import CredentialsRefused
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.java_texts import plain
from idnode.node.faces.http.proof_fields import identity_text
from idnode.node.faces.http.replies import PLANNED, empty_response, present
from idnode.node.service import events
from idnode.registry.handle.wire.constants import ResponseCode

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.services import Services
    from idnode.node.faces.http.sessions import WebSession, WebSessions
    from idnode.node.service.identifiers.credentials import Identity

_REFUSED = "Identity not verified"


class SessionAccess:
    """Opens, shows and ends sessions, and lets clients sign in."""

    def __init__(self, services: Services, sessions: WebSessions) -> None:
        self._services = services
        self._authorization = services.authorization
        self._sessions = sessions

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Answer ``POST /api/sessions``: a new session, of whoever sent credentials along."""
        exchange = HttpExchange(self._services, request, events.OTHER)
        if not self._authorization.secure(request):
            return self._forbidden(exchange)
        try:
            if self._authorization.session(request) is not None:
                raise plain("Session already open")
            session = self._sessions.open(await self._authorization.identity(request))
        except PLANNED as error:
            return exchange.refused(error)
        exchange.note(ResponseCode.SUCCESS)
        response = present(_state(session, session.nonce), 201)
        response.headers["Location"] = "/api/sessions/this"
        return response

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer ``GET /api/sessions/this``: who is signed in."""
        exchange = HttpExchange(self._services, request, events.OTHER)
        if not self._authorization.secure(request):
            return self._forbidden(exchange)
        session = self._authorization.session(request)
        try:
            if session is not None:
                return await self._signed_in(exchange, session)
            header = request.headers.get("Authorization", "")
            if header[:7].lower() == "handle ":
                return self._forbidden(exchange)
            identity = await self._authorization.identity(request)
        except PLANNED as error:
            return exchange.refused(error)
        exchange.note(ResponseCode.SUCCESS)
        return present(_signed_in_as(identity) if identity else {"authenticated": False})

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Answer ``PUT`` and ``POST /api/sessions/this``: check the proof in the header."""
        exchange = HttpExchange(self._services, request, events.OTHER)
        session = self._authorization.session(request)
        if session is None or not self._authorization.secure(request):
            return self._forbidden(exchange)
        try:
            return await self._signed_in(exchange, session, needed=True)
        except PLANNED as error:
            return exchange.refused(error)

    async def end(self, request: web.Request) -> web.StreamResponse:
        """Answer ``DELETE /api/sessions/this``."""
        exchange = HttpExchange(self._services, request, events.OTHER)
        session = self._authorization.session(request)
        if session is None or not self._authorization.secure(request):
            return self._forbidden(exchange)
        self._sessions.end(session)
        exchange.note(ResponseCode.SUCCESS)
        return empty_response(204)

    async def another(self, request: web.Request) -> web.StreamResponse:
        """Refuse to show sessions by their id."""
        return self._forbidden(HttpExchange(self._services, request, events.OTHER))

    async def _signed_in(
        self, exchange: HttpExchange, session: WebSession, *, needed: bool = False
    ) -> web.StreamResponse:
        """Return the state of a session, after the proof in the header, if there is one, was checked."""
        nonce = session.nonce
        error = ""
        try:
            identity = await self._authorization.identity(exchange.request)
        except CredentialsRefused:
            identity, error = None, _REFUSED
        if error or (needed and identity is None):
            exchange.note(ResponseCode.AUTHENTICATION_FAILED)
            members = {"sessionId": session.session_id, "nonce": session.nonce}
            response = present(members | ({"error": error} if error else {}), 401)
            self._authorization.invite(exchange.request, response, refused=bool(error))
            return response
        exchange.note(ResponseCode.SUCCESS)
        return present(_state(session, nonce))

    def _forbidden(self, exchange: HttpExchange) -> web.StreamResponse:
        exchange.note(ResponseCode.AUTHENTICATION_FAILED)
        return empty_response(403)


def _state(session: WebSession, nonce: str) -> dict[str, Any]:
    members: dict[str, Any] = {"sessionId": session.session_id, "nonce": nonce}
    return members | (_signed_in_as(session.identity) if session.identity else {})


def _signed_in_as(identity: Identity) -> dict[str, Any]:
    return {"authenticated": True, "id": identity_text(identity.handle, identity.index)}
