"""Bodies of the operations that change or list records (handle-protocol.md §5).

=========================  ===============================  ==============================
operation                  request                          successful answer
=========================  ===============================  ==============================
100 create                 `decode_record`                  `decode_created`
101 delete                 `decode_handle`                  empty
102 add, 104 modify        `decode_record`                  empty
103 remove                 `decode_removal`                 empty
105 list handles           `decode_handle` (``0.NA/…``)     `decode_handle_list`, continued
300 home, 301 unhome       `decode_handle` (``0.NA/…``)     empty
302 list homed prefixes    `decode_handle` (``/``)          `decode_handle_list`, continued
2, 401, 1000, 1003         `decode_handle` (``/``)          see their own modules, or empty
=========================  ===============================  ==============================

Bytes behind the known fields of a body are ignored (handle-protocol.md §2). Every decoder raises
`FieldTooShort`, `CountTooLarge` and `InvalidHandle` (over 4096 bytes), and nothing else.
"""

from collections.abc import Iterable

from idnode.registry.handle.wire.cursor import Reader, Writer


def decode_handle(body: bytes) -> bytes:
    """Return the one handle that the body names; an empty body names the empty handle."""
    return Reader(body).handle() if body else b""


def encode_handle(handle: bytes) -> bytes:
    """Return the body that names one handle."""
    return Writer().string(handle).done()


def decode_record(body: bytes) -> tuple[bytes, bytes]:
    """Return handle and packed value list of a create, add or modify.

    Only lengths are checked here; `idnode.registry.handle.values.check` says whether the values may be stored.
    """
    reader = Reader(body)
    return reader.handle(), reader.value_list()


def encode_record(handle: bytes, packed: bytes) -> bytes:
    """Return the body of a create, add or modify."""
    return Writer().string(handle).raw(packed).done()


def decode_removal(body: bytes) -> tuple[bytes, tuple[int, ...]]:
    """Return handle and value indexes of a remove."""
    reader = Reader(body)
    return reader.handle(), reader.integers()


def encode_removal(handle: bytes, indexes: Iterable[int]) -> bytes:
    """Return the body of a remove.

    Raises:
        EncodingError: An index does not fit into 32 bits.

    """
    return Writer().string(handle).integers(indexes).done()


def decode_created(body: bytes) -> bytes | None:
    """Return the handle that a create made, or None when the server does not tell."""
    return Reader(body).handle() if body else None


def encode_created(handle: bytes | None) -> bytes:
    """Return the body of a create's answer; None tells nothing."""
    return b"" if handle is None else encode_handle(handle)


def decode_handle_list(body: bytes) -> tuple[bytes, ...]:
    """Return the handles in one message of a listing."""
    return Reader(body).handles()


def encode_handle_list(handles: Iterable[bytes]) -> bytes:
    """Return one message's body of a listing, of `constants.LIST_HANDLES_MAX` handles at most."""
    return Writer().strings(handles).done()
