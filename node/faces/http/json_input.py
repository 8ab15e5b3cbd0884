"""JSON bodies: strict parsing, and the reader's complaint in the words of the original's parser.

The original reads with Gson, whose messages name line, column and path of the place where reading
stopped (handle-server-observed.md §4). `complaint` walks a text that failed to parse once, only to find
that place; it never accepts anything.
"""

from typing import Any, Final

import orjson

from idnode.node.faces.http.java_texts import MalformedRequest

_DEPTH_MAX: Final = 200
_EOF: Final = "java.io.EOFException: End of input"
_MALFORMED: Final = "com.google.gson.stream.MalformedJsonException: "
_STRICT: Final = "Use JsonReader.setLenient(true) to accept malformed JSON"
_LITERAL_ENDS: Final = frozenset("{}[]:, \t\n\r\f/\\;#=")
_TEXT_ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1", "gbk", "gb18030"})


def read_json(body: bytes, charset: str | None = None) -> Any:
    """Return the JSON value in a body of that charset (UTF-8 when none is given).

    Raises:
        MalformedRequest: Not JSON, not text of that charset, or a charset that is not served.

    """
    encoding = (charset or "utf-8").lower()
    if encoding not in _TEXT_ENCODINGS:
        raise MalformedRequest(f"java.io.UnsupportedEncodingException: {encoding[:32]}")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            "java.nio.charset.MalformedInputException: Input length = 1"
        ) from error
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(complaint(text)) from error


class _Stopped(Exception):
    """Reading cannot go on; carries the text of the complaint without its place."""


class _Walk:
    """One pass over a text; `at` and `path` say where it stopped."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._path: list[str | int] = []
        self.at = 0

    def place(self) -> str:
        before = self._text[: self.at]
        line = before.count("\n") + 1
        column = self.at - (before.rfind("\n") + 1) + 1
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self._path)
        return f" at line {line} column {column} path ${path[:256]}"

    def value(self) -> None:
        character = self._next()
        if len(self._path) > _DEPTH_MAX:
            raise _Stopped(_MALFORMED + "Nesting too deep")
        if character == "{":
            self._object()
        elif character == "[":
            self._array()
        elif character in "\"'":
            self._string(character)
        else:
            self._literal(character)

    def _next(self) -> str:
        while self.at < len(self._text):
            character = self._text[self.at]
            self.at += 1
            if not character.isspace():
                return character
        raise _Stopped(_EOF)

    def _object(self) -> None:
        self._path.append("")
        character = self._next()
        while character != "}":
            start = self.at
            if character in "\"'":
                self._string(character)
                self._path[-1] = self._text[start : self.at - 1]
            elif character in _LITERAL_ENDS:
                raise _Stopped(_MALFORMED + "Expected name")
            else:
                self._literal(character)
                self._path[-1] = self._text[start - 1 : self.at]
            if self._next() != ":":
                raise _Stopped(_MALFORMED + "Expected ':'")
            self.value()
            character = self._next()
            if character == ",":
                character = self._next()
            elif character != "}":
                raise _Stopped(_MALFORMED + "Unterminated object")
        self._path.pop()

    def _array(self) -> None:
        self._path.append(0)
        while True:
            if self._next() == "]":
                break
            self.at -= 1
            self.value()
            character = self._next()
            if character == "]":
                break
            if character != ",":
                raise _Stopped(_MALFORMED + "Unterminated array")
            last = self._path[-1]
            assert isinstance(last, int)
            self._path[-1] = last + 1
        self._path.pop()

    def _string(self, quote: str) -> None:
        while self.at < len(self._text):
            character = self._text[self.at]
            self.at += 2 if character == "\\" else 1
            if character == quote:
                return
        raise _Stopped(_MALFORMED + "Unterminated string")

    def _literal(self, character: str) -> None:
        if character in _LITERAL_ENDS:
            raise _Stopped(_MALFORMED + "Expected value")
        while self.at < len(self._text) and self._text[self.at] not in _LITERAL_ENDS:
            self.at += 1


def complaint(text: str) -> str:
    """Return what the original says about a text that is no JSON."""
    walk = _Walk(text)
    try:
        walk.value()
        reason = _MALFORMED + _STRICT
    except _Stopped as stopped:
        reason = str(stopped)
    return f"com.google.gson.JsonSyntaxException: {reason}{walk.place()}"
