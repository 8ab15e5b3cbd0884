"""JSON elements of a file with the lines at which they begin: those of an array, or one after the other."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from idnode.clients.formats.record import Unreadable

_BLANK = " \t\r\n"


def elements(file: BinaryIO) -> Iterator[tuple[Any, int]]:
    """Yield each element and its line; a file of one array yields what is in the array.

    Raises:
        Unreadable: The file is no JSON.

    """
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(1, f"no UTF-8: {error}") from error
    decoder = json.JSONDecoder()
    at = _skip(text, 0, _BLANK)
    in_array = text[at : at + 1] == "["
    at, line, counted = at + in_array, 1, 0
    while True:
        at = _skip(text, at, _BLANK + "," if in_array else _BLANK)
        line, counted = line + text.count("\n", counted, at), at
        if at == len(text) or (in_array and text[at] == "]"):
            return
        try:
            found, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise Unreadable(error.lineno, f"no JSON: {error.msg}") from error
        except RecursionError as error:
            raise Unreadable(line, "JSON nested too deep") from error
        yield found, line


def _skip(text: str, at: int, what: str) -> int:
    while at < len(text) and text[at] in what:
        at += 1
    return at
