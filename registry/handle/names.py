"""Handles as bytes: checking, splitting and folding.

A handle is UTF-8, at most 4096 bytes, and its first ``/`` splits prefix from suffix. Handles compare
case-insensitively in ASCII and exactly elsewhere (handle-protocol.md §9: "ASCII a–z only"). A suffix may be empty.
"""

from typing import Final

from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX

PREFIX_OF_PREFIXES: Final = b"0.NA"
"""The prefix of the handles that describe prefixes, folded."""

PREFIX_HANDLE_START: Final = PREFIX_OF_PREFIXES + b"/"
"""What stands before a prefix in the handle that describes the prefix."""


def fold(handle: bytes) -> bytes:
    """Return the form in which handles are compared: ASCII letters upper-cased, other bytes untouched."""
    return handle.upper()


def check(handle: bytes) -> bytes:
    """Return a handle fit for storing, unchanged.

    Raises:
        InvalidHandle: Empty, over 4096 bytes, not UTF-8, no ``/``, nothing before it, or a prefix handle of no prefix.

    """
    if not handle:
        raise InvalidHandle("Empty handle invalid")
    if len(handle) > HANDLE_BYTES_MAX:
        raise InvalidHandle(f"Handle is longer than {HANDLE_BYTES_MAX} bytes")
    slash = handle.find(b"/")
    if slash < 1:
        raise InvalidHandle("Handle needs a prefix before its first slash")
    if slash == len(handle) - 1 and fold(handle) == PREFIX_HANDLE_START:
        raise InvalidHandle("A prefix handle names a prefix")
    if not handle.isascii():
        try:
            handle.decode()
        except UnicodeDecodeError as error:
            raise InvalidHandle("Handle is not valid UTF-8") from error
    return handle


def prefix_of(handle: bytes) -> bytes:
    """Return the part before the first ``/`` as spelled; for a slashless handle the whole of it."""
    return handle.partition(b"/")[0]


def prefix_handle(prefix: bytes) -> bytes:
    """Return the handle that describes a prefix: ``0.NA/<prefix>``."""
    return PREFIX_HANDLE_START + prefix


def complete(handle: bytes) -> bytes:
    """Return the handle under which a request is looked up: a slashless one names its prefix handle."""
    return handle if b"/" in handle else PREFIX_HANDLE_START + handle
