"""Members of JSON objects, read as the reference server reads them (handle-http-api.md §5).

Its library takes what can be understood: a number where text is meant, a number as text, a list of one item in
place of the item. What it refuses raises `MalformedJson` with its text, since clients show and match on it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from idnode.registry.handle.lenient_json import JsonNumber, shown

_INT_MIN: Final = -0x80000000
_INT_MAX: Final = 0x7FFFFFFF
_WHOLE_DIGITS_MAX: Final = 20
_WHOLE_NUMBER: Final = re.compile("[+-]?[0-9]{1,10}")
_NUMBER_CHARACTERS_MAX: Final = 400
_NOT_BASE64: Final = re.compile("[^A-Za-z0-9+/]+")

JsonObject = dict[str, Any]


class MalformedJson(ValueError):
    """JSON has another shape than its format asks for; the text is the reference server's."""


def missing(accessor: str) -> MalformedJson:
    """Return the error for an absent member that is read with ``accessor`` (as ``getAsInt``)."""
    return MalformedJson(
        f'java.lang.NullPointerException: Cannot invoke "com.google.gson.JsonElement.{accessor}()" '
        'because the return value of "com.google.gson.JsonObject.get(String)" is null'
    )


def _wrong(expected: str, found: object) -> MalformedJson:
    return MalformedJson(f"java.lang.IllegalStateException: Not a {expected}: {shown(found)}")


def _no_number(found: object) -> MalformedJson:
    return MalformedJson(f'java.lang.NumberFormatException: For input string: "{shown(found)}"')


def object_of(found: Any) -> JsonObject:
    """Return what must be a JSON object.

    Raises:
        MalformedJson: It is none.

    """
    if not isinstance(found, dict):
        raise _wrong("JSON Object", found)
    return found


def list_of(found: Any) -> list[Any]:
    """Return what must be a JSON array.

    Raises:
        MalformedJson: It is none.

    """
    if not isinstance(found, list):
        raise _wrong("JSON Array", found)
    return found


def member(found: Mapping[str, Any], name: str, accessor: str = "getAsString") -> Any:
    """Return a member that must be there.

    Raises:
        MalformedJson: It is absent or null.

    """
    value = found.get(name)
    if value is None:
        raise missing(accessor)
    return value


def _single(found: Any) -> Any:
    """Return the item of a list of one, which the reference server takes for the item; else what was given."""
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def text_of(found: Any) -> str:
    """Return text, or a number or truth value as its text.

    Raises:
        MalformedJson: It is neither.

    """
    found = _single(found)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return repr(found)
    if not isinstance(found, str):
        raise _wrong("JSON Primitive", found)
    return found


def bytes_of(found: Any) -> bytes:
    """Return text as UTF-8; half of a surrogate pair becomes ``?``.

    Raises:
        MalformedJson: It is no text.

    """
    return text_of(found).encode(errors="replace")


def integer_of(found: Any, least: int = _INT_MIN, most: int = _INT_MAX) -> int:
    """Return a number without its fraction, or text that is a whole number of 32 bits.

    Raises:
        MalformedJson: It is neither, or out of bounds. (The reference server takes the lowest 32 bits.)

    """
    found = _single(found)
    if isinstance(found, JsonNumber | int | float) and not isinstance(found, bool):
        number = _whole(str(found))
    elif isinstance(found, str) and _WHOLE_NUMBER.fullmatch(found):
        number = int(found)
        most = min(most, _INT_MAX)
    else:
        raise _no_number(found)
    if not least <= number <= most:
        raise _no_number(found)
    return number


def _whole(text: str) -> int:
    """Return the whole part of a number, or one as far from zero as any that is larger than 20 digits."""
    number = Decimal(text) if len(text) <= _NUMBER_CHARACTERS_MAX else Decimal("nan")
    if not number.is_finite():
        raise _no_number(text)
    if number.adjusted() > _WHOLE_DIGITS_MAX:
        return -(10**_WHOLE_DIGITS_MAX) if number.is_signed() else 10**_WHOLE_DIGITS_MAX
    return int(number)


def truth_of(found: Any) -> bool:
    """Return a truth value; of other primitives only the text ``true`` is true.

    Raises:
        MalformedJson: It is no primitive.

    """
    return text_of(found).lower() == "true"


def base64_bytes(found: Any) -> bytes:
    """Return what base64 text stands for.

    As commons-codec decodes: both alphabets at once, whatever is in neither skipped, the first ``=`` ends it, and
    a last character that completes no byte does not count.
    """
    text = text_of(found).partition("=")[0].replace("-", "+").replace("_", "/")
    kept = _NOT_BASE64.sub("", text)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return base64.b64decode(kept + "=" * (-len(kept) % 4))


def hex_bytes(found: Any) -> bytes:
    """Return what hexadecimal text stands for.

    Raises:
        MalformedJson: An odd number of digits, or another character.

    """
    try:
        return binascii.unhexlify(text_of(found))
    except ValueError as error:
        text = "org.apache.commons.codec.DecoderException: Illegal hexadecimal character"
        raise MalformedJson(text) from error


PLAIN_FORMATS: Final[dict[str, Callable[[Any], bytes]]] = {
    "string": bytes_of,
    "base64": base64_bytes,
    "hex": hex_bytes,
}
"""Reader of each format that any data may have."""


def data_bytes(found: Any, formats: Mapping[str, Callable[[Any], bytes]]) -> bytes:
    """Return the bytes of a ``data`` member: plain text, or ``{"format": …, "value": …}`` in one of ``formats``.

    Raises:
        MalformedJson: The format is none of them, or the value is not of that format.
        ProtocolError: A number does not fit into its place.

    """
    if found is None:
        raise missing("isJsonPrimitive")
    if not isinstance(found, dict):
        return bytes_of(found)
    name = text_of(member(found, "format"))
    read = formats.get(name.lower())
    if read is None:
        raise MalformedJson(f"java.text.ParseException: Unexpected type {shown(name)}")
    return read(member(found, "value"))


def items_of(found: Any) -> Sequence[Any]:
    """Return the items of a list that may be left out; a null among them is refused.

    Raises:
        MalformedJson: It is no list, or has a null.

    """
    items = [] if found is None else list_of(found)
    if None in items:
        raise MalformedJson("While parsing JSON found array ending with null")
    return items


def base64_object(data: bytes) -> JsonObject:
    """Return the ``data`` member of bytes that are no text."""
    return {"format": "base64", "value": base64.b64encode(data).decode()}
