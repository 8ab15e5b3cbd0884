"""Decoding a resolution request and encoding its answer, beside msgpack (in C) on the same fields."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgpack

from benchmarks.records import packed, small_handle, small_values
from benchmarks.row import Row
from idnode.registry.handle.wire.constants import OpCode, ResponseCode
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, decode_query, encode_answer, encode_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.config import Config

_ROUNDS = 50_000
_PUBLIC_ONLY = 0x01000000
_EXPIRATION = 2_000_000_000


def run(config: Config) -> list[Row]:
    """Measure the two halves of a resolution, each as calls a second on one core."""
    handle = small_handle(7).encode()
    request = _request(handle)
    values = packed(small_values(7))
    plain = msgpack.packb([2, 11, 1, _PUBLIC_ONLY, _EXPIRATION, handle, [], []])
    answer = [2, 11, 1, 1, _PUBLIC_ONLY, _EXPIRATION, handle, values]
    envelope = decode_envelope(request)
    return [
        _row(config, "decode a request", lambda: _decode(request), lambda: msgpack.unpackb(plain)),
        _row(
            config,
            "encode an answer of stored bytes",
            lambda: _encode(envelope, handle, values),
            lambda: msgpack.packb(answer),
        ),
    ]


def _request(handle: bytes) -> bytes:
    body = encode_query(Query(handle))
    message = encode_response(OpCode.RESOLUTION, 0, _PUBLIC_ONLY, 0xFFFF, _EXPIRATION, body)
    return Envelope(2, 11, 0, 2, 11, 0, 1, 0, len(message)).encode() + message


def _decode(request: bytes) -> Query:
    decode_envelope(request)
    return decode_query(decode_message(request[20:]).body)


def _encode(envelope: Envelope, handle: bytes, values: bytes) -> bytes:
    body = encode_answer(handle, values)
    message = encode_response(
        OpCode.RESOLUTION, ResponseCode.SUCCESS, _PUBLIC_ONLY, 1, _EXPIRATION, body
    )
    reply = Envelope(2, 11, 0, 2, 11, 0, envelope.request_id, 0, len(message))
    return reply.encode() + message


def _row(config: Config, what: str, ours: Callable[[], object], peer: Callable[[], object]) -> Row:
    measures = {"ours": lambda: calls_a_second(ours), "msgpack": lambda: calls_a_second(peer)}
    found = config.interleaved(measures, what=what)
    return Row(f"codec: {what}", tuple(found["ours"]), "msgpack (C)", tuple(found["msgpack"]))


def calls_a_second(call: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Return how often the call can be made in a second."""
    started = time.perf_counter()
    for _ in range(rounds):
        call()
    return rounds / (time.perf_counter() - started)
