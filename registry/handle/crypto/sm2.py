"""SM2 public keys and signatures (GB/T 32918.2), which the cryptography library does not have.

Verifying needs no secret, so plain integer arithmetic is good enough. What needs a private key is in
`sm2_private`.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from idnode.registry.handle.wire.errors import MalformedKey

_P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A: Final = _P - 3
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""How many multiples the base point has."""
_GX: Final = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY: Final = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

COORDINATE_BYTES: Final = 32
_SPKI_FRONT: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
"""DER of a SubjectPublicKeyInfo with an uncompressed point of this curve, up to the point."""

_Point = tuple[int, int, int]
"""Jacobian coordinates; z = 0 is the point at infinity."""


@dataclass(frozen=True, slots=True)
class Sm2PublicKey:
    """A point of the SM2 curve.

    Raises:
        MalformedKey: The coordinates are not on the curve.

    """

    x: int
    y: int

    def __post_init__(self) -> None:
        on_field = 0 <= self.x < _P and 0 <= self.y < _P
        if not on_field or (self.y * self.y - self.x * (self.x * self.x + _A) - _B) % _P:
            raise MalformedKey("SM2 public key is not on its curve")


def is_sm2_spki(der: bytes) -> bool:
    """Return whether this DER is a SubjectPublicKeyInfo of an SM2 key."""
    return der.startswith(_SPKI_FRONT)


def decode_spki(der: bytes) -> Sm2PublicKey:
    """Return the key in a SubjectPublicKeyInfo.

    Raises:
        MalformedKey: Not one of an SM2 key, or a point that is not on the curve.

    """
    point = der[len(_SPKI_FRONT) :]
    if not is_sm2_spki(der) or len(point) != 2 * COORDINATE_BYTES:
        raise MalformedKey("Not the SubjectPublicKeyInfo of an SM2 key")
    return Sm2PublicKey(
        int.from_bytes(point[:COORDINATE_BYTES], "big"),
        int.from_bytes(point[COORDINATE_BYTES:], "big"),
    )


def encode_spki(key: Sm2PublicKey) -> bytes:
    """Return the SubjectPublicKeyInfo of a key."""
    return _SPKI_FRONT + coordinate(key.x) + coordinate(key.y)


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def verify(key: Sm2PublicKey, signature: bytes, message: bytes, user_id: bytes) -> bool:
    """Return whether a DER signature of this message by this user is genuine."""
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    t = (r + s) % ORDER
    if not 0 < r < ORDER or not 0 < s < ORDER or t == 0:
        return False
    e = int.from_bytes(sm3(identity_digest(key, user_id) + message), "big")
    x, _, z = _add(_times(s, (_GX, _GY, 1)), _times(t, (key.x, key.y, 1)))
    if z == 0:
        return False
    return (e + x * pow(z, -2, _P) % _P) % ORDER == r


def multiple(factor: int, key: Sm2PublicKey | None = None) -> Sm2PublicKey:
    """Return a multiple of a point of the curve, of its base point without one.

    Raises:
        MalformedKey: It is the point at infinity.

    """
    x, y, z = _times(factor, (key.x, key.y, 1) if key else (_GX, _GY, 1))
    if z == 0:
        raise MalformedKey("SM2 point at infinity")
    inverse = pow(z, -1, _P)
    return Sm2PublicKey(x * inverse * inverse % _P, y * pow(inverse, 3, _P) % _P)


def identity_digest(key: Sm2PublicKey, user_id: bytes) -> bytes:
    """Return the digest of signer and curve that precedes what is signed."""
    bits = (len(user_id) * 8 & 0xFFFF).to_bytes(2, "big")
    curve = b"".join(coordinate(number) for number in (_A, _B, _GX, _GY, key.x, key.y))
    return sm3(bits + user_id + curve)


def coordinate(number: int) -> bytes:
    """Return a number of the curve's field in its 32 bytes."""
    return number.to_bytes(COORDINATE_BYTES, "big")


def _times(factor: int, point: _Point) -> _Point:
    product: _Point = (0, 1, 0)
    for bit in f"{factor:b}":
        product = _double(product)
        if bit == "1":
            product = _add(product, point)
    return product


def _double(point: _Point) -> _Point:
    x, y, z = point
    if not z or not y:
        return (0, 1, 0)
    yy = y * y % _P
    s = 4 * x * yy % _P
    zz = z * z % _P
    m = 3 * (x - zz) * (x + zz) % _P  # because a = -3
    doubled_x = (m * m - 2 * s) % _P
    return doubled_x, (m * (s - doubled_x) - 8 * yy * yy) % _P, 2 * y * z % _P


def _add(left: _Point, right: _Point) -> _Point:
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1:
        return right
    if not z2:
        return left
    zz1, zz2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * zz2 % _P, x2 * zz1 % _P
    s1, s2 = y1 * zz2 * z2 % _P, y2 * zz1 * z1 % _P
    if u1 == u2:
        return _double(left) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    hhh = h * hh % _P
    v = u1 * hh % _P
    x = (r * r - hhh - 2 * v) % _P
    return x, (r * (v - x) - s1 * hhh) % _P, z1 * z2 * h % _P
