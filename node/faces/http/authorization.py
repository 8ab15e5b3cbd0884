"""Names who asks: the ``Authorization`` header, and the invitation to send one (handle-http-api.md §7)."""

from __future__ import annotations

import base64
import binascii
import secrets
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.faces.http.client_certificates import certificate_of, certified
from idnode.node.faces.http.proof_fields import (
    PROOF_FIELDS,
    FieldsRefused,
    header_fields,
    proof_in,
    split_identity,
)
from idnode.node.interceptors.exchange import note_identity
from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle.wire.constants import BEST_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from idnode.node.faces.http.sessions import WebSession, WebSessions
    from idnode.node.service.handle.proofs import Proofs
    from idnode.node.service.identifiers.credentials import Credentials

_HEADER_CHARACTERS_MAX: Final = 8192


class CredentialsRefused(AuthenticationFailed):
    """The Authorization header proves nobody: answered by 401 without a body."""


class UserNotEncoded(CredentialsRefused):
    """The colon between index and handle came as it is, so that the user name of Basic ended there."""

    def __init__(self, index: str) -> None:
        super().__init__(f"The user name ends at its first colon: it is {index}")
        self.index = index


class HttpAuthorization:
    """Turns the header into a proven identity.

    ``plain_http``: whether credentials count over unencrypted HTTP, too. They do on loopback, where a TLS
    set-up would only be in the way; everywhere else the original's rule holds and they are ignored.
    """

    def __init__(
        self,
        credentials: Credentials,
        proofs: Proofs,
        sessions: WebSessions,
        *,
        plain_http: bool,
    ) -> None:
        self._credentials = credentials
        self._proofs = proofs
        self.sessions = sessions
        self._plain_http = plain_http

    def secure(self, request: web.Request) -> bool:
        """Return whether credentials count over this connection."""
        return self._plain_http or request.secure

    async def identity(self, request: web.Request) -> Identity | None:
        """Return who asks, or None for somebody who does not say so (or may not say so here).

        A ``Handle`` header stands for its session; with a proof in it, it first signs in there.

        Raises:
            CredentialsRefused: Credentials that prove nothing, or a session that is over.
            NodeBusy: Too many proofs wait.

        """
        header = request.headers.get("Authorization")
        if header is None or not self.secure(request):
            return None
        identity = await self._proven(request, header)
        if identity is not None:
            note_identity(identity.index, identity.handle)
        return identity

    async def _proven(self, request: web.Request, header: str) -> Identity | None:
        scheme, text = _split_scheme(header)
        if scheme == "basic":
            return await self._basic(text)
        if scheme != "handle":
            raise CredentialsRefused
        fields = _fields_of(text)
        session = self._session(fields)
        if fields.get("clientCert") == "true":
            return await self._certified(request, session)
        if session is None:
            raise CredentialsRefused
        if PROOF_FIELDS.isdisjoint(fields):
            return session.identity
        return await self._sign_in(session, fields)

    def session(self, request: web.Request) -> WebSession | None:
        """Return the session that the header names; None if it names none, or one that is over."""
        try:
            scheme, text = _split_scheme(request.headers.get("Authorization", ""))
            return self._session(_fields_of(text)) if scheme == "handle" else None
        except CredentialsRefused:
            return None

    def invite(
        self, request: web.Request, response: web.Response, *, refused: bool = False
    ) -> None:
        """Add the headers by which a client learns how to sign in; ``refused`` after a failed attempt."""
        header = request.headers.get("Authorization", "Basic ")
        scripted = request.headers.get("X-Requested-With") == "XMLHttpRequest"
        if not scripted and header[:6].lower() == "basic ":
            response.headers.add("WWW-Authenticate", 'Basic realm="handle"')
        session = self.session(request) or self.sessions.open()
        error = ', error="Identity not verified"' if refused else ""
        response.headers.add(
            "WWW-Authenticate",
            f'Handle sessionId="{session.session_id}", nonce="{session.nonce}"{error}',
        )

    def _session(self, fields: Mapping[str, str]) -> WebSession | None:
        return self.sessions.find(fields.get("sessionId", ""))

    async def _sign_in(self, session: WebSession, fields: Mapping[str, str]) -> Identity:
        """Check the proof in the fields, and note in the session who is there."""
        nonce = session.nonce
        try:
            proof = proof_in(fields, fields.get("id", ""))
            note_identity(proof.answer.index, proof.answer.handle)
            proven = base64.b64decode(nonce) + proof.cnonce
            identity = await self._proofs.check(proof.answer, proven, BEST_VERSION)
        except (FieldsRefused, AuthenticationFailed) as error:
            raise CredentialsRefused from error
        if not self.sessions.prove(session, nonce, proof.cnonce, identity):
            raise CredentialsRefused("The nonce is spent")
        return identity

    async def _certified(self, request: web.Request, session: WebSession | None) -> Identity:
        """Return whom the connection's certificate proves, and note it in the session, if one is named."""
        certificate = certificate_of(request)
        if certificate is None:
            raise CredentialsRefused("The connection has no client certificate")
        try:
            claimed, key = certified(certificate)
            identity = await self._proofs.check_certificate(claimed, key)
        except (FieldsRefused, AuthenticationFailed) as error:
            raise CredentialsRefused from error
        if session is not None:
            # Nothing was signed, so there is no nonce of the client that somebody could send again.
            self.sessions.prove(session, session.nonce, secrets.token_bytes(16), identity)
        return identity

    async def _basic(self, encoded: str) -> Identity:
        """Return who the secret proves; the user name is percent-encoded ``index:handle``."""
        try:
            user, colon, secret = base64.b64decode(encoded, validate=True).partition(b":")
            handle, index = split_identity(user.decode("utf-8", "surrogateescape"))
        except binascii.Error as error:
            raise CredentialsRefused("what follows Basic is no base64") from error
        except (ValueError, FieldsRefused) as error:
            raise CredentialsRefused from error
        if not colon:
            raise CredentialsRefused("there is no colon between user name and secret")
        if user.isdigit() and b"/" in secret.partition(b":")[0]:
            raise UserNotEncoded(user.decode())
        note_identity(index, handle)
        try:
            verify = self._credentials.verify_secret
            return await fetched(partial(verify, Identity(handle, index), secret))
        except AuthenticationFailed as error:
            raise CredentialsRefused from error


def _split_scheme(header: str) -> tuple[str, str]:
    """Return scheme, in lower case, and the rest of an Authorization header.

    Raises:
        CredentialsRefused: Longer than anybody needs.

    """
    if len(header) > _HEADER_CHARACTERS_MAX:
        raise CredentialsRefused
    scheme, _, rest = header.strip().partition(" ")
    return scheme.lower(), rest.strip()


def _fields_of(text: str) -> dict[str, str]:
    """Return the fields of a ``Handle`` header.

    Raises:
        CredentialsRefused: It is none.

    """
    try:
        return header_fields(text)
    except FieldsRefused as error:
        raise CredentialsRefused from error
