"""Operations with an SM2 private key (GB/T 32918.2 and .4), or with a number as secret as one.

Plain integer arithmetic, so its duration tells about the numbers to whoever can measure it finely: meant
for clients that prove themselves, and for session keys that live as long as a connection. Random
numbers are drawn by the caller.
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from idnode.registry.handle.crypto.sm2 import (
    COORDINATE_BYTES,
    ORDER,
    Sm2PublicKey,
    coordinate,
    identity_digest,
    multiple,
    sm3,
)
from idnode.registry.handle.wire.errors import MalformedKey, UndecipherableMessage

_POINT_BYTES: Final = 1 + 2 * COORDINATE_BYTES
_DIGEST_BYTES: Final = 32
_UNCOMPRESSED: Final = b"\x04"

_PEM: Final = re.compile(rb"-----BEGIN (?:EC )?PRIVATE KEY-----(.*?)-----END", re.DOTALL)
_CURVE: Final = bytes.fromhex("06082a811ccf5501822d")
"""DER of the curve's object identifier."""
_PRIVATE_FRONT: Final = bytes.fromhex("0201010420")
"""DER of an EC private key (RFC 5915) up to its number: version 1, 32 bytes follow."""


@dataclass(frozen=True, slots=True)
class Sm2PrivateKey:
    """A private key: a number below the curve's order.

    Raises:
        MalformedKey: It is out of range.

    """

    number: int

    def __post_init__(self) -> None:
        if not 0 < self.number < ORDER - 1:
            raise MalformedKey("SM2 private key is out of range")

    def public_key(self) -> Sm2PublicKey:
        """Return the key that goes with it."""
        return multiple(self.number)


def decode_pem(text: bytes) -> Sm2PrivateKey | None:
    """Return the SM2 key in an unencrypted PEM text (PKCS#8, or the form of RFC 5915); nothing for others.

    Raises:
        MalformedKey: An SM2 key that is out of range.

    """
    match = _PEM.search(text)
    if match is None:
        return None
    try:
        der = base64.b64decode(b"".join(match[1].split()), validate=True)
    except binascii.Error:
        return None
    if _CURVE not in der:
        return None
    at = der.find(_PRIVATE_FRONT)
    if at < 0:
        return None
    start = at + len(_PRIVATE_FRONT)
    return Sm2PrivateKey(int.from_bytes(der[start : start + COORDINATE_BYTES], "big"))


def sign(key: Sm2PrivateKey, message: bytes, user_id: bytes, nonce: int) -> bytes | None:
    """Return the DER signature of a message by this user.

    ``nonce`` is a fresh random number below the order. One in 2^255 does not do: then nothing comes back,
    and another has to be drawn.
    """
    if not 0 < nonce < ORDER:
        return None
    e = int.from_bytes(sm3(identity_digest(key.public_key(), user_id) + message), "big")
    r = (e + multiple(nonce).x) % ORDER
    s = pow(1 + key.number, -1, ORDER) * (nonce - r * key.number) % ORDER
    if not r or r + nonce == ORDER or not s:
        return None
    return encode_dss_signature(r, s)


def encrypt(key: Sm2PublicKey, data: bytes, nonce: int) -> bytes:
    """Return data encrypted to a key, as C1, C3, C2 with an uncompressed point.

    ``nonce`` is a fresh random number below the order.

    Raises:
        MalformedKey: The nonce is none.

    """
    point = multiple(nonce)
    shared = multiple(nonce, key)
    masked = _masked(shared, data)
    front = _UNCOMPRESSED + coordinate(point.x) + coordinate(point.y)
    return front + _check(shared, data) + masked


def decrypt(key: Sm2PrivateKey, data: bytes) -> bytes:
    """Return what was encrypted to the key.

    Raises:
        UndecipherableMessage: It was not encrypted to this key, or not like this.

    """
    if len(data) <= _POINT_BYTES + _DIGEST_BYTES or data[:1] != _UNCOMPRESSED:
        raise UndecipherableMessage("Not an SM2 ciphertext")
    try:
        point = Sm2PublicKey(
            int.from_bytes(data[1 : 1 + COORDINATE_BYTES], "big"),
            int.from_bytes(data[1 + COORDINATE_BYTES : _POINT_BYTES], "big"),
        )
        shared = multiple(key.number, point)
    except MalformedKey as error:
        raise UndecipherableMessage(str(error)) from error
    plain = _masked(shared, data[_POINT_BYTES + _DIGEST_BYTES :])
    check = data[_POINT_BYTES : _POINT_BYTES + _DIGEST_BYTES]
    if not hmac.compare_digest(check, _check(shared, plain)):
        raise UndecipherableMessage("The SM2 ciphertext does not fit the key")
    return plain


def _check(shared: Sm2PublicKey, data: bytes) -> bytes:
    return sm3(coordinate(shared.x) + data + coordinate(shared.y))


def _masked(shared: Sm2PublicKey, data: bytes) -> bytes:
    """Return the data under the key stream that both sides derive from their shared point."""
    seed = coordinate(shared.x) + coordinate(shared.y)
    blocks = range(1, len(data) // _DIGEST_BYTES + 2)
    stream = b"".join([sm3(seed + number.to_bytes(4, "big")) for number in blocks])
    return bytes(left ^ right for left, right in zip(data, stream, strict=False))
