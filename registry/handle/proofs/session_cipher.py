"""Encryption of messages within a session (handle-protocol.md §7).

Known ciphers are AES (an initial vector in front since 2.4) and SM4 as id-pointer uses it, with
the key as initial vector and none in front; both CBC with PKCS#5 padding. What older versions
did is not verified, so they are refused. A key of 16 bytes is made from a Diffie-Hellman
agreement or carried in the set-up.
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from idnode.registry.handle.types.hs_pubkey import DhPublicKey
from idnode.registry.handle.wire.constants import SessionCipher
from idnode.registry.handle.wire.errors import UndecipherableMessage, UnknownForm
from idnode.registry.handle.wire.versions import Version, has_initial_vector

KEY_BYTES: Final = 16
_BLOCK_BYTES: Final = 16
_BLOCK_BITS: Final = 8 * _BLOCK_BYTES


def agreed_key(peer: DhPublicKey, private: int) -> bytes:
    """Return the first bytes of a Diffie-Hellman agreement, its leading zeros left out.

    ``private`` is the own secret exponent in the peer's group.
    """
    shared = pow(peer.y, private, peer.p)
    return shared.to_bytes((shared.bit_length() + 7) // 8, "big")[:KEY_BYTES]


def encrypt(message: bytes, key: bytes, algorithm: int, version: Version, vector: bytes) -> bytes:
    """Return a message encrypted; ``algorithm`` is a `SessionCipher`, ``vector`` 16 random bytes.

    Raises:
        UnknownForm: An algorithm or version that is not known here, or a key of another size.

    """
    vector, front = _vector(key, algorithm, version, vector)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = _cipher(key, algorithm, vector).encryptor()
    padded = padder.update(message) + padder.finalize()
    return front + encryptor.update(padded) + encryptor.finalize()


def decrypt(data: bytes, key: bytes, algorithm: int, version: Version) -> bytes:
    """Return the message in an encrypted one.

    Raises:
        UnknownForm: An algorithm or version that is not known here, or a key of another size.
        UndecipherableMessage: The bytes were not encrypted with this key.

    """
    vector, front = _vector(key, algorithm, version, data[:_BLOCK_BYTES])
    data = data[len(front) :]
    if not data or len(data) % _BLOCK_BYTES or len(vector) != _BLOCK_BYTES:
        raise UndecipherableMessage(f"{len(data)} bytes are not a number of whole blocks")
    decryptor = _cipher(key, algorithm, vector).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    padded = decryptor.update(data) + decryptor.finalize()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise UndecipherableMessage("The padding is wrong, and so is the key") from error


def _vector(key: bytes, algorithm: int, version: Version, vector: bytes) -> tuple[bytes, bytes]:
    """Return the initial vector to use, and what of it stands in front of the ciphertext."""
    if algorithm == SessionCipher.SM4:
        return key, b""
    if not has_initial_vector(version):
        raise UnknownForm("session cipher of version", version)
    return vector, vector


def _cipher(key: bytes, algorithm: int, vector: bytes) -> Cipher[modes.CBC]:
    if len(key) != KEY_BYTES:
        raise UnknownForm("session key of bytes", len(key))
    if algorithm == SessionCipher.AES:
        return Cipher(algorithms.AES128(key), modes.CBC(vector))
    if algorithm == SessionCipher.SM4:
        return Cipher(algorithms.SM4(key), modes.CBC(vector))
    raise UnknownForm("session cipher", algorithm)
