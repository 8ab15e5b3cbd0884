"""Promises of the exchange under both socket clients.

* A request goes out at 0, 0.5, 1.0 and 1.5 s, always with the same id, and moves to TCP at 2.0 s; one that
  changes something fails instead.
* An answer in several datagrams is joined in any order, flagged TRUNCATED or not; a repeated or a lost part
  does no harm; one that stays incomplete moves to TCP.
* Only answers with the id of a request that is under way are used; garbage, late and foreign ones are counted.
* Over a stream answers are matched by id in any order and cut, and joined while they say that more follows.
* A connection that breaks costs its oldest request one of two chances, none if it had answered something.
* A broken stream fails what was waiting on it; nothing waits longer than its time.
* No bytes whatever make a method raise, nor stop the right answer from arriving.
"""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.clients.answer import Transport
from idnode.clients.errors import TimedOut
from idnode.clients.exchange import ClientExchange
from idnode.clients.request import Answered, Failed, Request, Schedule, StreamNeeded
from idnode.registry.handle.wire.constants import EnvelopeFlag, OpCode
from idnode.registry.handle.wire.envelope import decode_envelope

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


def test_the_request_carries_version_flags_serial_and_expiration(exchange, wire):
    request_id, datagrams = ask_udp(exchange)
    envelope, message = wire.request_of(datagrams)
    assert (envelope.major, envelope.minor) == (2, 11)
    assert (envelope.suggested_major, envelope.suggested_minor) == (2, 11)
    assert envelope.request_id == request_id > 0
    assert envelope.flags == 0
    assert message.site_serial == 0xFFFF
    assert message.expiration == 2_000_000_000
    assert message.body == RESOLUTION.body


def test_a_long_request_goes_in_flagged_datagrams(exchange):
    request = Request(OpCode.RESOLUTION, bytes(1200), 0, 0)
    _, datagrams = ask_udp(exchange, request)
    envelopes = [decode_envelope(datagram) for datagram in datagrams]
    assert [envelope.sequence for envelope in envelopes] == [0, 1, 2]
    assert all(envelope.flags == EnvelopeFlag.TRUNCATED for envelope in envelopes)
    assert max(map(len, datagrams)) == 512


def test_same_seed_same_ids_and_no_id_twice_under_way():
    first, second = ClientExchange(Random(3)), ClientExchange(Random(3))
    ids = [first.ask(RESOLUTION, 0.0, transport=Transport.UDP) for _ in range(200)]
    assert ids == [second.ask(RESOLUTION, 0.0, transport=Transport.UDP) for _ in range(200)]
    assert len(set(ids)) == 200


def test_sends_again_on_schedule_and_then_needs_a_stream(exchange):
    request_id, first = ask_udp(exchange, now=10.0)
    for at in (10.5, 11.0, 11.5):
        assert exchange.wake_at() == at
        assert exchange.datagrams_due(at - 0.01) == []
        assert exchange.datagrams_due(at) == first
    assert exchange.outcomes() == []
    assert exchange.wake_at() == 12.0
    assert exchange.datagrams_due(12.0) == []
    assert only(exchange) == StreamNeeded(request_id, 17.0)


def test_a_late_caller_sends_once_and_not_for_every_missed_time(exchange):
    _, first = ask_udp(exchange)
    assert exchange.datagrams_due(0.6) == first
    assert exchange.wake_at() == 1.0


def test_a_request_that_changes_something_is_never_repeated_over_tcp(exchange):
    ask_udp(exchange, CREATION)
    for at in (0.5, 1.0, 1.5, 2.0):
        exchange.datagrams_due(at)
    assert isinstance(failure(exchange), TimedOut)
    assert exchange.wake_at() is None


def test_an_answer_in_one_datagram(exchange, wire, cup):
    request_id, _ = ask_udp(exchange, now=1.0)
    (datagram,) = wire.datagrams_of(request_id, wire.message_of(cup))
    exchange.receive_datagram(datagram, 1.25)
    outcome = only(exchange)
    assert isinstance(outcome, Answered)
    assert outcome.reply.seconds == 0.25
    assert outcome.reply.message_bytes == len(datagram)
    assert outcome.reply.packets == 1
    assert outcome.reply.transport is Transport.UDP
    assert len(exchange) == 0
    assert exchange.wake_at() is None


@pytest.mark.parametrize("flagged", [True, False], ids=["truncated", "unflagged"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 2, 0, 1, 0, 3)])
def test_parts_join_in_any_order_repeated_and_with_or_without_the_flag(
    exchange, wire, crate, flagged, order
):
    request_id, _ = ask_udp(exchange)
    message = wire.message_of(crate)
    datagrams = wire.datagrams_of(request_id, message, mark_truncated=flagged)
    assert len(datagrams) == 4
    for number in order:
        assert exchange.outcomes() == []
        exchange.receive_datagram(datagrams[number], 0.1)
    reply = only(exchange).reply
    assert reply.packets == len(order)
    assert reply.messages[0].signed == message[: len(reply.messages[0].signed)]


def test_a_lost_part_is_filled_in_by_the_answer_to_the_repeated_request(exchange, wire, crate):
    request_id, _ = ask_udp(exchange)
    datagrams = wire.datagrams_of(request_id, wire.message_of(crate))
    for datagram in datagrams[:-1]:
        exchange.receive_datagram(datagram, 0.1)
    assert exchange.datagrams_due(0.5)
    for datagram in datagrams:
        exchange.receive_datagram(datagram, 0.6)
    assert isinstance(only(exchange), Answered)


def test_an_answer_that_stays_incomplete_moves_to_tcp(exchange, wire, crate):
    request_id, _ = ask_udp(exchange)
    datagrams = wire.datagrams_of(request_id, wire.message_of(crate))
    for at in (0.5, 1.0, 1.5, 2.0):
        exchange.receive_datagram(datagrams[1], at - 0.1)
        exchange.datagrams_due(at)
    assert isinstance(only(exchange), StreamNeeded)


def test_late_repeated_and_foreign_answers_are_ignored(exchange, wire, cup):
    request_id, _ = ask_udp(exchange)
    (foreign,) = wire.datagrams_of(request_id + 1, wire.message_of(cup))
    (right,) = wire.datagrams_of(request_id, wire.message_of(cup))
    exchange.receive_datagram(foreign, 0.1)
    exchange.receive_datagram(right, 0.2)
    exchange.receive_datagram(right, 0.3)
    assert isinstance(only(exchange), Answered)
    assert exchange.ignored == 2


@pytest.mark.parametrize(
    "damage", [lambda d: d[:30], lambda d: d[:20], lambda d: b"", lambda d: b"\xff" * 40]
)
def test_damaged_datagrams_do_not_end_a_request(exchange, wire, cup, damage):
    request_id, _ = ask_udp(exchange)
    (right,) = wire.datagrams_of(request_id, wire.message_of(cup))
    exchange.receive_datagram(damage(right), 0.1)
    assert exchange.outcomes() == []
    exchange.receive_datagram(right, 0.2)
    exchange.receive_datagram(right, 0.2)
    assert isinstance(only(exchange), Answered)


def test_our_own_request_sent_back_is_no_answer(exchange):
    _, (datagram,) = ask_udp(exchange)
    exchange.receive_datagram(datagram, 0.1)
    assert exchange.outcomes() == []
    assert exchange.ignored == 1


def test_an_encrypted_answer_is_no_answer(exchange, wire, cup):
    request_id, _ = ask_udp(exchange)
    (datagram,) = wire.datagrams_of(request_id, wire.message_of(cup))
    exchange.receive_datagram(datagram[:2] + b"\x42" + datagram[3:], 0.1)
    assert exchange.outcomes() == []
    assert exchange.ignored == 1


def test_an_answer_that_would_continue_over_udp_moves_to_tcp(exchange, wire, cup):
    request_id, _ = ask_udp(exchange)
    message = wire.message_of(cup, op_flags=wire.continued)
    exchange.receive_datagram(wire.datagrams_of(request_id, message)[0], 0.1)
    assert isinstance(only(exchange), StreamNeeded)


def test_giving_up_udp_is_for_requests_that_use_it(exchange, wire):
    stream = exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    exchange.give_up_udp(request_id, 0.1)
    exchange.give_up_udp(123, 0.1)
    assert exchange.outcomes() == []


def test_the_schedule_is_a_setting():
    exchange = ClientExchange(Random(1), Schedule((0.0, 3.0), udp_seconds=4.0, stream_seconds=1.0))
    request_id, _ = ask_udp(exchange)
    assert exchange.datagrams_due(3.0)
    exchange.datagrams_due(4.0)
    assert only(exchange) == StreamNeeded(request_id, 5.0)


def test_a_forgotten_request_leaves_nothing_behind(exchange, wire, cup):
    stream = exchange.open_stream()
    request_id, _ = ask_stream(exchange, stream)
    exchange.forget(request_id)
    exchange.forget(request_id)
    assert len(exchange) == len(stream) == 0
    assert exchange.wake_at() is None
    assert exchange.send_on(stream, request_id) == b""
    exchange.receive_bytes(stream, wire.stream_bytes_of(request_id, wire.message_of(cup)), 0.1)
    assert exchange.outcomes() == []


def test_what_is_due_does_not_pile_up_with_answered_requests(exchange, wire, cup):
    for _ in range(2000):
        request_id, _ = ask_udp(exchange)
        exchange.receive_datagram(wire.datagrams_of(request_id, wire.message_of(cup))[0], 0.0)
    assert len(exchange.outcomes()) == 2000
    assert len(exchange._due) < 200


@given(datagrams=st.lists(st.binary(max_size=80), max_size=8))
def test_arbitrary_datagrams_never_raise_nor_answer(datagrams):
    exchange = ClientExchange(Random(7))
    ask_udp(exchange)
    for datagram in datagrams:
        exchange.receive_datagram(datagram, 0.1)
    assert exchange.outcomes() == []


@given(
    payloads=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 600), st.binary(max_size=120)), max_size=8
    )
)
def test_arbitrary_datagrams_with_the_right_id_never_raise(payloads):
    exchange = ClientExchange(Random(7))
    _, (sent,) = ask_udp(exchange)
    for sequence, length, payload in payloads:
        head = sent[:12] + sequence.to_bytes(4, "big") + length.to_bytes(4, "big")
        exchange.receive_datagram(head + payload, 0.1)
    for outcome in exchange.outcomes():
        assert isinstance(outcome, Answered | StreamNeeded)
