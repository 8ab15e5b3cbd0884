"""Proofs by a secret key in challenge answers (handle-protocol.md §6.1).

The proof covers `challenge.Challenge.proven`: nonce, then digest. Verifying the PBKDF2 form
costs some milliseconds by design; callers decide where to spend them.
"""

import hashlib
import hmac
from typing import Final

from idnode.registry.handle.wire.constants import SecretAnswer
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import LimitExceeded
from idnode.registry.handle.wire.versions import Version

ROUNDS: Final = 10_000
KEY_BITS: Final = 160
SALT_BYTES: Final = 16

ROUNDS_MAX: Final = 100_000
"""Most PBKDF2 rounds that a peer may ask for; every known client asks for 10 000."""

_KEY_BITS_MAX: Final = 512
_TYPED: Final = (2, 1)
_DERIVED: Final = (2, 7)
_DIGESTS: Final = {
    SecretAnswer.MD5: "md5",
    SecretAnswer.SHA1: "sha1",
    SecretAnswer.SHA256: "sha256",
}
_HMACS: Final = {SecretAnswer.HMAC_SHA1: "sha1", SecretAnswer.HMAC_SHA256: "sha256"}


def make_proof(secret: bytes, proven: bytes, version: Version, salt: bytes) -> bytes:
    """Return the proof that a client of this version sends; ``salt`` is 16 random bytes."""
    if version < _TYPED:
        return _keyed("md5", secret, proven)
    if version < _DERIVED:
        return bytes([SecretAnswer.SHA1]) + _keyed("sha1", secret, proven)
    mac = _derived(secret, proven, salt, ROUNDS, KEY_BITS)
    writer = Writer().u1(SecretAnswer.PBKDF2_HMAC_SHA1).string(salt)
    return writer.i4(ROUNDS).i4(KEY_BITS).string(mac).done()


def verify_proof(secret: bytes, proven: bytes, proof: bytes, version: Version) -> bool:
    """Return whether a client of this version knows the secret; comparing takes constant time.

    Raises:
        FieldTooShort: A field of the proof reaches past its end.
        LimitExceeded: The proof asks for more rounds or key bits than are granted.

    """
    if version < _TYPED:
        return hmac.compare_digest(_keyed("md5", secret, proven), proof)
    reader = Reader(proof)
    algorithm = reader.u1()
    if algorithm == SecretAnswer.PBKDF2_HMAC_SHA1:
        return _verify_derived(secret, proven, reader)
    given = reader.rest()
    if algorithm in _DIGESTS:
        return hmac.compare_digest(_keyed(_DIGESTS[algorithm], secret, proven), given)
    if algorithm in _HMACS:
        return hmac.compare_digest(hmac.digest(secret, proven, _HMACS[algorithm]), given)
    return False


def _keyed(name: str, secret: bytes, proven: bytes) -> bytes:
    return hashlib.new(name, secret + proven + secret, usedforsecurity=False).digest()


def _verify_derived(secret: bytes, proven: bytes, reader: Reader) -> bool:
    salt, rounds, key_bits, mac = reader.string(), reader.i4(), reader.i4(), reader.string()
    if rounds > ROUNDS_MAX:
        raise LimitExceeded("PBKDF2 rounds", rounds, ROUNDS_MAX)
    if key_bits > _KEY_BITS_MAX:
        raise LimitExceeded("PBKDF2 key bits", key_bits, _KEY_BITS_MAX)
    if rounds < 1 or key_bits < 8:
        return False
    return hmac.compare_digest(_derived(secret, proven, salt, rounds, key_bits), mac)


def _derived(secret: bytes, proven: bytes, salt: bytes, rounds: int, key_bits: int) -> bytes:
    # Java reads the secret as Latin-1 characters and derives from their UTF-8 form.
    password = secret.decode("latin-1").encode()
    key = hashlib.pbkdf2_hmac("sha1", password, salt, rounds, key_bits // 8)
    return hmac.digest(key, proven, "sha1")
