"""Both socket clients behave alike, over UDP and over TCP, against a server that misbehaves by script.

* A question gets its answer, whatever its length; errors arrive as the class of their code.
* Over UDP: lost, repeated, reordered, unflagged, foreign and garbled datagrams do no harm; no answer, or one
  that stays incomplete, is asked for again over TCP.
* Over TCP: one connection serves many questions; one that closes after each answer, or in the middle of one,
  is replaced; garbage, silence and a closed port end in the documented error.
* Nothing stays open after closing.
"""

import asyncio

import pytest

from idnode.clients import aio
from idnode.clients.answer import Question, Transport
from idnode.clients.cache import AnswerCache
from idnode.clients.errors import (
    ConnectionFailed,
    ConnectionLost,
    HandleNotFound,
    MalformedAnswer,
    NotAnswered,
    TimedOut,
)
from idnode.clients.request import Schedule
from idnode.registry.handle.wire.message import decode_message

PATIENT = Schedule((0.0, 0.05, 0.1, 0.15), udp_seconds=30.0, stream_seconds=30.0)
QUICK = Schedule((0.0, 0.05, 0.1, 0.15), udp_seconds=0.2, stream_seconds=5.0)
IMPATIENT = Schedule((0.0,), udp_seconds=0.05, stream_seconds=0.2)

transports = pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])


def cup(client):
    return client.resolve("88.900.1/cup")


@transports
def test_a_small_record_is_resolved(server, client, transport):
    answer = client.run(server.address, cup, transport=transport, schedule=PATIENT)
    assert answer.values == server.records[b"88.900.1/cup"]
    assert answer.transport is transport
    assert answer.handle == b"88.900.1/cup"
    assert answer.packets == 1
    assert answer.seconds > 0


@transports
def test_a_large_record_is_resolved(server, client, transport):
    answer = client.run(
        server.address,
        lambda c: c.resolve(b"88.900.1/crate"),
        transport=transport,
        schedule=PATIENT,
    )
    assert answer.values == server.records[b"88.900.1/crate"]
    assert answer.transport is transport


@transports
def test_an_error_code_is_raised_as_its_class_and_told_by_a_query(server, client, transport):
    def scenario(c):
        with pytest.raises(HandleNotFound) as raised:
            c.resolve("88.900.1/none")
        return raised.value, c.query(Question(b"88.900.1/none"))

    error, answer = client.run(server.address, scenario, transport=transport, schedule=PATIENT)
    assert error.message == "nothing here"
    assert error.answer.response_code == answer.response_code == 100


@transports
def test_the_site_record_is_read(server, client, transport):
    site = client.run(server.address, lambda c: c.site(), transport=transport, schedule=PATIENT)
    assert site == server.site


@transports
def test_a_cached_answer_asks_nobody(server, client, transport):
    def scenario(c):
        first = c.resolve("88.900.1/cup")
        return first, c.resolve("88.900.1/CUP")

    kept = AnswerCache()
    first, second = client.run(
        server.address, scenario, transport=transport, schedule=PATIENT, cache=kept
    )
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.values == first.values
    assert server.tcp_requests == (1 if transport is Transport.TCP else 0)
    assert len(kept) == 1


def test_lost_datagrams_are_asked_for_again(server, client):
    right = server.on_udp
    server.on_udp = lambda number, *rest: right(number, *rest) if number == 2 else []
    answer = client.run(server.address, cup, schedule=PATIENT)
    assert answer.transport is Transport.UDP
    assert server.udp_requests >= 3


@pytest.mark.parametrize(
    "disturb",
    [
        lambda datagrams: datagrams[::-1],
        lambda datagrams: [each for datagram in datagrams for each in (datagram, datagram)],
        lambda datagrams: [b"", b"garbage", b"\xff" * 600, *datagrams],
        lambda datagrams: [datagrams[0][:8] + b"\0\0\0\x01" + datagrams[0][12:], *datagrams],
        lambda datagrams: [each[:2] + b"\x02" + each[3:] for each in datagrams],
    ],
    ids=["reordered", "repeated", "garbage first", "wrong id first", "without the flag"],
)
def test_disturbed_datagrams_do_no_harm(server, client, disturb):
    right = server.on_udp
    server.on_udp = lambda *args: disturb(right(*args))
    answer = client.run(server.address, lambda c: c.resolve("88.900.1/crate"), schedule=PATIENT)
    assert answer.values == server.records[b"88.900.1/crate"]
    assert answer.transport is Transport.UDP


def test_a_late_answer_to_an_earlier_question_is_not_taken_for_the_next(server, client):
    right = server.on_udp
    held = []

    def late(number, *rest):
        if number == 0:
            held.extend(right(number, *rest))
            return []
        return [*held, *right(number, *rest)]

    server.on_udp = late

    def scenario(c):
        c.resolve("88.900.1/crate")
        return c.resolve("88.900.1/cup")

    answer = client.run(server.address, scenario, schedule=PATIENT)
    assert answer.values == server.records[b"88.900.1/cup"]


@pytest.mark.parametrize("sent", [0, 2], ids=["silent", "incomplete"])
def test_udp_without_a_whole_answer_falls_back_to_tcp(server, client, sent):
    right = server.on_udp
    server.on_udp = lambda *args: right(*args)[:sent]
    answer = client.run(server.address, lambda c: c.resolve("88.900.1/crate"), schedule=QUICK)
    assert answer.transport is Transport.TCP
    assert answer.values == server.records[b"88.900.1/crate"]
    assert server.udp_requests == 4


def test_one_connection_serves_many_questions(server, client):
    client.run(
        server.address,
        lambda c: [cup(c) for _ in range(5)],
        transport=Transport.TCP,
        schedule=PATIENT,
    )
    assert (server.connections, server.tcp_requests) == (1, 5)


def test_a_server_that_closes_after_each_answer_is_asked_anew(server, client):
    server.on_tcp = lambda number, request_id, message: [
        server.framed(request_id, message),
        server.CLOSE,
    ]
    answers = client.run(
        server.address,
        lambda c: [cup(c) for _ in range(5)],
        transport=Transport.TCP,
        schedule=PATIENT,
    )
    assert [answer.values for answer in answers] == [server.records[b"88.900.1/cup"]] * 5


@pytest.mark.parametrize("kept", [0, 10, 20, 50])
def test_a_connection_closed_within_the_answer_is_replaced_once(server, client, kept):
    server.on_tcp = lambda number, request_id, message: (
        [server.framed(request_id, message)[:kept], server.CLOSE]
        if number == 0
        else [server.framed(request_id, message)]
    )
    answer = client.run(server.address, cup, transport=Transport.TCP, schedule=PATIENT)
    assert answer.values == server.records[b"88.900.1/cup"]
    assert server.connections == 2


def test_a_server_that_never_finishes_an_answer_is_given_up(server, client):
    server.on_tcp = lambda number, request_id, message: [
        server.framed(request_id, message)[:30],
        server.CLOSE,
    ]
    with pytest.raises(ConnectionLost):
        client.run(server.address, cup, transport=Transport.TCP, schedule=PATIENT)
    assert server.connections == 2


def test_a_message_on_tcp_with_a_wrong_id_is_not_taken(server, client):
    server.on_tcp = lambda number, request_id, message: [
        server.framed(
            request_id ^ 1, server.right_message(decode_message(message))[:24] + bytes(4)
        ),
        server.framed(request_id, message),
    ]
    answer = client.run(server.address, cup, transport=Transport.TCP, schedule=PATIENT)
    assert answer.values == server.records[b"88.900.1/cup"]


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x02" * 40])
def test_garbage_on_tcp_is_a_malformed_answer(server, client, garbage):
    server.on_tcp = lambda *_: [garbage]
    with pytest.raises(MalformedAnswer):
        client.run(server.address, cup, transport=Transport.TCP, schedule=PATIENT)


@transports
def test_silence_ends_in_a_time_out_and_the_client_goes_on(server, client, transport):
    right = server.on_tcp
    server.on_udp = lambda *_: []
    server.on_tcp = lambda number, *rest: [] if number == 0 else right(number, *rest)

    def scenario(c):
        with pytest.raises(TimedOut):
            cup(c)
        return cup(c)

    answer = client.run(server.address, scenario, transport=transport, schedule=IMPATIENT)
    assert answer.values == server.records[b"88.900.1/cup"]


@transports
def test_a_closed_port_is_a_failed_connection(client, transport):
    with pytest.raises(ConnectionFailed):
        client.run(("127.0.0.1", 1), cup, transport=transport, schedule=PATIENT)


@transports
def test_an_unknown_host_is_a_failed_connection(client, transport):
    with pytest.raises(NotAnswered):
        client.run(("nowhere.invalid", 2641), cup, transport=transport, schedule=PATIENT)


async def gathered(address, **settings):
    async with aio.Client(address, schedule=PATIENT, **settings) as many:
        return await asyncio.gather(*(many.resolve("88.900.1/cup") for _ in range(100)))


@transports
async def test_asyncio_many_questions_at_once(server, transport):
    answers = await gathered(server.address, transport=transport, connections_max=3)
    assert {answer.values for answer in answers} == {server.records[b"88.900.1/cup"]}
    assert server.connections <= 3


async def test_asyncio_many_questions_at_once_when_the_server_closes_after_each(server):
    server.on_tcp = lambda number, request_id, message: [
        server.framed(request_id, message),
        server.CLOSE,
    ]
    answers = await gathered(server.address, transport=Transport.TCP)
    assert {answer.values for answer in answers} == {server.records[b"88.900.1/cup"]}


async def test_asyncio_waiting_for_a_connection_counts_as_waiting(server):
    server.on_tcp = lambda *_: []
    async with aio.Client(
        server.address,
        transport=Transport.TCP,
        schedule=IMPATIENT,
        connections_max=1,
        pipeline_max=1,
    ) as one:
        outcomes = await asyncio.gather(
            *(one.resolve("88.900.1/cup") for _ in range(5)), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [TimedOut] * 5


async def test_asyncio_a_cancelled_question_leaves_the_others_alone(server):
    right, release = server.on_tcp, []
    server.on_tcp = lambda number, *rest: (
        release.extend(right(number, *rest)) or []
        if number == 0
        else [*release, *right(number, *rest)]
    )
    async with aio.Client(
        server.address, transport=Transport.TCP, schedule=PATIENT, connections_max=1
    ) as one:
        first = asyncio.ensure_future(one.resolve("88.900.1/cup"))
        await asyncio.to_thread(server.asked.wait)
        first.cancel()
        answer = await one.resolve("88.900.1/crate")
        assert answer.values == server.records[b"88.900.1/crate"]
        assert first.cancelled()


async def test_asyncio_closing_fails_what_is_under_way(server):
    server.on_tcp = lambda *_: []
    one = aio.Client(server.address, transport=Transport.TCP, schedule=PATIENT)
    asked = asyncio.ensure_future(one.resolve("88.900.1/cup"))
    await asyncio.to_thread(server.asked.wait)
    await one.close()
    with pytest.raises(ConnectionFailed):
        await asked
