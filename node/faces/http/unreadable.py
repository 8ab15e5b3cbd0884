"""Bytes that the HTTP parser does not take: what can be made readable first, and what the rest is told.

Clients send paths as they were typed (curl does); the reference server reads what is beyond ASCII there as UTF-8. What
stays unreadable is answered in words of our own: the parser's show bytes as Python writes them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote_from_bytes

from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    InvalidURLError,
    LineTooLong,
    PayloadEncodingError,
)

_ASCII: Final = bytes(range(128))
_METHOD: Final = re.compile(r"""b['"]([!#$%&*+.^_`|~0-9A-Za-z-]{1,32}) """)
_TEXT: Final = "Bad HTTP message"


def readable(data: bytes) -> bytes:
    """Return the beginning of a request with its first line in ASCII, percent-encoded where it was not."""
    line, end, rest = data.partition(b"\n")
    if line.isascii() or not line.partition(b" ")[0].isalpha():
        return data
    return quote_from_bytes(line, safe=_ASCII).encode() + end + rest


def refusal(error: BaseException | None, message: str, header_max: int) -> tuple[int, str]:
    """Return the status and the text for what could not be read; ``header_max`` bounds one header."""
    match error:
        case LineTooLong():
            header = header_max in error.args
            return (431, "Request Header Fields Too Large") if header else (414, "URI Too Long")
        case BadHttpMethod():
            method = _METHOD.search(message)
            return (400, _TEXT) if method is None else (501, f"Unknown method {method[1]}")
        case PayloadEncodingError():
            return 400, "Request body is wrongly encoded"
        case InvalidURLError():
            return 400, "Invalid URL"
        case BadHttpMessage():
            return 400, message.partition("\n")[0].partition(":")[0] or _TEXT
    return 400, _TEXT
