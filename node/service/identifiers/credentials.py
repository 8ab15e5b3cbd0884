"""Identities and how they are proven with a secret.

An identity is a key value of a record: its handle and index. A secret proves it when the record has an
HS_SECKEY value there that holds the secret itself or, stored "hashed", the 40 hexadecimal digits of its SHA-1
(handle-protocol.md §3.2). Forty hexadecimal digits may also be a secret as such, so they match themselves,
too; the protocol's challenge uses them like that anyway (handle-protocol.md §6.1).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationFailed
from idnode.registry.handle import names
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.prefix_record import PUBLIC_KEY_INDEX, SECRET_KEY_INDEX
from idnode.registry.handle.values import data_of, spans

if TYPE_CHECKING:
    from idnode.registry.register import Register

SECRET_KEY_TYPE: Final = b"HS_SECKEY"

_HASHED: Final = re.compile(rb"[0-9A-Fa-f]{40}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Names who asks: ``index`` of a key value in the record of ``handle``; index 0 stands for any."""

    handle: bytes
    index: int


def node_administrators(prefix: bytes) -> tuple[Identity, ...]:
    """Return the identities that administer a node: secret key and public key of its prefix handle."""
    handle = names.prefix_handle(prefix)
    return (Identity(handle, SECRET_KEY_INDEX), Identity(handle, PUBLIC_KEY_INDEX))


def same(left: Identity, right: Identity) -> bool:
    """Return whether two identities are one, in whatever spelling."""
    handles = (names.fold(names.complete(each.handle)) for each in (left, right))
    return left.index == right.index and next(handles) == next(handles)


class Credentials:
    """Checks proofs of identity against the register."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def verify_secret(self, identity: Identity, secret: bytes) -> Identity:
        """Return the identity that this secret proves, as it was claimed.

        An empty key proves nobody. Every candidate key is compared in constant time; an identity that does not exist takes one
        comparison too. Index 0 tries each HS_SECKEY of the record, and stays 0: it proves who is there, and is no
        administrator (`Permissions`).

        Raises:
            AuthenticationFailed: No such identity, no secret key there, or a wrong secret.

        """
        keys = self._secret_keys(identity)
        matched = [_matches(key, secret) for key in keys or [bytes(20)]]
        if not keys or not any(matched):
            raise AuthenticationFailed
        return identity

    def _secret_keys(self, identity: Identity) -> list[bytes]:
        """Return the secret keys, if not empty, that the identity may mean."""
        if len(identity.handle) > HANDLE_BYTES_MAX:
            return []
        stored = self._register.lookup(names.complete(identity.handle))
        if stored is None:
            return []
        packed = stored.values
        return [
            data
            for span in spans(packed)
            if span.type.upper() == SECRET_KEY_TYPE and identity.index in {0, span.index}
            if (data := data_of(packed, span))
        ]


def _matches(key: bytes, secret: bytes) -> bool:
    plain = hmac.compare_digest(key, secret)
    if not _HASHED.fullmatch(key):
        return plain
    digest = hashlib.sha1(secret, usedforsecurity=False).hexdigest().encode()
    return hmac.compare_digest(key.lower(), digest) or plain
