"""Makers of answers on the wire, for the tests of the clients."""

from types import SimpleNamespace

import pytest

from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.constants import OpCode, OpFlag, ResponseCode
from idnode.registry.handle.wire.datagrams import split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.failure import encode_failure
from idnode.registry.handle.wire.message import Message, decode_message, encode_response
from idnode.registry.handle.wire.resolution import encode_answer


def request_of(datagrams: list[bytes]) -> tuple[Envelope, Message]:
    """The request in datagrams or stream bytes that a client wants to send."""
    envelope = decode_envelope(datagrams[0])
    return envelope, decode_message(b"".join(datagram[20:] for datagram in datagrams))


def message_of(
    values=(), *, handle=b"88.900.1/cup", code=ResponseCode.SUCCESS, op_flags=0, op_code=1
):
    if code == ResponseCode.SUCCESS:
        body = encode_answer(handle, pack(values))
    else:
        body = encode_failure("told you")
    return encode_response(op_code, code, op_flags, 1, 2_000_000_000, body)


def envelope_of(request_id: int, message: bytes) -> Envelope:
    return Envelope(2, 11, 0, 2, 11, 0, request_id, 0, len(message))


def datagrams_of(request_id: int, message: bytes, *, mark_truncated: bool = True) -> list[bytes]:
    return split(envelope_of(request_id, message), message, mark_truncated=mark_truncated)


def stream_bytes_of(request_id: int, message: bytes) -> bytes:
    return envelope_of(request_id, message).encode() + message


@pytest.fixture
def wire() -> SimpleNamespace:
    """The makers of answers."""
    return SimpleNamespace(
        request_of=request_of,
        message_of=message_of,
        datagrams_of=datagrams_of,
        stream_bytes_of=stream_bytes_of,
        continued=OpFlag.CONTINUOUS,
        resolution=OpCode.RESOLUTION,
    )


@pytest.fixture
def cup() -> tuple[HandleValue, ...]:
    """A small record: one datagram."""
    return (HandleValue(1, "URL", b"https://example.org/cup", timestamp=1_700_000_000),)


@pytest.fixture
def crate() -> tuple[HandleValue, ...]:
    """A record of 1.5 kB: four datagrams."""
    return tuple(HandleValue(index, "DESC", bytes([64 + index]) * 300) for index in range(1, 6))
