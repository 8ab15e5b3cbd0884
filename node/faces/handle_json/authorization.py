"""Who asks: the ``Authorization`` header, and the invitation to send one (handle-http-api.md §7)."""

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from aiohttp import web

from node.service.credentials import Credentials, Identity
from node.service.errors import AuthenticationFailed

_NONCE_BYTES: Final = 16
_HEADER_CHARACTERS_MAX: Final = 8192

Challenge = Callable[[], tuple[str, str]]
"""Makes a new session id and the nonce to sign in it (base64)."""


def fresh_challenge() -> tuple[str, str]:
    """Return a session id and nonce that nobody keeps: sign-in by session is not offered with it."""
    nonce = base64.b64encode(secrets.token_bytes(_NONCE_BYTES)).decode()
    return f"node0{secrets.token_hex(12)}", nonce


class CredentialsRefused(AuthenticationFailed):
    """The Authorization header proves nobody: answered by 401 without a body."""


class Authorization:
    """Turns the header into a proven identity.

    ``plain_http``: whether credentials count over unencrypted HTTP, too. They do on loopback, where a TLS
    set-up would only be in the way; everywhere else the original's rule holds and they are ignored.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        plain_http: bool,
        challenge: Challenge = fresh_challenge,
    ) -> None:
        self._credentials = credentials
        self._plain_http = plain_http
        self._challenge = challenge

    def secure(self, request: web.Request) -> bool:
        """Return whether credentials count over this connection."""
        return self._plain_http or request.secure

    def identity(self, request: web.Request) -> Identity | None:
        """Return who asks, or None for somebody who does not say so (or may not say so here).

        Raises:
            CredentialsRefused: Credentials that prove nothing.

        """
        header = request.headers.get("Authorization")
        if header is None or not self.secure(request):
            return None
        scheme, _, rest = header.strip().partition(" ")
        if scheme.lower() != "basic" or len(header) > _HEADER_CHARACTERS_MAX:
            raise CredentialsRefused
        identity, secret = _basic(rest.strip())
        try:
            return self._credentials.verify_secret(identity, secret)
        except AuthenticationFailed as error:
            raise CredentialsRefused from error

    def invite(
        self, request: web.Request, response: web.Response, *, refused: bool = False
    ) -> None:
        """Add the headers by which a client learns how to sign in; ``refused`` after a failed attempt."""
        header = request.headers.get("Authorization", "Basic ")
        scripted = request.headers.get("X-Requested-With") == "XMLHttpRequest"
        if not scripted and header[:6].lower() == "basic ":
            response.headers.add("WWW-Authenticate", 'Basic realm="handle"')
        session, nonce = self._challenge()
        error = ', error="Identity not verified"' if refused else ""
        response.headers.add(
            "WWW-Authenticate", f'Handle sessionId="{session}", nonce="{nonce}"{error}'
        )


def _basic(encoded: str) -> tuple[Identity, bytes]:
    """Return the claimed identity and the secret; the user name is percent-encoded ``index:handle``."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CredentialsRefused from error
    user, colon, secret = decoded.partition(b":")
    if not colon:
        raise CredentialsRefused
    index, colon, handle = unquote_to_bytes(user).partition(b":")
    if not colon:
        return Identity(index, 0), secret
    if not index.isdigit() or len(index) > 10:
        raise CredentialsRefused
    return Identity(handle, int(index)), secret
