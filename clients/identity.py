"""Names who a client is, and how it proves it: a secret, or a private key, behind a value of a record.

Sources: handle-protocol.md §6.1. A key is RSA, DSA, one of another elliptic curve, or SM2.
"""

import secrets
from dataclasses import dataclass

from idnode.registry.handle.crypto import sm2, sm2_private
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.proofs.private_keys import (
    PrivateKey,
    challenge_hash,
    decode_private_key,
)
from idnode.registry.handle.proofs.secret_answer import SALT_BYTES, make_proof
from idnode.registry.handle.proofs.signatures import encode_proof, sign
from idnode.registry.handle.wire.challenge import (
    PUBLIC_KEY,
    SECRET_KEY,
    Challenge,
    ChallengeAnswer,
    encode_answer,
)
from idnode.registry.handle.wire.versions import Version


@dataclass(frozen=True, slots=True)
class SecretIdentity:
    """The holder of the secret in the HS_SECKEY value at ``index`` of ``handle``; index 0: any."""

    handle: bytes
    index: int
    secret: bytes

    def answer(self, challenge: Challenge, version: Version) -> bytes:
        """Return the body that answers a challenge of this version; takes some milliseconds."""
        salt = secrets.token_bytes(SALT_BYTES)
        proof = make_proof(self.secret, challenge.proven, version, salt)
        return encode_answer(ChallengeAnswer(SECRET_KEY, self.handle, self.index, proof))


@dataclass(frozen=True, slots=True)
class KeyIdentity:
    """The holder of the private key whose public one is the HS_PUBKEY value at ``index`` of ``handle``."""

    handle: bytes
    index: int
    key: PrivateKey

    @classmethod
    def from_pem(cls, handle: bytes, index: int, text: bytes) -> "KeyIdentity":
        """Return the identity behind an unencrypted private key in PEM.

        Raises:
            MalformedKey: The text holds no such key.
            UnknownForm: A key that signs nothing in this protocol.

        """
        return cls(handle, index, decode_private_key(text))

    def answer(self, challenge: Challenge, version: Version) -> bytes:
        """Return the body that answers a challenge of this version."""
        name = challenge_hash(self.key, version)
        if isinstance(self.key, Sm2PrivateKey):
            proof = encode_proof(name, self._sm2_signature(self.key, challenge.proven))
        else:
            proof = encode_proof(name, sign(self.key, name, challenge.proven))
        return encode_answer(ChallengeAnswer(PUBLIC_KEY, self.handle, self.index, proof))

    def _sm2_signature(self, key: Sm2PrivateKey, proven: bytes) -> bytes:
        signature = None
        while signature is None:
            nonce = secrets.randbelow(sm2.ORDER - 1) + 1
            signature = sm2_private.sign(key, sm2.sm3(proven), self.handle, nonce)
        return signature


Identity = SecretIdentity | KeyIdentity
"""Whoever asks; what cannot be proven is refused by the server, not here."""
