"""Bodies of the session operations 400 and 402 (handle-protocol.md §7); 401 carries just ``/``.

Key agreement and encryption are in `session_cipher`.
"""

from dataclasses import dataclass
from typing import Final

from idnode.registry.handle.wire.constants import KeyExchange
from idnode.registry.handle.wire.cursor import Reader, Writer

_PADDING: Final = b"\0\0"
_KEY_MODES: Final = (KeyExchange.CLIENT_CIPHER, KeyExchange.DIFFIE_HELLMAN)


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Holds what a client proposes; ``mode`` is a `KeyExchange`, ``timeout`` seconds.

    ``public_key`` (in the form of `idnode.registry.handle.types.hs_pubkey`) belongs to the modes 1 and 4, the
    exchange key's place to mode 3.
    """

    mode: int
    timeout: int
    identity_handle: bytes = b""
    identity_index: int = -1
    public_key: bytes = b""
    exchange_handle: bytes = b""
    exchange_index: int = 0


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """The server's half; ``data`` is a key, or half of a key agreement, by the mode."""

    mode: int
    data: bytes


def decode_session_request(body: bytes) -> SessionRequest:
    """Return the proposal in the body of an op 400.

    Raises:
        FieldTooShort: A field reaches past the end of the body.
        InvalidHandle: A handle is longer than 4096 bytes.

    """
    reader = Reader(body)
    mode, timeout = reader.u2(), reader.i4()
    identity_handle, identity_index = reader.handle(), reader.i4()
    public_key = reader.string() if mode in _KEY_MODES else b""
    exchange_handle, exchange_index = b"", 0
    if mode == KeyExchange.HANDLE_CIPHER:
        exchange_handle, exchange_index = reader.handle(), reader.i4()
    return SessionRequest(
        mode,
        timeout,
        identity_handle,
        identity_index,
        public_key,
        exchange_handle,
        exchange_index,
    )


def encode_session_request(request: SessionRequest) -> bytes:
    """Return the body of an op 400.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = Writer().u2(request.mode).i4(request.timeout)
    writer.string(request.identity_handle).i4(request.identity_index)
    if request.mode in _KEY_MODES:
        writer.string(request.public_key)
    if request.mode == KeyExchange.HANDLE_CIPHER:
        writer.string(request.exchange_handle).i4(request.exchange_index)
    return writer.raw(_PADDING).done()


def decode_session_answer(body: bytes) -> SessionAnswer:
    """Return the server's half, from a body without its request digest (`digest.split_digest`).

    Raises:
        FieldTooShort: A field reaches past the end of the body.

    """
    reader = Reader(body)
    return SessionAnswer(reader.u2(), reader.string())


def encode_session_answer(answer: SessionAnswer) -> bytes:
    """Return the body of an op 400's answer, without a request digest.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    return Writer().u2(answer.mode).string(answer.data).raw(_PADDING).done()


def encode_key_data(algorithm: int, key: bytes) -> bytes:
    """Return a cipher's code and key bytes: an answer's data in mode 4, what mode 3 encrypts.

    Raises:
        EncodingError: The code does not fit into its place.

    """
    return Writer().u4(algorithm).raw(key).done()


def decode_key_data(data: bytes) -> tuple[int, bytes]:
    """Return the `SessionCipher` code and the key bytes behind it.

    Raises:
        FieldTooShort: Not even the code is there.

    """
    reader = Reader(data)
    return reader.u4(), reader.rest()


def decode_key_exchange(body: bytes) -> bytes:
    """Return the encrypted session key in the body of an op 402.

    Raises:
        FieldTooShort: It reaches past the end of the body.

    """
    return Reader(body).string()


def encode_key_exchange(encrypted_key: bytes) -> bytes:
    """Return the body of an op 402."""
    return Writer().string(encrypted_key).done()
