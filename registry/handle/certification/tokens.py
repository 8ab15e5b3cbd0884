"""Signed tokens as HS_SIGNATURE and HS_CERT values hold them: JWS, RS256, or SM2 with SM3 as ``SM2SM3``.

Written in the compact form, which ID-SDK and id-pointer write; read also in the JSON forms, which Handle.Net writes
(handle-protocol.md §3.7). An SM2 signature is over SM3 of the signing input, in DER, for the user id of the standard.
"""

import json
import secrets
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from jwt import PyJWS
from jwt.algorithms import Algorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError
from jwt.utils import base64url_decode, base64url_encode

from idnode.registry.handle.crypto import sm2, sm2_private
from idnode.registry.handle.crypto.sm2 import ORDER, Sm2PublicKey
from idnode.registry.handle.crypto.sm2_private import Sm2PrivateKey
from idnode.registry.handle.wire.errors import MalformedKey

SigningKey = RSAPrivateKey | Sm2PrivateKey
VerifyingKey = RSAPublicKey | Sm2PublicKey

TOKEN_BYTES_MAX: Final = 64_000

_RSA: Final = "RS256"
_SM2: Final = "SM2SM3"
_USER_ID: Final = b"1234567812345678"


class TokenMalformed(ValueError):
    """The data of a value is no signed token, or one of claims that cannot be read."""


class _Sm2Algorithm(Algorithm):
    """SM2 with SM3 as a signature algorithm of JWS."""

    def prepare_key(self, key: Any) -> Any:
        """Return the key as it is."""
        return key

    def sign(self, msg: bytes, key: Sm2PrivateKey) -> bytes:
        """Return the signature of a message."""
        while (made := sm2_private.sign(key, msg, _USER_ID, secrets.randbelow(ORDER))) is None:
            pass
        return made

    def verify(self, msg: bytes, key: Sm2PublicKey, sig: bytes) -> bool:
        """Return whether a signature of a message is genuine."""
        return sm2.verify(key, sig, msg, _USER_ID)

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> Any:  # noqa: FBT001, FBT002  # the library's signature
        """Return a public key as JSON."""
        found = {
            "kty": "EC",
            "crv": "SM2",
            "x": base64url_encode(sm2.coordinate(key_obj.x)).decode(),
            "y": base64url_encode(sm2.coordinate(key_obj.y)).decode(),
        }
        return found if as_dict else json.dumps(found)

    @staticmethod
    def from_jwk(jwk: Any) -> Sm2PublicKey:
        """Return the public key in JSON."""
        found = json.loads(jwk) if isinstance(jwk, str) else jwk
        x, y = (int.from_bytes(base64url_decode(found[part]), "big") for part in ("x", "y"))
        return Sm2PublicKey(x, y)


_JWS: Final = PyJWS(algorithms=[_RSA])
_JWS.register_algorithm(_SM2, _Sm2Algorithm())


def sign_token(claims: dict[str, Any], key: SigningKey) -> bytes:
    """Return claims as a signed token in the compact form."""
    algorithm = _SM2 if isinstance(key, Sm2PrivateKey) else _RSA
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    # Nobody who reads these values expects a type in the header.
    return _JWS.encode(payload, key, algorithm=algorithm, headers={"typ": None}).encode()  # type: ignore[arg-type]


def claims_of(data: bytes) -> dict[str, Any]:
    """Return the claims of a token, whoever signed it.

    Raises:
        TokenMalformed: It is none.

    """
    try:
        payload = base64url_decode(_compact(data).split(".")[1])
        found = json.loads(payload)
    except (ValueError, IndexError, RecursionError) as error:
        raise TokenMalformed(f"no signed token: {error}") from error
    if not isinstance(found, dict):
        raise TokenMalformed("no signed token: its claims are no object")
    return found


def is_genuine(data: bytes, key: VerifyingKey) -> bool:
    """Return whether a token was signed by the owner of a key, with an algorithm of that key."""
    algorithm = _SM2 if isinstance(key, Sm2PublicKey) else _RSA
    try:
        _JWS.decode(_compact(data), key, algorithms=[algorithm])  # type: ignore[arg-type]
    except (PyJWTError, TokenMalformed, ValueError):
        return False
    return True


def key_as_json(key: VerifyingKey) -> dict[str, Any]:
    """Return a public key as a JSON web key, its public parts only."""
    found: dict[str, Any]
    if isinstance(key, Sm2PublicKey):
        found = _Sm2Algorithm.to_jwk(key, as_dict=True)
    else:
        found = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: found[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in found}


def key_from_json(found: Any) -> VerifyingKey:
    """Return the public key in a JSON web key.

    Raises:
        TokenMalformed: It is none of RSA or SM2.

    """
    try:
        if found["kty"] == "RSA":
            read = RSAAlgorithm.from_jwk({name: found[name] for name in ("kty", "n", "e")})
            assert isinstance(read, RSAPublicKey), "without a private exponent it is public"
            return read
        if found["kty"] == "EC" and found["crv"] == "SM2":
            return _Sm2Algorithm.from_jwk(found)
        kind = found["kty"]
    except (KeyError, TypeError, ValueError, PyJWTError, MalformedKey) as error:
        raise TokenMalformed(f"no public key: {error!r}") from error
    raise TokenMalformed(f"no public key of a kind that is known: {kind}")


def _compact(data: bytes) -> str:
    """Return a token in the compact form, of which a general JSON form has to have one signature.

    Raises:
        TokenMalformed: It is too long, or no text.

    """
    if len(data) > TOKEN_BYTES_MAX:
        raise TokenMalformed("no signed token: too long")
    try:
        text = data.decode("ascii").strip()
        if not text.startswith("{"):
            return text
        found = json.loads(text)
        (signed,) = found.get("signatures") or [found]
        return f"{signed['protected']}.{found['payload']}.{signed['signature']}"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TokenMalformed(f"no signed token: {error!r}") from error
