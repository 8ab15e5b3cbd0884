"""The Handle protocol over UDP, over real sockets on both event loops (handle-protocol.md §1.3).

Requests are joined and answers cut, administration is refused under the right request id, what must happen once
happens once, and nothing that could be an answer is answered.
"""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.handle.limits import UdpLimits
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.service.queue_delay import QueueDelay
from idnode.registry.handle.wire.constants import EnvelopeFlag
from idnode.registry.handle.wire.datagrams import Reassembly, split
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.resolution import decode_answer

PEER = ("192.0.2.1", 4000)


@pytest.fixture
async def start(service, observer):
    """Return a function that starts a face."""
    faces = []

    async def start(receiver=None, *, mark_truncated=True, **limits):
        face = HandleUdp(
            receiver or service.receiver,
            observer,
            service.clock,
            UdpLimits(**limits),
            mark_truncated=mark_truncated,
        )
        await face.start("127.0.0.1", 0)
        faces.append(face)
        return face

    yield start
    for face in faces:
        await face.stop()


class Client(asyncio.DatagramProtocol):
    """A socket that keeps what arrives."""

    def __init__(self):
        self.received = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.received.put_nowait(data)

    async def next(self):
        async with asyncio.timeout(10):
            return await self.received.get()


@pytest.fixture
async def connect():
    """Return a function that connects to a face."""
    clients = []

    async def connect(face):
        loop = asyncio.get_running_loop()
        _, client = await loop.create_datagram_endpoint(Client, remote_addr=face.address)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.transport.close()


@pytest.fixture
async def cup(put):
    await put(b"88.900.1/cup", (1, b"URL", b"https://example.org/cup"))
    return b"88.900.1/cup"


async def test_a_resolution_is_answered_in_one_datagram(start, connect, wire, cup):
    client = await connect(await start())
    client.transport.sendto(wire.query(cup, request_id=5))
    answer = await client.next()
    assert wire.codes(answer) == [(5, 1)]
    assert decode_envelope(answer).flags == 0


async def test_a_repeated_resolution_is_answered_again(start, connect, wire, cup):
    client = await connect(await start())
    for _ in range(3):
        client.transport.sendto(wire.query(cup, request_id=5))
    answers = [await client.next() for _ in range(3)]
    assert answers == [answers[0]] * 3


@pytest.mark.parametrize("mark_truncated", [True, False])
async def test_a_large_answer_comes_in_datagrams_of_512_bytes_with_the_total_length(
    start, connect, wire, put, mark_truncated
):
    await put(b"88.900.1/big", (1, b"DESC", b"x" * 2000))
    client = await connect(await start(mark_truncated=mark_truncated))
    client.transport.sendto(wire.query(b"88.900.1/big"))
    datagrams = [await client.next() for _ in range(5)]
    envelopes = [decode_envelope(datagram) for datagram in datagrams]
    assert max(map(len, datagrams)) == 512
    assert sorted(envelope.sequence for envelope in envelopes) == [0, 1, 2, 3, 4]
    assert {envelope.flags for envelope in envelopes} == {0x20 if mark_truncated else 0}
    assert len({envelope.message_length for envelope in envelopes}) == 1
    reassembly = Reassembly()
    whole = [reassembly.add("server", datagram, 0.0) for datagram in datagrams]
    ((_, message),) = [each for each in whole if each]
    assert decode_answer(decode_message(message).body)[0] == b"88.900.1/big"


async def test_a_request_in_pieces_is_joined_in_any_order(start, connect, wire, put):
    long = b"88.900.1/" + b"x" * 900
    await put(long, (1, b"URL", b"x"))
    client = await connect(await start())
    request = wire.query(long, request_id=9)
    pieces = split(decode_envelope(request), request[20:])
    assert len(pieces) == 2
    for piece in reversed(pieces):
        client.transport.sendto(piece)
    envelope = decode_envelope(await client.next())
    assert envelope.request_id == 9
    assert not envelope.sequence


async def test_missing_pieces_are_forgotten_in_silence(start, connect, wire, cup, service):
    client = await connect(await start())
    request = wire.query(b"88.900.1/" + b"x" * 900, request_id=9)
    first, last = split(decode_envelope(request), request[20:])
    client.transport.sendto(first)
    client.transport.sendto(wire.query(cup, request_id=1))
    await client.next()
    service.clock.at += 6
    client.transport.sendto(last)
    client.transport.sendto(wire.query(cup, request_id=2))
    assert wire.codes(await client.next()) == [(2, 1)]


@pytest.mark.parametrize("op_code", [100, 101, 102, 103, 104, 105, 300, 301, 302])
async def test_administration_is_refused_with_the_request_id_that_was_asked(
    start, connect, wire, op_code
):
    client = await connect(await start())
    client.transport.sendto(wire.request(wire.message(op_code), request_id=77))
    answer = await client.next()
    assert wire.codes(answer) == [(77, 4)]
    assert b"Received admin request on non-admin interface" in answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", 4),
        (b"short", 4),
        (b"\0\0\0\x01" + bytes(16) + b"\xff\xff\xff\xff", 4),
        (bytes(24), 4),
        (b"\0\0\x03\xe7" + bytes(20), 5),
    ],
)
async def test_what_cannot_be_carried_out_is_answered_with_its_request_id(
    start, connect, wire, message, code
):
    client = await connect(await start())
    client.transport.sendto(wire.request(message, request_id=3))
    assert wire.codes(await client.next()) == [(3, code)]


async def test_without_a_readable_envelope_there_is_silence(start, connect, wire, cup, observer):
    client = await connect(await start())
    for garbage in (b"", b"\n", wire.query(cup)[:19], b"\xff" * 60, b"GET / HTTP/1.1\r\n\r\n" * 2):
        client.transport.sendto(garbage)
    client.transport.sendto(wire.query(cup, request_id=1))
    assert wire.codes(await client.next()) == [(1, 1)]


async def test_answers_are_not_answered(start, connect, wire, cup, observer):
    client = await connect(await start())
    for code in (1, 4, 402):
        client.transport.sendto(wire.request(wire.message(1, response_code=code)))
    client.transport.sendto(wire.query(cup, request_id=1))
    assert wire.codes(await client.next()) == [(1, 1)]
    assert observer.told.count(("malformed", "AnswerReceived")) == 3


async def test_pieces_that_announce_too_much_are_told_so(start, connect, wire):
    client = await connect(await start())
    front = wire.envelope(1 << 30, request_id=8, flags=EnvelopeFlag.TRUNCATED).encode()
    client.transport.sendto(front + bytes(100))
    assert wire.codes(await client.next()) == [(8, 4)]


@pytest.fixture
def logins(service):
    """A receiver that counts logins, an operation that must happen once."""
    counted = []

    def login(message, envelope, connection, reply):
        counted.append(envelope.request_id)
        reply(
            service.responses.success(
                message, envelope, connection, b"%d" % len(counted), "other", b""
            )
        )

    dispatch = service.dispatch
    dispatch.offer({2001: login})
    receiver = service.receiver
    receiver.counted = counted
    return receiver


async def test_what_must_happen_once_is_done_once_and_its_answer_repeated(
    start, connect, wire, logins, service
):
    client = await connect(await start(logins))
    request = wire.request(wire.message(2001, b"who"), request_id=5)
    for _ in range(3):
        client.transport.sendto(request)
    answers = {await client.next() for _ in range(3)}
    assert len(answers) == 1
    assert logins.counted == [5]
    service.clock.at += 31
    client.transport.sendto(request)
    assert await client.next() not in answers
    assert logins.counted == [5, 5]


async def test_another_question_under_the_same_request_id_is_another_request(
    start, connect, wire, logins
):
    face = await start(logins)
    client = await connect(face)
    other = await connect(face)
    client.transport.sendto(wire.request(wire.message(2001, b"a"), request_id=5))
    await client.next()
    client.transport.sendto(wire.request(wire.message(2001, b"b"), request_id=5))
    await client.next()
    other.transport.sendto(wire.request(wire.message(2001, b"a"), request_id=5))
    await other.next()
    assert logins.counted == [5, 5, 5]


async def test_while_answers_cannot_leave_requests_are_dropped(start, connect, wire, cup):
    face = await start()
    client = await connect(face)
    face.pause_writing()
    client.transport.sendto(wire.query(cup, request_id=1))
    client.transport.sendto(wire.query(cup, request_id=2))
    await asyncio.sleep(0)
    face.resume_writing()
    client.transport.sendto(wire.query(cup, request_id=3))
    last = 0
    while last != 3:
        ((last, code),) = wire.codes(await client.next())
        assert code == 1


async def test_the_observer_is_told_once_a_request(start, connect, wire, cup, observer):
    client = await connect(await start())
    client.transport.sendto(wire.query(cup))
    await client.next()
    assert observer.told == [
        ("answered", "resolve", 1, b"88.900.1"),
        ("resolved", 1, b"88.900.1", 1),
    ]


class FakeTransport(asyncio.DatagramTransport):
    """Keeps what is sent."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def sendto(self, data, addr=None):
        self.sent.append(bytes(data))


@settings(suppress_health_check=list(HealthCheck), max_examples=200)
@given(data=st.data())
async def test_any_datagrams_end_in_answers_or_silence_and_good_ones_still_work(
    service, observer, wire, cup, data
):
    face = HandleUdp(service.receiver, observer, service.clock)
    transport = FakeTransport()
    face.connection_made(transport)
    for _ in range(data.draw(st.integers(1, 5))):
        bent = bytearray(wire.query(cup, request_id=1))
        for _ in range(data.draw(st.integers(0, 4))):
            bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
        face.datagram_received(bytes(bent), PEER)
        face.datagram_received(data.draw(st.binary(max_size=80)), PEER)
    for sent in transport.sent:
        assert len(sent) <= 512
        assert decode_message(sent[20:]).response_code != 0
    transport.sent.clear()
    face.datagram_received(wire.query(cup, request_id=2), ("192.0.2.9", 1))
    assert [wire.codes(sent) for sent in transport.sent] == [[(2, 1)]]
    assert service.responses.unplanned.count == 0


async def test_stopping_twice_or_before_starting_is_harmless(service, observer):
    face = HandleUdp(service.receiver, observer, service.clock)
    await face.stop()
    await face.start("127.0.0.1", 0)
    await face.stop()
    await face.stop()
    with contextlib.suppress(OSError):
        face.error_received(OSError())
    assert observer.told == [("malformed", "OSError")]


class HandClock:
    time = 0.0

    def now(self):
        return self.time

    elapsed = passed = now


async def test_who_waited_too_long_is_told_that_the_node_is_busy(service, observer, wire, cup):
    queue = QueueDelay(target=0.2, interval=1.0)
    clock = HandClock()
    face = HandleUdp(service.receiver, observer, clock, queue=queue)
    transport = FakeTransport()
    face.connection_made(transport)

    def ask(waited, seconds):
        transport.sent.clear()
        for _ in range(100):
            clock.time += seconds / 100
            face.take(wire.query(cup), PEER, waited)
        return {codes for sent in transport.sent for _, codes in wire.codes(sent)}

    assert ask(waited=0.5, seconds=0.9) == {1}
    assert ask(waited=0.5, seconds=2.0) == {1, 3}
    assert queue.turned_away["handle_udp"] > 0
    assert observer.told
    ask(waited=0.1, seconds=2.0)
    assert ask(waited=0.1, seconds=0.9) == {1}
