"""Private keys in the files of Handle.Net's own tools, as ``admpriv.bin`` (handle-protocol.md §3.5).

The first four bytes say how the key is encrypted: not at all, or with AES under a passphrase. The encryptions of
version 7 and before are refused; ``hdl-keyutil`` of any later version writes such a key anew.
"""

import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.dsa import (
    DSAParameterNumbers,
    DSAPrivateKey,
    DSAPrivateNumbers,
    DSAPublicNumbers,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from idnode.registry.handle.wire.cursor import Reader
from idnode.registry.handle.wire.errors import LimitExceeded, MalformedKey, UnknownForm

_PLAIN: Final = 1
_AES: Final = 4
_ENCRYPTIONS: Final = range(5)
_ITERATIONS_MAX: Final = 10_000_000
_AES_BITS: Final = (128, 192, 256)
_PUBLIC_EXPONENT: Final = 65_537
"""What is meant where a file has no public exponent."""

_NUMBERS: Final = {b"RSA_PRIVCRT_KEY": 8, b"RSA_PRIV_KEY": 2, b"DSA_PRIV_KEY": 4}


def is_key_file(data: bytes) -> bool:
    """Return whether this begins as such a file does."""
    return len(data) > 4 and int.from_bytes(data[:4], "big") in _ENCRYPTIONS


def decode_key_file(data: bytes, passphrase: bytes | None) -> rsa.RSAPrivateKey | DSAPrivateKey:
    """Return the key in such a file.

    Raises:
        MalformedKey: The file holds no key, or one under another passphrase.
        UnknownForm: An encryption, or a kind of key, that is not read here.
        FieldTooShort: The file is cut off.
        LimitExceeded: Deriving the key from the passphrase would take too long.

    """
    encryption = int.from_bytes(data[:4], "big")
    if encryption == _PLAIN:
        return _key(data[4:])
    if encryption != _AES:
        raise UnknownForm("private key encryption", encryption)
    if not passphrase:
        raise MalformedKey("The key needs a passphrase")
    return _key(_decrypted(Reader(data[4:]), passphrase))


def _decrypted(reader: Reader, passphrase: bytes) -> bytes:
    salt, iterations, bits = reader.string(), reader.u4(), reader.u4()
    start, content = reader.string(), reader.string()
    if not 0 < iterations <= _ITERATIONS_MAX:
        raise LimitExceeded("Key iterations", iterations, _ITERATIONS_MAX)
    if bits not in _AES_BITS or len(start) != 16 or not content or len(content) % 16:
        raise MalformedKey("The key is not encrypted as it says")
    key = hashlib.pbkdf2_hmac("sha1", passphrase, salt, iterations, bits // 8)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    padding = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(content) + decryptor.finalize()
        return padding.update(padded) + padding.finalize()
    except ValueError as error:
        raise MalformedKey("The key is under another passphrase") from error


def _key(data: bytes) -> rsa.RSAPrivateKey | DSAPrivateKey:
    reader = Reader(data)
    kind = reader.string()
    if kind not in _NUMBERS:
        raise UnknownForm("private key type", kind[:64])
    reader.u2()
    numbers = [int.from_bytes(reader.string(), "big") for _ in range(_NUMBERS[kind])]
    try:
        return _dsa(*numbers) if kind == b"DSA_PRIV_KEY" else _rsa(*numbers)
    except (ValueError, OverflowError, UnsupportedAlgorithm) as error:
        raise MalformedKey(f"The numbers make no key: {error}") from error


def _rsa(modulus: int, *others: int) -> rsa.RSAPrivateKey:
    if len(others) == 1:
        (secret,) = others
        exponent = _PUBLIC_EXPONENT
        p, q = rsa.rsa_recover_prime_factors(modulus, exponent, secret)
        dmp1, dmq1 = rsa.rsa_crt_dmp1(secret, p), rsa.rsa_crt_dmq1(secret, q)
        iqmp = rsa.rsa_crt_iqmp(p, q)
    else:
        exponent, secret, p, q, dmp1, dmq1, iqmp = others
    public = rsa.RSAPublicNumbers(exponent, modulus)
    return rsa.RSAPrivateNumbers(p, q, secret, dmp1, dmq1, iqmp, public).private_key()


def _dsa(secret: int, p: int, q: int, g: int) -> DSAPrivateKey:
    public = DSAPublicNumbers(pow(g, secret, p), DSAParameterNumbers(p, q, g))
    return DSAPrivateNumbers(secret, public).private_key()
