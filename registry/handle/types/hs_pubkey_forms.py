"""The tagged form of HS_PUBKEY values as numbers, and as JSON (handle-protocol.md §3.5).

The cryptography library is not needed for it: who shows values would wait for its import.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.handle.types.json_reading import (
    MalformedJson,
    base64_bytes,
    member,
    object_of,
    text_of,
)
from idnode.registry.handle.types.value_type import JsonForm, ValueType
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import UnknownForm

RSA: Final = b"RSA_PUB_KEY"
DSA: Final = b"DSA_PUB_KEY"
DH: Final = b"DH_PUB_KEY"
SM2: Final = b"SM2_PUB_KEY"

RSA_SLACK: Final = bytes(4)


def tagged(key_type: bytes) -> Writer:
    """Return the beginning of a tagged form."""
    return Writer().string(key_type).u2(0)


def with_integers(writer: Writer, numbers: tuple[int, ...]) -> Writer:
    """Return a writer behind which the numbers of a key were put."""
    for number in numbers:
        # One bit more than the number has, because Java reads the top bit as a sign.
        writer.string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
    return writer


@dataclass(frozen=True, slots=True)
class KeyNumbers:
    """The numbers of a tagged RSA or DSA key, in the order of the binary form; nobody has judged them."""

    tag: bytes
    numbers: tuple[bytes, ...]


_JSON_NAMES: Final = {RSA: ("RSA", "en"), DSA: ("DSA", "qpgy")}
_JSON_ORDER: Final = {RSA: "ne", DSA: "ypqg"}


def decode_numbers(data: bytes) -> KeyNumbers:
    """Return the numbers of a tagged RSA or DSA key, which are the keys that have a JSON form.

    Raises:
        UnknownForm: Another key, or other data.
        FieldTooShort: A field reaches past the end.

    """
    reader = Reader(data)
    tag = reader.string()
    if tag not in _JSON_NAMES:
        raise UnknownForm("public key type", tag[:64])
    reader.u2()
    numbers = [reader.string().lstrip(b"\0") or b"\0" for _ in _JSON_NAMES[tag][1]]
    return KeyNumbers(tag, tuple(numbers))


def encode_numbers(key: KeyNumbers) -> bytes:
    """Return the tagged form of a key."""
    writer = with_integers(
        tagged(key.tag), tuple([int.from_bytes(each, "big") for each in key.numbers])
    )
    return writer.raw(RSA_SLACK if key.tag == RSA else b"").done()


def _json(key: KeyNumbers) -> dict[str, Any]:
    name, letters = _JSON_NAMES[key.tag]
    texts = {
        letter: base64.urlsafe_b64encode(number).rstrip(b"=").decode()
        for letter, number in zip(letters, key.numbers, strict=True)
    }
    return {"kty": name} | {letter: texts[letter] for letter in _JSON_ORDER[key.tag]}


def _from_json(found: Any) -> KeyNumbers:
    key = object_of(found)
    kind = text_of(member(key, "kty"))
    for tag, (name, letters) in _JSON_NAMES.items():
        if kind.upper() == name:
            numbers = [base64_bytes(member(key, letter)).lstrip(b"\0") for letter in letters]
            if not all(numbers):
                raise MalformedJson(
                    "java.security.spec.InvalidKeySpecException: Key without a number"
                )
            return KeyNumbers(tag, tuple(numbers))
    raise MalformedJson(
        f"java.lang.UnsupportedOperationException: Unsupported key type {kind[:32]}"
    )


def _text(key: KeyNumbers) -> str:
    size = max(int.from_bytes(each, "big").bit_length() for each in key.numbers)
    return f"({_JSON_NAMES[key.tag][0]} public key of {size} bits)"


TYPE: Final = ValueType(
    "HS_PUBKEY", decode_numbers, encode_numbers, _text, JsonForm("key", _json, _from_json)
)
"""The row of HS_PUBKEY; a key in another form, as PEM, is shown like other data."""


def key_bytes(found: Any) -> bytes:
    """Return the tagged form of a key given as JSON.

    Raises:
        MalformedJson: Neither an RSA nor a DSA key.

    """
    return encode_numbers(_from_json(found))
