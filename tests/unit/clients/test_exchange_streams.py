"""Promises of the exchange about requests over TCP, beside those in `test_exchange.py`.

* Answers are matched by id in any order and cut, and joined while they say that more follows.
* A connection that breaks costs its oldest request one of two chances, none if it had answered something.
* A broken stream fails what was waiting on it; nothing waits longer than its time.
* No bytes whatever make a method raise.
"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.clients.answer import Transport
from idnode.clients.errors import ConnectionLost, MalformedAnswer, TimedOut
from idnode.clients.exchange import ClientExchange
from idnode.clients.request import Answered, Failed, Request, StreamNeeded
from idnode.registry.handle.wire.constants import OpCode

RESOLUTION = Request(OpCode.RESOLUTION, b"\0\0\0\x0c88.900.1/cup" + bytes(8), 0, 2_000_000_000)
CREATION = Request(OpCode.CREATE_HANDLE, b"\0\0\0\x0c88.900.1/cup" + bytes(4), 0, 2_000_000_000)


@pytest.fixture
def exchange() -> ClientExchange:
    return ClientExchange(Random(7))


def ask_udp(exchange, request=RESOLUTION, now=0.0):
    request_id = exchange.ask(request, now, transport=Transport.UDP)
    return request_id, exchange.datagrams_due(now)


def ask_stream(exchange, stream, request=RESOLUTION, now=0.0):
    request_id = exchange.ask(request, now, transport=Transport.TCP)
    assert exchange.outcomes() == [StreamNeeded(request_id, now + 5.0)]
    return request_id, exchange.send_on(stream, request_id)


def only(exchange):
    (outcome,) = exchange.outcomes()
    return outcome


def failure(exchange):
    outcome = only(exchange)
    assert isinstance(outcome, Failed)
    return outcome.error


def test_pipelined_answers_come_in_any_order_and_cut(exchange, wire, cup):
    stream = exchange.open_stream()
    first, sent = ask_stream(exchange, stream)
    second, _ = ask_stream(exchange, stream)
    envelope, message = wire.request_of([sent])
    assert envelope.message_length == len(sent) - 20
    assert message.body == RESOLUTION.body
    data = wire.stream_bytes_of(second, wire.message_of(cup)) + wire.stream_bytes_of(
        first, wire.message_of(cup)
    )
    for at in range(len(data)):
        assert exchange.receive_bytes(stream, data[at : at + 1], 0.1)
    assert [outcome.request_id for outcome in exchange.outcomes()] == [second, first]
    assert len(stream) == 0
    assert stream.answers == 2


def test_an_answer_that_continues_is_joined(exchange, wire, cup):
    stream = exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    more = wire.stream_bytes_of(request_id, wire.message_of(cup, op_flags=wire.continued))
    last = wire.stream_bytes_of(request_id, wire.message_of(cup))
    exchange.receive_bytes(stream, more + more, 0.1)
    assert exchange.outcomes() == []
    exchange.receive_bytes(stream, last, 0.2)
    reply = only(exchange).reply
    assert len(reply.messages) == 3
    assert reply.message_bytes == len(more + more + last)


def test_an_answer_that_continues_without_end_fails(exchange, wire, cup, monkeypatch):
    monkeypatch.setattr("idnode.clients.exchange.CONTINUED_BYTES_MAX", 200)
    stream = exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    more = wire.stream_bytes_of(request_id, wire.message_of(cup, op_flags=wire.continued))
    exchange.receive_bytes(stream, more * 3, 0.1)
    assert isinstance(failure(exchange), MalformedAnswer)


def test_answers_on_the_wrong_connection_are_ignored(exchange, wire, cup):
    stream, other = exchange.open_stream(), exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    assert exchange.receive_bytes(
        other, wire.stream_bytes_of(request_id, wire.message_of(cup)), 0.1
    )
    assert exchange.outcomes() == []
    assert exchange.ignored == 1


def test_an_unreadable_message_fails_its_request_alone(exchange, wire, cup):
    stream = exchange.open_stream()
    first, _ = ask_stream(exchange, stream)
    second, _ = ask_stream(exchange, stream)
    bad, good = (
        wire.stream_bytes_of(first, b"short"),
        wire.stream_bytes_of(second, wire.message_of(cup)),
    )
    assert exchange.receive_bytes(stream, bad + good, 0.1)
    failed, answered = exchange.outcomes()
    assert isinstance(failed.error, MalformedAnswer)
    assert answered.request_id == second


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 20, b"\x02" * 20]
)
def test_bytes_that_are_no_messages_fail_everything_on_that_connection(
    exchange, wire, cup, garbage
):
    stream, other = exchange.open_stream(), exchange.open_stream()
    ask_stream(exchange, stream)
    ask_stream(exchange, stream)
    elsewhere, _ = ask_stream(exchange, other)
    assert not exchange.receive_bytes(stream, garbage, 0.1)
    assert [type(outcome.error) for outcome in exchange.outcomes()] == [MalformedAnswer] * 2
    exchange.receive_bytes(other, wire.stream_bytes_of(elsewhere, wire.message_of(cup)), 0.1)
    assert isinstance(only(exchange), Answered)


def test_an_answer_in_front_of_garbage_still_counts(exchange, wire, cup):
    stream = exchange.open_stream()
    first, _ = ask_stream(exchange, stream)
    ask_stream(exchange, stream)
    data = wire.stream_bytes_of(first, wire.message_of(cup)) + b"\xff" * 20
    assert not exchange.receive_bytes(stream, data, 0.1)
    answered, failed = exchange.outcomes()
    assert isinstance(answered, Answered)
    assert isinstance(failed.error, MalformedAnswer)


def test_a_broken_connection_gives_one_more_chance(exchange):
    stream = exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    exchange.close_stream(stream, 1.0)
    assert only(exchange) == StreamNeeded(request_id, 5.0)
    again = exchange.open_stream()
    exchange.send_on(again, request_id)
    exchange.close_stream(again, 1.0)
    assert isinstance(failure(exchange), ConnectionLost)


def test_a_connection_that_answered_and_closed_counts_against_none_that_waited(exchange, wire, cup):
    ids = []
    stream = exchange.open_stream()
    for _ in range(5):
        request_id, _ = ask_stream(exchange, stream)
        ids.append(request_id)
    while ids:
        exchange.receive_bytes(stream, wire.stream_bytes_of(ids[0], wire.message_of(cup)), 0.1)
        assert only(exchange).request_id == ids.pop(0)
        exchange.close_stream(stream, 0.1)
        stream = exchange.open_stream()
        for outcome in exchange.outcomes():
            assert isinstance(outcome, StreamNeeded)
            exchange.send_on(stream, outcome.request_id)


def test_a_connection_that_answered_nothing_counts_against_its_oldest_request_only(exchange):
    stream = exchange.open_stream()
    oldest, _ = ask_stream(exchange, stream)
    younger, _ = ask_stream(exchange, stream)
    exchange.close_stream(stream, 0.1)
    assert [outcome.request_id for outcome in exchange.outcomes()] == [oldest, younger]
    again = exchange.open_stream()
    exchange.send_on(again, oldest)
    exchange.send_on(again, younger)
    exchange.close_stream(again, 0.2)
    failed, moved = exchange.outcomes()
    assert isinstance(failed.error, ConnectionLost)
    assert moved == StreamNeeded(younger, 5.0)


def test_a_request_that_changes_something_has_one_chance(exchange):
    stream = exchange.open_stream()
    ask_stream(exchange, stream, CREATION)
    exchange.close_stream(stream, 1.0)
    assert isinstance(failure(exchange), ConnectionLost)


def test_a_request_without_answer_fails_when_its_time_is_over(exchange):
    stream = exchange.open_stream()
    ask_stream(exchange, stream)
    assert exchange.wake_at() == 5.0
    exchange.datagrams_due(5.0)
    assert isinstance(failure(exchange), TimedOut)
    assert len(stream) == 0


@given(chunks=st.lists(st.binary(max_size=64), max_size=8))
def test_arbitrary_stream_bytes_never_raise(chunks):
    exchange = ClientExchange(Random(7))
    stream = exchange.open_stream()
    ask_stream(exchange, stream)
    for chunk in chunks:
        if not exchange.receive_bytes(stream, chunk, 0.1):
            break
    exchange.close_stream(stream, 0.2)
    for outcome in exchange.outcomes():
        assert isinstance(outcome, StreamNeeded) or isinstance(outcome.error, MalformedAnswer)
