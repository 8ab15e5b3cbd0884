"""Messages for malformed input, in the words of the Java server (handle-http-api.md §2).

Clients show these texts and some match on them, so they are part of the protocol.
"""

from idnode.node.faces.http.body import Unreadable


class MalformedRequest(Unreadable):
    """The request cannot be understood; the message is the text for the client (HTTP 400, code 4)."""


def number_format(text: str) -> MalformedRequest:
    """Return the error for a parameter that is no number."""
    return MalformedRequest(f'java.lang.NumberFormatException: For input string: "{text}"')


def plain(message: str) -> MalformedRequest:
    """Return an error that the original raises as a bare exception."""
    return MalformedRequest(f"java.lang.Exception: {message}")


def parse(message: str) -> MalformedRequest:
    """Return an error about the meaning of a JSON element."""
    return MalformedRequest(f"com.google.gson.JsonParseException: {message}")


def unsupported_media_type(content_type: str | None) -> MalformedRequest:
    """Return the error for a body of another kind; without a header the type reads ``null``."""
    return plain(f"Unsupported media type {content_type or 'null'}")
