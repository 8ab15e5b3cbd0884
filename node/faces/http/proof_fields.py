"""The ``Handle`` form of the Authorization header, and the proof in its fields (handle-http-api.md §7).

What is proven is the session's nonce followed by the client's. The fields say the same as the answer to a
challenge of the binary protocol, so they become one, and are checked by the same rule.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from idnode.registry.handle.proofs.signatures import encode_proof
from idnode.registry.handle.wire.challenge import PUBLIC_KEY, SECRET_KEY, ChallengeAnswer
from idnode.registry.handle.wire.constants import SecretAnswer
from idnode.registry.handle.wire.cursor import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD: Final = re.compile(
    r'[ \t]*([A-Za-z]{1,32})[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,"]*))[ \t]*(?:,|\Z)'
)
_INDEX_MAX: Final = 0x7FFFFFFF
_HMACS: Final = {"HMAC-SHA256": SecretAnswer.HMAC_SHA256, "HMAC-SHA1": SecretAnswer.HMAC_SHA1}
_PBKDF2: Final = ("PBKDF2WithHmacSHA1", "PBKDF2-HMAC-SHA1")
_SIGNATURE_HASHES: Final = frozenset({"SHA256", "SHA-256", "SHA1", "SHA-1", "MD5", "SM3"})
_KEYED: Final = {
    "MD5": SecretAnswer.MD5,
    "SHA1": SecretAnswer.SHA1,
    "SHA-1": SecretAnswer.SHA1,
    "SHA256": SecretAnswer.SHA256,
    "SHA-256": SecretAnswer.SHA256,
}
"""Hashes of secret, nonces and secret again; the same names stand for signatures by a public key."""

PROOF_FIELDS: Final = frozenset({"cnonce", "id", "type", "alg", "signature", "clientCert"})
"""Fields that only somebody sends who wants to prove something."""


class FieldsRefused(Exception):
    """Fields that are no proof; the message says what is wrong with them."""


class Proof(NamedTuple):
    """A claim, and what is proven by it except the server's nonce in front."""

    answer: ChallengeAnswer
    cnonce: bytes


def header_fields(text: str) -> dict[str, str]:
    """Return the fields of a header behind its scheme.

    Raises:
        FieldsRefused: Not a list of fields, or one field twice.

    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _FIELD.match(text, at)
        if match is None:
            raise FieldsRefused("not a list of fields")
        name, quoted, bare = match.groups()
        if name in found:
            raise FieldsRefused(f"{name} is there twice")
        found[name] = bare if quoted is None else quoted
        at = match.end()
    return found


def identity_text(handle: bytes, index: int) -> str:
    """Return an identity as this API shows it."""
    return f"{index}:{handle.decode(errors='replace')}"


def split_identity(text: str) -> tuple[bytes, int]:
    """Return handle and index of a percent-encoded ``index:handle``; without an index it is 0: any key.

    Raises:
        FieldsRefused: The index is none.

    """
    decoded = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    index, colon, handle = decoded.partition(b":")
    if not colon:
        return decoded, 0
    if not index.isdigit() or len(index) > 10 or int(index) > _INDEX_MAX:
        raise FieldsRefused("the index of the identity is no number")
    return handle, int(index)


def proof_in(fields: Mapping[str, str], identity: str) -> Proof:
    """Return the proof that the fields hold, for this identity.

    Without ``type`` the algorithm tells the kind of key; a plain hash then means a signature.

    Raises:
        FieldsRefused: A field is missing, of another form, or names an algorithm that is none.

    """
    handle, index = split_identity(identity)
    algorithm = _field(fields, "alg")
    signature = bytes_in(fields, "signature")
    cnonce = bytes_in(fields, "cnonce")
    keyed = algorithm in _KEYED and fields.get("type") == SECRET_KEY.decode()
    secret = keyed or algorithm in _PBKDF2 or algorithm in _HMACS
    kind = SECRET_KEY if secret else PUBLIC_KEY
    if fields.get("type", kind.decode()) != kind.decode():
        raise FieldsRefused("the algorithm does not go with the type of key")
    if keyed:
        proof = bytes([_KEYED[algorithm]]) + signature
    else:
        proof = _wire_proof(fields, algorithm, signature)
    return Proof(ChallengeAnswer(kind, handle, index, proof), cnonce)


def _wire_proof(fields: Mapping[str, str], algorithm: str, signature: bytes) -> bytes:
    if algorithm in _HMACS:
        return bytes([_HMACS[algorithm]]) + signature
    if algorithm in _PBKDF2:
        writer = Writer().u1(SecretAnswer.PBKDF2_HMAC_SHA1).string(bytes_in(fields, "salt"))
        writer.i4(_number(fields, "iterations")).i4(_number(fields, "length"))
        return writer.string(signature).done()
    if algorithm not in _SIGNATURE_HASHES:
        raise FieldsRefused("no such algorithm")
    return encode_proof(algorithm, signature)


def _field(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name)
    if not text:
        raise FieldsRefused(f"{name} is missing")
    return text


def bytes_in(fields: Mapping[str, str], name: str) -> bytes:
    """Return the bytes of a field in base64.

    Raises:
        FieldsRefused: It is missing, or no base64.

    """
    try:
        return base64.b64decode(_field(fields, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldsRefused(f"{name} is no base64") from error


def _number(fields: Mapping[str, str], name: str) -> int:
    text = _field(fields, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise FieldsRefused(f"{name} is no number")
    return int(text)
