"""JSON bodies: text in the charset of the request, read leniently (`idnode.registry.handle.lenient_json`)."""

from typing import Any, Final

from idnode.node.faces.http.java_texts import MalformedRequest
from idnode.registry.handle import lenient_json

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
        return lenient_json.read(body.decode(encoding))
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            "java.nio.charset.MalformedInputException: Input length = 1"
        ) from error
    except lenient_json.MalformedJsonText as error:
        raise MalformedRequest(str(error)) from error
