"""Applications of enterprises: who they are, and how they prove it (idhub-api.md §§1.1 and 3).

An application identity is an identifier ``PREFIX/App_ID`` under a prefix that is hosted here, with its RSA public
key at index 300, whichever face made it. It signs a challenge, and gets a JSON Web Token.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from idnode.node.service.directory.tokens import APPLICATIONS
from idnode.node.service.objects.refusals import (
    AccountTokenRefused,
    ApplicationTokenRefused,
    NotApplication,
    SignatureRefused,
)
from idnode.registry.directory.cache import folded
from idnode.registry.fetching import fetched
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.values import data_of, spans
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.node.service.directory.tokens import Tokens
    from idnode.node.service.offload import Offload
    from idnode.registry.directory.cache import Cache
    from idnode.registry.directory.entries import PrefixEntry
    from idnode.registry.handle.clock import Clock
    from idnode.registry.register import Register

HANDLE_CHARACTERS_MAX: Final = 255
PUBLIC_KEY_INDEX: Final = 300
APPLICATION_START: Final = "App_"
GROUP_START: Final = "Group_"

TOKEN_SECONDS: Final = 24 * 3600
NONCE_SECONDS: Final = 300.0
NONCES_MAX: Final = 10_000
"""Most challenges that are outstanding; the oldest gives way to a new one."""

_NONCES_OF_ONE_MAX: Final = 16
_ALGORITHM: Final = "HS256"
_KEY_BITS_MAX: Final = 16_384
_SIGNATURE_CHARACTERS_MAX: Final = 4096


class Application(NamedTuple):
    """Names who asks: an application identity, and the prefix of its enterprise."""

    handle: str
    prefix: PrefixEntry

    @property
    def key(self) -> str:
        """Return its handle in the form in which handles are compared."""
        return folded(self.handle)


class Challenges:
    """The nonces that nobody has signed yet: each is good once, for a while, for one application."""

    def __init__(self, clock: Clock) -> None:
        self._passed = clock.passed
        self._open: OrderedDict[str, list[tuple[str, float]]] = OrderedDict()

    def make(self, key: str) -> str:
        """Return a new nonce for an application: four digits, as clients know them."""
        nonce = f"{secrets.randbelow(9000) + 1000}"
        outstanding = self._outstanding(key)
        outstanding.append((nonce, self._passed() + NONCE_SECONDS))
        self._open[key] = outstanding[-_NONCES_OF_ONE_MAX:]
        self._open.move_to_end(key)
        while len(self._open) > NONCES_MAX:
            self._open.popitem(last=False)
        return nonce

    def nonces(self, key: str) -> list[str]:
        """Return the nonces that an application may sign now."""
        return [nonce for nonce, _ in self._outstanding(key)]

    def spend(self, key: str, nonce: str) -> bool:
        """Take a nonce away; returns False if it is gone."""
        outstanding = self._outstanding(key)
        kept = [each for each in outstanding if each[0] != nonce]
        if kept:
            self._open[key] = kept
        else:
            self._open.pop(key, None)
        return len(kept) < len(outstanding)

    def _outstanding(self, key: str) -> list[tuple[str, float]]:
        now = self._passed()
        return [each for each in self._open.get(key, ()) if each[1] > now]


class Applications:
    """Challenges applications, and knows whose token is whose.

    ``tokens`` knows those of the directory's accounts, and the key that these are signed with.
    """

    def __init__(
        self,
        register: Register,
        cache: Cache,
        clock: Clock,
        offload: Offload,
        tokens: Tokens,
    ) -> None:
        self._lookup = register.lookup
        self._cache = cache
        self._clock = clock
        self._offload = offload
        self._key = partial(tokens.derived, APPLICATIONS)
        self._is_account_token = tokens.is_own
        self._challenges = Challenges(clock)

    async def challenge(self, handle: str) -> str:
        """Return what an application has to sign.

        Raises:
            NotApplication: It is none.

        """
        application, _public = await self._known(handle)
        return self._challenges.make(application.key)

    async def token(self, handle: str, signature: str) -> str:
        """Return a token for whoever signed one of its outstanding challenges.

        Raises:
            NotApplication: The handle is no application.
            SignatureRefused: Nothing is outstanding, or this signs none of it.
            NodeBusy: Too many proofs wait.

        """
        application, public = await self._known(handle)
        nonces = self._challenges.nonces(application.key)
        if not nonces:
            raise SignatureRefused(
                "No challenge is outstanding: ask for one, it is good once, for 5 minutes"
            )
        signed = await self._offload.run(_signed, public, _bytes_of(signature), nonces)
        if signed is None or not self._challenges.spend(application.key, signed):
            raise SignatureRefused(
                "The signature is not SHA256withRSA by the private key of index 300 over the nonce's characters"
            )
        now = int(self._clock.now())
        claims = {
            "sub": application.handle,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        }
        return jwt.encode(claims, self._key(), _ALGORITHM)

    async def of_token(self, token: str) -> Application:
        """Return the application that a token was issued to.

        Raises:
            ApplicationTokenRefused: No token, none of ours, expired, or of an application that is gone.

        """
        if not token:
            raise ApplicationTokenRefused("missing")
        try:
            # The node's clock decides, not the machine's.
            claims = jwt.decode(
                token,
                self._key(),
                [_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "require": ["sub", "exp"]},
            )
            handle, until = str(claims["sub"]), int(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            if self._is_account_token(token):
                raise AccountTokenRefused from error
            raise ApplicationTokenRefused("not one of this node's") from error
        if self._clock.now() >= until:
            raise ApplicationTokenRefused("expired")
        try:
            application, _public = await self._known(handle)
        except NotApplication as error:
            raise ApplicationTokenRefused("of an application that is gone") from error
        return application

    async def _known(self, handle: str) -> tuple[Application, RSAPublicKey]:
        return await fetched(partial(self._find, handle))

    def _find(self, handle: str) -> tuple[Application, RSAPublicKey]:
        prefix, slash, suffix = handle.partition("/")
        if len(handle) > HANDLE_CHARACTERS_MAX or not (prefix and slash):
            raise NotApplication(handle[:HANDLE_CHARACTERS_MAX], "is no handle")
        if not folded(suffix).startswith(folded(APPLICATION_START)):
            raise NotApplication(
                handle, "is no application identity, whose suffix would begin with App_"
            )
        entry = self._cache.prefixes.get(prefix)
        if entry is None or not entry.hosted:
            raise NotApplication(handle, "lies under a prefix that is not hosted here")
        key = self._public_key(handle.encode(errors="replace"))
        if key is None:
            raise NotApplication(handle, "is not registered with an RSA public key at index 300")
        return Application(handle, entry), key

    def _public_key(self, handle: bytes) -> RSAPublicKey | None:
        stored = self._lookup(handle)
        if stored is None:
            return None
        for span in spans(stored.values):
            if span.index == PUBLIC_KEY_INDEX:
                try:
                    key = decode_public_key(data_of(stored.values, span))
                except ProtocolError:
                    return None
                fits = isinstance(key, RSAPublicKey) and key.key_size <= _KEY_BITS_MAX
                return key if fits and isinstance(key, RSAPublicKey) else None
        return None


def _bytes_of(signature: str) -> bytes:
    """Return a signature's bytes; line breaks in its Base64 are skipped, as the original does."""
    text = "".join(signature.split())
    if len(text) > _SIGNATURE_CHARACTERS_MAX:
        raise SignatureRefused("The signature is too long")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SignatureRefused("The signature is no standard Base64 with padding") from error


def _signed(key: RSAPublicKey, signature: bytes, nonces: list[str]) -> str | None:
    """Return which of the nonces was signed. Takes a processor's time."""
    for nonce in nonces:
        try:
            key.verify(signature, nonce.encode(), PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        return nonce
    return None
