"""Senders of messages to the national node: each is a secondary node, which signs each message with its key.

How deployed nodes sign was not recovered (secondary-node-functions.md §4.1), so this is a form of our own: ``Authorization: Bearer`` and a
token with the sender's identity, the digest of the body and a time, signed RS256 with the key that the prefix handle of the sender names.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationFailed
from idnode.registry.fetching import fetched
from idnode.registry.handle import names, values
from idnode.registry.handle.certification.claims import handle_of, identity
from idnode.registry.handle.certification.keys import rsa_key_in
from idnode.registry.handle.certification.tokens import (
    SigningKey,
    TokenMalformed,
    claims_of,
    is_genuine,
    sign_token,
)
from idnode.registry.handle.prefix_record import PUBLIC_KEY_INDEX
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

SECONDS: Final = 300
"""How far the clocks of both may be apart."""

_SCHEME: Final = "Bearer "


def authorization_of(prefix: str, key: SigningKey, body: bytes, now: float) -> str:
    """Return the ``Authorization`` header with which a node sends a body."""
    who = identity(PUBLIC_KEY_INDEX, names.prefix_handle(prefix.encode()))
    claims = {"iss": who, "digest": _digest(body), "iat": int(now)}
    return _SCHEME + sign_token(claims, key).decode()


class Senders:
    """Knows secondary nodes by the keys in their prefix handles."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock

    async def sender(self, authorization: str, body: bytes) -> str:
        """Return the prefix of the node that sent a body.

        Raises:
            AuthenticationFailed: It is not proven.

        """
        token = authorization.removeprefix(_SCHEME).encode()
        try:
            claims = claims_of(token)
            handle = handle_of(str(claims["iss"]))
            fresh = abs(float(claims["iat"]) - self._clock.now()) <= SECONDS
        except (TokenMalformed, KeyError, TypeError, ValueError) as error:
            raise AuthenticationFailed from error
        stored = await fetched(partial(self._register.lookup, handle))
        for value in () if stored is None else values.unpack(stored.values):
            if value.index != PUBLIC_KEY_INDEX or value.type.upper() != "HS_PUBKEY":
                continue
            try:
                key = rsa_key_in(value.data)
            except ProtocolError:
                continue
            if key and fresh and claims.get("digest") == _digest(body) and is_genuine(token, key):
                return handle[len(names.PREFIX_HANDLE_START) :].decode()
        raise AuthenticationFailed


def _digest(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
