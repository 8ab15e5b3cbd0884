"""Public keys as JSON: data of HS_PUBKEY values in the style of a JWK (handle-http-api.md §5).

The binary forms are those of handle-protocol.md §3.5; only RSA and DSA have a JSON form, every other key is
shown like other data. Nothing is computed with the numbers, so no key is judged here.
"""

import base64
import binascii
from typing import Any, Final

from idnode.node.faces.http.java_texts import parse
from idnode.registry.handle.limits import RECORD_BYTES_MAX
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import ProtocolError

_RSA: Final = b"RSA_PUB_KEY"
_DSA: Final = b"DSA_PUB_KEY"
_SLACK: Final = b"\0\0\0\0"
"""Follows RSA keys in the binary form; written always, missed by nobody."""


def key_object(data: bytes) -> dict[str, Any] | None:
    """Return the JSON form of a binary RSA or DSA key, None for any other data."""
    reader = Reader(data)
    try:
        kind = reader.string()
        reader.u2()
        if kind == _RSA:
            exponent, modulus = reader.string(), reader.string()
            return {"kty": "RSA", "n": _number_text(modulus), "e": _number_text(exponent)}
        if kind == _DSA:
            q, p, g, y = (reader.string() for _ in range(4))
            texts = {"y": y, "p": p, "q": q, "g": g}
            return {"kty": "DSA"} | {name: _number_text(part) for name, part in texts.items()}
    except ProtocolError:
        return None
    return None


def key_bytes(found: Any) -> bytes:
    """Return the binary form of a key given as JSON.

    Raises:
        MalformedRequest: Neither an RSA nor a DSA key.

    """
    if not isinstance(found, dict):
        raise parse("Expected JSON object")
    kind = found.get("kty")
    if kind == "RSA":
        writer = Writer().string(_RSA).u2(0)
        writer.string(_number(found, "e")).string(_number(found, "n"))
        return writer.raw(_SLACK).done()
    if kind == "DSA":
        writer = Writer().string(_DSA).u2(0)
        for name in "qpgy":
            writer.string(_number(found, name))
        return writer.done()
    raise parse(f"java.lang.IllegalArgumentException: Unexpected key type {str(kind)[:32]}")


def _number_text(number: bytes) -> str:
    """Return a big-endian number as base64url without its sign byte and without padding."""
    stripped = number.lstrip(b"\0") or b"\0"
    return base64.urlsafe_b64encode(stripped).rstrip(b"=").decode()


def _number(found: dict[str, Any], name: str) -> bytes:
    text = found.get(name)
    if not isinstance(text, str) or len(text) > RECORD_BYTES_MAX or not text:
        raise parse(f"java.lang.IllegalArgumentException: Key without {name}")
    try:
        number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise parse("java.lang.IllegalArgumentException: Illegal base64 character") from error
    return b"\0" + number if number and number[0] & 0x80 else number
