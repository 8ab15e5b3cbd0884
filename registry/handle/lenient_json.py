"""JSON as the reference server reads it: leniently (handle-http-api.md §5).

Its parser, Gson's, takes more than RFC 8259 knows, and clients came to rely on it: strings in single quotes,
names and strings without quotes, comments (``//``, ``#``, ``/* */``), ``;`` for ``,``, ``=`` and ``=>`` for
``:``, control characters within strings, a byte order mark, and the guard ``)]}'`` in front. An item left out of
an array is a null. What is refused is refused with that parser's words, which name line, column and path.

Text that is plain JSON, as nearly all is, goes to the standard library; only what that refuses is read here, a
character class at a time. Both bound the nesting, because readers of what comes out are recursive, and the slow
way bounds the number of values, so that no body can hold up the others for long.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

DEPTH_MAX: Final = 200
"""Deepest nesting that is read; a record needs six levels."""

LENIENT_VALUES_MAX: Final = 100_000
"""Most values in a text that is not plain JSON; the largest record has a third of that."""

_SHOWN_CHARACTERS: Final = 64
_PATH_CHARACTERS: Final = 256
_EOF: Final = "java.io.EOFException: End of input"
_MALFORMED: Final = "com.google.gson.stream.MalformedJsonException: "
_TOO_DEEP: Final = _MALFORMED + "Nesting too deep"
_BYTE_ORDER_MARK: Final = "\ufeff"
_GUARD: Final = ")]}'\n"

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_TO_LINE_END: Final = re.compile(r"[^\r\n]*")
_UNQUOTED: Final = re.compile(r"[^/\\;#={}\[\]:, \t\f\r\n]+")
_CHUNKS: Final = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEX4: Final = re.compile(r"[0-9A-Fa-f]{4}")
_ESCAPES: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


class JsonNumber(str):
    """A number as it was written, because as text it is taken in exactly that form."""

    __slots__ = ()


class MalformedJsonText(ValueError):
    """The text is no JSON even leniently; the message is the reference parser's."""


def read(text: str) -> Any:
    """Return the JSON value in a text: dict, list, str, `JsonNumber`, bool, or None (also for a blank text).

    Raises:
        MalformedJsonText: It is none.

    """
    try:
        found = json.loads(
            text,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=str,  # the reference parser knows no NaN, and takes the word for an unquoted string
            strict=False,
        )
    except json.JSONDecodeError:
        return _Reader(text).document()
    except RecursionError as error:
        raise MalformedJsonText(f"com.google.gson.JsonSyntaxException: {_TOO_DEEP}") from error
    _insist_on_shallow(found)
    return found


def shown(found: Any) -> str:
    """Return a JSON value as text for a message, cut short, and fit for any encoding."""
    if isinstance(found, JsonNumber):
        text = str(found)
    elif isinstance(found, str):
        text = found
    else:
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return text[:_SHOWN_CHARACTERS].encode(errors="replace").decode()


def _insist_on_shallow(found: Any) -> None:
    """Refuse a value that nests deeper than `DEPTH_MAX`, looking at one level after the other."""
    level: list[Any] = [found]
    for _ in range(DEPTH_MAX + 1):
        level = [item for each in level for item in _items(each) if isinstance(item, dict | list)]
        if not level:
            return
    raise MalformedJsonText(f"com.google.gson.JsonSyntaxException: {_TOO_DEEP}")


def _items(found: Any) -> Iterable[Any]:
    if isinstance(found, dict):
        return found.values()
    return found if isinstance(found, list) else ()


class _Stopped(Exception):
    """Reading cannot go on; carries the text of the complaint without its place."""


class _Reader:
    """One pass over a text; `_at` and `_path` say where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._path: list[str | int] = []
        self._values = 0

    def document(self) -> Any:
        """Return the one value of the text."""
        self._at = self._text.startswith(_BYTE_ORDER_MARK)
        try:
            if not self._next():
                return None
            if self._text.startswith(_GUARD, self._at):
                self._at += len(_GUARD)
            found = self._value()
            # The reference parser does not look behind a lone null.
            if found is not None and self._next():
                raise MalformedJsonText(
                    "com.google.gson.JsonSyntaxException: Did not consume the entire document."
                )
        except _Stopped as stopped:
            reason = f"com.google.gson.JsonSyntaxException: {stopped}{self._place()}"
            raise MalformedJsonText(reason.encode(errors="replace").decode()) from None
        return found

    def _place(self) -> str:
        before = self._text[: self._at]
        line = before.count("\n") + 1
        column = self._at - (before.rfind("\n") + 1) + 1
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self._path)
        return f" at line {line} column {column} path ${path[:_PATH_CHARACTERS]}"

    def _next(self) -> str:
        """Return the next character that is neither blank nor comment, without taking it; "" at the end."""
        text = self._text
        while True:
            blank = _BLANK.match(text, self._at)
            assert blank is not None
            self._at = blank.end()
            if text.startswith("/*", self._at):
                end = text.find("*/", self._at + 2)
                if end < 0:
                    raise _Stopped(_MALFORMED + "Unterminated comment")
                self._at = end + 2
            elif text.startswith(("//", "#"), self._at):
                comment = _TO_LINE_END.match(text, self._at)
                assert comment is not None
                self._at = comment.end()
            else:
                return text[self._at : self._at + 1]

    def _take(self) -> str:
        """Return the next such character, and go behind it."""
        character = self._next()
        if not character:
            raise _Stopped(_EOF)
        self._at += 1
        return character

    def _value(self) -> Any:
        self._values += 1
        if self._values > LENIENT_VALUES_MAX:
            raise _Stopped(_MALFORMED + "Too many values")
        if len(self._path) > DEPTH_MAX:
            raise _Stopped(_TOO_DEEP)
        character = self._take()
        if character == "{":
            return self._object()
        if character == "[":
            return self._array()
        if character in _CHUNKS:
            return self._string(character)
        self._at -= 1
        text = self._unquoted("Expected value")
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        return JsonNumber(text) if _NUMBER.fullmatch(text) else text

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._path.append("")
        character = self._take()
        while character != "}" or found:  # a comma has a name behind it, also the last one
            name = self._name(character)
            self._path[-1] = name
            colon = self._take()
            if colon == "=" and self._text.startswith(">", self._at):
                self._at += 1
            elif colon not in ":=":
                raise _Stopped(_MALFORMED + "Expected ':'")
            found[name] = self._value()
            character = self._take()
            if character == "}":
                break
            if character not in ",;":
                raise _Stopped(_MALFORMED + "Unterminated object")
            character = self._take()
        self._path.pop()
        return found

    def _name(self, character: str) -> str:
        if character in _CHUNKS:
            return self._string(character)
        self._at -= 1
        return self._unquoted("Expected name")

    def _array(self) -> list[Any]:
        found: list[Any] = []
        self._path.append(0)
        character = self._take()
        while character != "]" or found:
            self._at -= 1
            # Nothing before a separator, or behind the last one, is a null.
            found.append(None if character in ",;]" else self._value())
            character = self._take()
            if character == "]":
                break
            if character not in ",;":
                raise _Stopped(_MALFORMED + "Unterminated array")
            self._path[-1] = len(found)
            character = self._take()
        self._path.pop()
        return found

    def _string(self, quote: str) -> str:
        parts: list[str] = []
        chunk = _CHUNKS[quote]
        while True:
            plain = chunk.match(self._text, self._at)
            assert plain is not None
            parts.append(plain.group())
            self._at = plain.end() + 1
            if self._at > len(self._text):
                self._at = len(self._text)
                raise _Stopped(_MALFORMED + "Unterminated string")
            if self._text[self._at - 1] == quote:
                # Halves of a surrogate pair that were escaped one by one make one character, as in Java.
                whole = "".join(parts)
                return whole.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
            parts.append(self._escape())

    def _escape(self) -> str:
        character = self._text[self._at : self._at + 1]
        if not character:
            raise _Stopped(_MALFORMED + "Unterminated escape sequence")
        self._at += 1
        if character != "u":
            return _ESCAPES.get(character, character)
        digits = _HEX4.match(self._text, self._at)
        if digits is None:
            wrong = self._text[self._at : self._at + 4]
            raise _Stopped(f"java.lang.NumberFormatException: \\u{wrong}")
        self._at += 4
        return chr(int(digits.group(), 16))

    def _unquoted(self, expected: str) -> str:
        found = _UNQUOTED.match(self._text, self._at)
        if found is None:
            raise _Stopped(_MALFORMED + expected)
        self._at = found.end()
        return found.group()
