"""Body of an error answer (handle-protocol.md §5): one string, for people."""

from idnode.registry.handle.wire.cursor import Reader, Writer

EMPTY = b"\0\0\0\0"
"""An error without a text: the length is sent all the same."""


def encode_failure(text: str = "") -> bytes:
    """Return the body that carries this text."""
    return Writer().string(text.encode("utf-8", "replace")).done() if text else EMPTY


def decode_failure(body: bytes) -> str:
    """Return the text of an error answer; an empty body means no text, broken UTF-8 is replaced.

    Raises:
        FieldTooShort: The text reaches past the end of the body.

    """
    return Reader(body).string().decode("utf-8", "replace") if body else ""
