"""Data of HS_PUBKEY values, and a server's key in a site record (handle-protocol.md §3.5).

Two forms are in use: the protocol's own tagged one, and PEM text as the Chinese client
libraries store it. A tagged SM2 key carries PEM or DER inside; keys of other elliptic curves have
no tag and are always PEM text.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import (
    DSAParameterNumbers,
    DSAPublicKey,
    DSAPublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from idnode.registry.handle.crypto import sm2
from idnode.registry.handle.crypto.sm2 import Sm2PublicKey
from idnode.registry.handle.types.hs_pubkey_forms import (
    DH,
    DSA,
    RSA,
    RSA_SLACK,
    SM2,
    tagged,
    with_integers,
)
from idnode.registry.handle.wire.cursor import Reader
from idnode.registry.handle.wire.errors import LimitExceeded, MalformedKey, UnknownForm


@dataclass(frozen=True, slots=True)
class DhPublicKey:
    """A Diffie-Hellman half over a prime field; the cryptography library is giving these up.

    Raises:
        MalformedKey: The numbers allow no safe agreement.

    """

    y: int
    p: int
    g: int

    def __post_init__(self) -> None:
        in_range = 1 < self.y < self.p - 1 and 1 < self.g < self.p - 1
        if not in_range or self.p.bit_length() < _DH_BITS_MIN or not self.p & 1:
            raise MalformedKey("Diffie-Hellman numbers are out of range")


PublicKey = RSAPublicKey | DSAPublicKey | EllipticCurvePublicKey | DhPublicKey | Sm2PublicKey

_INTEGER_BYTES_MAX: Final = 2049
"""16384 bits and Java's sign byte; anything larger would only burn time."""

_DH_BITS_MIN: Final = 512

_PEM_BEGIN: Final = b"-----BEGIN PUBLIC KEY-----"
_PEM_END: Final = b"-----END PUBLIC KEY-----"


def decode_public_key(data: bytes) -> PublicKey:
    """Return the key in an HS_PUBKEY value or site record, whichever form it has.

    Raises:
        UnknownForm: A key type that is not known here.
        MalformedKey: The content makes no key.
        FieldTooShort: A field reaches past the end.
        LimitExceeded: An integer of the key has more than 16384 bits.

    """
    if data.lstrip().startswith(b"-----BEGIN"):
        return _decode_spki(_der_of_pem(data))
    reader = Reader(data)
    key_type = reader.string()
    reader.u2()
    if key_type == SM2:
        inner = reader.string()
        return _decode_spki(_der_of_pem(inner) if _PEM_BEGIN in inner else inner)
    counts = {RSA: 2, DSA: 4, DH: 3}
    if key_type not in counts:
        raise UnknownForm("public key type", key_type[:64])
    return _build(key_type, [_integer(reader) for _ in range(counts[key_type])])


def _integer(reader: Reader) -> int:
    size = reader.u4()
    if size > _INTEGER_BYTES_MAX and size <= reader.remaining:
        raise LimitExceeded("Key integer bytes", size, _INTEGER_BYTES_MAX)
    return int.from_bytes(reader.take(size), "big")


def _build(key_type: bytes, numbers: list[int]) -> PublicKey:
    try:
        if key_type == RSA:
            exponent, modulus = numbers
            return RSAPublicNumbers(exponent, modulus).public_key()
        if key_type == DSA:
            q, p, g, y = numbers
            return DSAPublicNumbers(y, DSAParameterNumbers(p, q, g)).public_key()
        y, p, g = numbers
        return DhPublicKey(y, p, g)
    except (ValueError, OverflowError, UnsupportedAlgorithm) as error:
        raise MalformedKey(str(error)) from error


def _der_of_pem(text: bytes) -> bytes:
    begin, end = text.find(_PEM_BEGIN), text.find(_PEM_END)
    if begin < 0 or end < begin:
        raise MalformedKey("PEM text holds no public key")
    try:
        return base64.b64decode(
            b"".join(text[begin + len(_PEM_BEGIN) : end].split()), validate=True
        )
    except binascii.Error as error:
        raise MalformedKey(f"PEM text is broken: {error}") from error


def _decode_spki(der: bytes) -> PublicKey:
    if sm2.is_sm2_spki(der):
        return sm2.decode_spki(der)
    try:
        key = load_der_public_key(der)
    except (ValueError, OverflowError, UnsupportedAlgorithm) as error:
        raise MalformedKey(str(error)) from error
    if not isinstance(key, RSAPublicKey | DSAPublicKey | EllipticCurvePublicKey):
        raise UnknownForm("public key type", type(key).__name__)
    return key


def encode_public_key(key: PublicKey) -> bytes:
    """Return the tagged form; an SM2 key carries its PEM text, as id-pointer writes it.

    A key of another elliptic curve has no tagged form and comes as PEM text.
    """
    if isinstance(key, EllipticCurvePublicKey):
        return encode_pem(key)
    if isinstance(key, Sm2PublicKey):
        return tagged(SM2).string(encode_pem(key)).done()
    if isinstance(key, RSAPublicKey):
        rsa = key.public_numbers()
        writer = with_integers(tagged(RSA), (rsa.e, rsa.n))
        return writer.raw(RSA_SLACK).done()
    if isinstance(key, DSAPublicKey):
        dsa = key.public_numbers()
        shared = dsa.parameter_numbers
        return with_integers(tagged(DSA), (shared.q, shared.p, shared.g, dsa.y)).done()
    return with_integers(tagged(DH), (key.y, key.p, key.g)).done()


def encode_pem(
    key: RSAPublicKey | DSAPublicKey | EllipticCurvePublicKey | Sm2PublicKey,
    *,
    line_end: bytes = b"\r\n",
) -> bytes:
    """Return the key as PEM text, broken at 76 characters as Java's encoder does."""
    if isinstance(key, Sm2PublicKey):
        der = sm2.encode_spki(key)
    else:
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b64encode(der)
    lines = [text[at : at + 76] for at in range(0, len(text), 76)]
    return line_end.join([_PEM_BEGIN, *lines, _PEM_END, b""])
