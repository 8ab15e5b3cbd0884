"""Checks what an answer to a challenge proves, against the keys in the identity's own record.

An identity is ``index:handle``; the value there must be an HS_SECKEY or HS_PUBKEY, as the answer says which.
Index 0 stands for any key of that kind, and stays 0 when one fits. Checking costs milliseconds by design, so it is done in other
threads, and an identity that does not exist costs as much as one that does.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import AuthenticationFailed
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.fetching import fetched
from idnode.registry.handle import names
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.proofs.secret_answer import verify_proof
from idnode.registry.handle.proofs.signatures import decode_proof, verify
from idnode.registry.handle.types.hs_pubkey import decode_public_key
from idnode.registry.handle.values import data_of, spans
from idnode.registry.handle.wire.challenge import PUBLIC_KEY, SECRET_KEY
from idnode.registry.handle.wire.errors import ProtocolError

if TYPE_CHECKING:
    from idnode.node.service.offload import Offload
    from idnode.registry.handle.wire.challenge import ChallengeAnswer
    from idnode.registry.handle.wire.versions import Version
    from idnode.registry.register import Register

KEYS_MAX: Final = 8
"""Most keys of one record that are tried for index 0."""

_NOBODY: Final = hashlib.sha256(b"nobody").digest()
"""Stands in for the secret of an identity that has none."""


class Proofs:
    """Finds the key of an identity and checks a proof with it."""

    def __init__(self, register: Register, offload: Offload) -> None:
        self._lookup = register.lookup
        self._offload = offload

    async def check(self, answer: ChallengeAnswer, proven: bytes, version: Version) -> Identity:
        """Return who proved to be there.

        ``proven`` are nonce and digest of the challenge, ``version`` is that of the challenge.

        Raises:
            AuthenticationFailed: No such identity, no key of that kind there, or no proof of it.
            NodeBusy: Too many proofs wait.

        """
        if answer.type == SECRET_KEY:
            keys = await fetched(partial(self._keys, answer)) or [_NOBODY]
            fits = await self._offload.run(_secret_fits, keys, answer, proven, version)
        elif answer.type == PUBLIC_KEY:
            keys = await fetched(partial(self._keys, answer))
            fits = await self._offload.run(_key_fits, keys, answer, proven)
        else:
            fits = False
        if not fits:
            raise AuthenticationFailed
        return Identity(answer.handle, answer.index)

    async def has_key(self, answer: ChallengeAnswer) -> bool:
        """Return whether the identity has a key of the answer's kind."""
        return bool(await fetched(partial(self._keys, answer)))

    def _keys(self, answer: ChallengeAnswer) -> list[bytes]:
        """Return the data of the keys that the answer may mean; an empty one is none."""
        if len(answer.handle) > HANDLE_BYTES_MAX:
            return []
        stored = self._lookup(names.complete(answer.handle))
        if stored is None:
            return []
        packed = stored.values
        found = [
            data
            for span in spans(packed)
            if answer.index in {0, span.index}
            and span.type.upper() == answer.type
            and (data := data_of(packed, span))
        ]
        return found[:KEYS_MAX]


def _secret_fits(
    keys: list[bytes], answer: ChallengeAnswer, proven: bytes, version: Version
) -> bool:
    """Return whether the proof was made with one of the secrets; all of them are tried."""
    try:
        tried = [verify_proof(secret, proven, answer.proof, version) for secret in keys]
    except ProtocolError:
        return False
    return any(tried)


def _key_fits(keys: list[bytes], answer: ChallengeAnswer, proven: bytes) -> bool:
    """Return whether the owner of one of the public keys made the signature."""
    for data in keys:
        try:
            hash_name, signature = decode_proof(answer.proof)
            key = decode_public_key(data)
            if verify(key, hash_name, signature, proven, signer=answer.handle):
                return True
        except ProtocolError:
            continue
    return False
