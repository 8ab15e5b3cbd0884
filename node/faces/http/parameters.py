"""Parameters of a request: from its query string and, for POST, from its body (handle-http-api.md §3)."""

from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

from idnode.node.faces.http.body import read_body
from idnode.node.faces.http.java_texts import MalformedRequest, number_format, parse
from idnode.node.faces.http.json_input import read_json

FORM_BYTES_MAX: Final = 64 * 1024
"""Largest body of parameters."""

_FIELDS_MAX: Final = 2048
_TRUE: Final = frozenset({"", "yes", "true"})
_DIGITS_MAX: Final = 11
_RECORD_MEMBERS: Final = frozenset({"handle", "values"})
"""Members that are no parameters: some clients post a whole record to read one."""


class Parameters:
    """Named texts, each possibly repeated."""

    __slots__ = ("_texts",)

    def __init__(self, texts: dict[str, list[str]]) -> None:
        self._texts = texts

    def __contains__(self, name: str) -> bool:
        return name in self._texts

    def all(self, name: str) -> list[str]:
        """Return every text of this name, in order."""
        return self._texts.get(name, [])

    def first(self, name: str) -> str | None:
        """Return the first text of this name."""
        texts = self._texts.get(name)
        return texts[0] if texts else None

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """Return whether a switch is on: present and empty, ``yes`` or ``true``, in any case."""
        text = self.first(name)
        return otherwise if text is None else text.lower() in _TRUE

    def truth(self, name: str, *, otherwise: bool = False) -> bool:
        """Return a switch of a change, which only ``true`` turns on, in any case; anything else turns it off."""
        text = self.first(name)
        return otherwise if text is None else text.lower() == "true"

    def integers(self, name: str) -> tuple[int, ...]:
        """Return every text of this name as a number.

        Raises:
            MalformedRequest: One of them is none, or does not fit into 32 bits.

        """
        return tuple([integer(text) for text in self.all(name)])

    def add(self, name: str, text: str) -> None:
        """Add one text."""
        self._texts.setdefault(name, []).append(text)


NONE: Final = Parameters({})
"""A request without parameters."""


def integer(text: str) -> int:
    """Return a parameter as a number, as the original reads it.

    Raises:
        MalformedRequest: No decimal number of 32 bits.

    """
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isdecimal() and digits.isascii() and len(digits) <= _DIGITS_MAX):
        raise number_format(text[:64])
    number = int(text)
    if not -0x80000000 <= number <= 0x7FFFFFFF:
        raise number_format(text)
    return number


def decode_fields(text: str) -> Parameters:
    """Return the fields of a query string or form.

    Raises:
        MalformedRequest: More fields than anybody needs.

    """
    try:
        fields = parse_qsl(
            text, keep_blank_values=True, errors="replace", max_num_fields=_FIELDS_MAX
        )
    except ValueError as error:
        raise MalformedRequest("java.lang.IllegalStateException: Form has too many keys") from error
    parameters = Parameters({})
    for name, value in fields:
        parameters.add(name, value)
    return parameters


def query_parameters(request: web.Request) -> Parameters:
    """Return the parameters in the query string."""
    query = request.rel_url.raw_query_string
    if not query:
        return NONE
    return decode_fields(query.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


async def all_parameters(request: web.Request) -> Parameters:
    """Return the parameters in the query string and, for POST, in a form or a JSON object.

    Raises:
        MalformedRequest: The body is neither.
        BodyRefused: The body is too long or broken.

    """
    parameters = query_parameters(request)
    if request.method != "POST":
        return parameters
    body = await read_body(request, FORM_BYTES_MAX)
    if not body.strip():
        return parameters
    if request.content_type != "application/json":
        posted = decode_fields(body.decode("utf-8", "replace"))
    else:
        posted = _from_json(read_json(body, request.charset))
    for name, texts in posted._texts.items():  # noqa: SLF001  # another object of this class
        for text in texts:
            posted_into = parameters if parameters is not NONE else (parameters := Parameters({}))
            posted_into.add(name, text)
    return parameters


def _from_json(found: Any) -> Parameters:
    if not isinstance(found, dict):
        raise parse("Expected JSON object")
    parameters = Parameters({})
    for name, member in found.items():
        if name in _RECORD_MEMBERS:
            continue
        for item in member if isinstance(member, list) else [member]:
            if isinstance(item, bool):
                parameters.add(name, "true" if item else "false")
            elif isinstance(item, str | int):
                parameters.add(name, str(item))
            else:
                raise parse(f"java.lang.IllegalStateException: Not a JSON Primitive: {name[:64]}")
    return parameters


def handle_in_path(raw_path: str, start: int) -> bytes:
    """Return the percent-decoded bytes of a raw path from a position on; ``+`` stays ``+``."""
    raw = raw_path[start:]
    if "%" not in raw and raw.isascii():
        return raw.encode()
    return unquote_to_bytes(raw.encode("utf-8", "surrogateescape"))
