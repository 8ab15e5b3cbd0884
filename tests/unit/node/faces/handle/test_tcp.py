"""The Handle protocol over TCP, over real sockets on both event loops (handle-protocol.md §1.2, §1.4, §2.3, §10).

Connections stay open, pipelined requests are answered in order in as few writes as reads, whatever breaks is
answered or closed, silence ends, and a peer that does not read stops being read.
"""

import asyncio
import contextlib

import pytest

from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.service.queue_delay import QueueDelay

LATER = 100
"""Operation of these tests whose answers come when the test says so."""


@pytest.fixture
async def start(service, observer):
    """Return a function that starts a face with given limits."""
    faces = []

    async def start(receiver=None, queue=None, **limits):
        receiver, limits = receiver or service.receiver, TcpLimits(**limits)
        face = HandleTcp(receiver, observer, service.clock, limits, queue=queue)
        await face.start("127.0.0.1", 0)
        faces.append(face)
        return face

    yield start
    for face in faces:
        await face.stop(0.0)


@pytest.fixture
async def connect():
    """Return a function that connects to a face."""
    writers = []

    async def connect(face):
        reader, writer = await asyncio.open_connection(*face.address)
        writers.append(writer)
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.fixture
async def cup(put):
    await put(b"88.900.1/cup", (1, b"URL", b"https://example.org/cup"))
    return b"88.900.1/cup"


@pytest.fixture
def later(service):
    """A receiver to an operation that is answered when the test sets its event, by request id."""
    events = {}

    async def work(message, envelope, connection):
        await events[envelope.request_id].wait()
        return service.responses.success(message, envelope, connection, b"", "create", b"88.900")

    def operation(message, envelope, connection, reply):
        events[envelope.request_id] = asyncio.Event()
        dispatch.later(work(message, envelope, connection), message, envelope, connection, reply)

    dispatch = service.dispatch
    dispatch.offer({LATER: operation})
    receiver = service.receiver
    receiver.events = events
    return receiver


async def until(condition):
    """Let others run until a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # conditions of other objects
            await asyncio.sleep(0)


async def read_answers(reader, wire, count):
    data = b""
    for _ in range(count):
        front = await reader.readexactly(20)
        data += front + await reader.readexactly(int.from_bytes(front[16:], "big"))
    return wire.codes(data)


async def read_rest(reader, wire):
    return wire.codes(await reader.read())


async def test_a_connection_answers_one_request_after_another(start, connect, wire, cup):
    reader, writer = await connect(await start())
    for request_id in (1, 2, 3):
        writer.write(wire.query(cup, request_id=request_id))
        assert await read_answers(reader, wire, 1) == [(request_id, 1)]


async def test_pipelined_requests_are_answered_in_order(start, connect, wire, cup):
    reader, writer = await connect(await start())
    handles = [cup, b"88.900.1/none", b"10.1/x"] * 200
    writer.write(b"".join(wire.query(each, request_id=n + 1) for n, each in enumerate(handles)))
    answers = await read_answers(reader, wire, len(handles))
    assert answers == [(n + 1, (1, 100, 301)[n % 3]) for n in range(len(handles))]


async def test_requests_may_arrive_in_pieces_of_any_size_with_a_line_end_in_front(
    start, connect, wire, cup
):
    reader, writer = await connect(await start())
    for piece in b"\n" + wire.query(cup, request_id=1) + b"\r" + wire.query(cup, request_id=2):
        writer.write(bytes([piece]))
        await writer.drain()
    assert await read_answers(reader, wire, 2) == [(1, 1), (2, 1)]


async def test_answers_of_a_slow_operation_hold_back_those_behind_it(
    start, connect, wire, cup, later
):
    reader, writer = await connect(await start(later))
    writer.write(
        wire.query(cup, request_id=1)
        + wire.request(wire.message(LATER), request_id=2)
        + wire.query(cup, request_id=3)
        + wire.request(wire.message(LATER), request_id=4)
        + wire.query(cup, request_id=5)
    )
    assert await read_answers(reader, wire, 1) == [(1, 1)]
    later.events[4].set()
    writer.write(wire.query(cup, request_id=6))
    later.events[2].set()
    assert await read_answers(reader, wire, 5) == [(2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]


async def test_half_close_gets_the_answers_that_come_later_then_the_end(
    start, connect, wire, cup, later
):
    reader, writer = await connect(await start(later))
    writer.write(wire.request(wire.message(LATER), request_id=1) + wire.query(cup, request_id=2))
    writer.write_eof()
    await until(lambda: 1 in later.events)
    later.events[1].set()
    assert await read_rest(reader, wire) == [(1, 1), (2, 1)]


async def test_half_close_without_open_requests_ends_the_connection(start, connect, wire, cup):
    reader, writer = await connect(await start())
    writer.write(wire.query(cup))
    writer.write_eof()
    assert await read_rest(reader, wire) == [(7, 1)]


async def test_half_a_message_and_the_end_is_a_protocol_error(start, connect, wire, cup, observer):
    reader, writer = await connect(await start())
    writer.write(wire.query(cup, request_id=1) + wire.query(cup, request_id=2)[:-3])
    writer.write_eof()
    assert await read_rest(reader, wire) == [(1, 1), (2, 4)]
    assert ("malformed", "MessageIncomplete") in observer.told


async def test_half_an_envelope_and_the_end_is_just_the_end(start, connect, wire, cup):
    reader, writer = await connect(await start())
    writer.write(wire.query(cup)[:19])
    writer.write_eof()
    assert await reader.read() == b""


@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFF, 262_145])
async def test_an_impossible_length_is_answered_then_the_connection_ends(
    start, connect, wire, cup, length
):
    reader, writer = await connect(await start())
    writer.write(wire.query(cup, request_id=1) + wire.envelope(length, request_id=2).encode())
    writer.write(bytes(100_000))
    assert await read_rest(reader, wire) == [(1, 1), (2, 4)]


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xff" * 24, b"\x16\x03\x01" * 20]
)
async def test_other_protocols_are_hung_up_on(start, connect, wire, garbage, observer):
    reader, writer = await connect(await start())
    writer.write(garbage)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert ("malformed", "UnsupportedVersion") in observer.told


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", 4),
        (b"short", 4),
        (b"\0\0\0\x01" + bytes(16) + b"\xff\xff\xff\xff", 4),
        (b"\0\0\0\x01" + bytes(16) + b"\x80\0\0\0", 4),
    ],
)
async def test_a_message_that_cannot_be_decoded_is_answered_and_the_stream_goes_on(
    start, connect, wire, cup, message, code
):
    reader, writer = await connect(await start())
    writer.write(wire.request(message, request_id=1) + wire.query(cup, request_id=2))
    assert await read_answers(reader, wire, 2) == [(1, code), (2, 1)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"op_code": 0}, 4), ({"op_code": 999}, 5), ({"op_code": 100}, 4), ({"response_code": 1}, 2)],
)
async def test_what_is_no_request_is_told_so(start, connect, wire, fields, code):
    reader, writer = await connect(await start())
    writer.write(wire.request(wire.message(**fields)))
    assert await read_answers(reader, wire, 1) == [(7, code)]


async def test_the_truncated_flag_is_never_in_a_tcp_answer(start, connect, wire, cup, put):
    await put(b"88.900.1/big", (1, b"DESC", b"x" * 5000))
    reader, writer = await connect(await start())
    writer.write(wire.query(b"88.900.1/big", flags=0))
    front = await reader.readexactly(20)
    assert front[2] & 0xE0 == 0
    assert front[12:16] == bytes(4)


async def test_silent_connections_end_and_busy_ones_stay(start, connect, wire, cup, service):
    face = await start(idle_seconds=120.0)
    silent, _ = await connect(face)
    half, half_writer = await connect(face)
    busy, busy_writer = await connect(face)
    half_writer.write(wire.query(cup)[:30])
    service.clock.at += 119
    busy_writer.write(wire.query(cup, request_id=1))
    assert await read_answers(busy, wire, 1) == [(1, 1)]
    face.sweep()
    service.clock.at += 2
    face.sweep()
    assert await silent.read() == b""
    assert await half.read() == b""
    busy_writer.write(wire.query(cup, request_id=2))
    assert await read_answers(busy, wire, 1) == [(2, 1)]


async def test_a_connection_that_waits_for_the_node_is_not_idle(
    start, connect, wire, later, service
):
    face = await start(later)
    reader, writer = await connect(face)
    writer.write(wire.request(wire.message(LATER), request_id=1))
    await until(lambda: 1 in later.events)
    service.clock.at += 10_000
    face.sweep()
    later.events[1].set()
    assert await read_answers(reader, wire, 1) == [(1, 1)]


async def test_one_connection_too_many_is_closed_at_once(start, connect, wire, cup, observer):
    face = await start(connections_max=1)
    reader, writer = await connect(face)
    writer.write(wire.query(cup, request_id=1))
    assert await read_answers(reader, wire, 1) == [(1, 1)]
    refused, _ = await connect(face)
    with contextlib.suppress(ConnectionResetError):
        assert await refused.read() == b""
    assert ("malformed", "too_many_connections") in observer.told
    writer.write(wire.query(cup, request_id=2))
    assert await read_answers(reader, wire, 1) == [(2, 1)]


async def test_a_peer_that_does_not_read_is_not_read_and_loses_nothing(start, connect, wire, put):
    await put(b"88.900.1/big", (1, b"DESC", b"x" * 200_000))
    face = await start(output_bytes_max=300_000)
    reader, writer = await connect(face)
    request = wire.query(b"88.900.1/big")
    count = 200
    writer.write(request * count)
    await until(lambda: any(each._blocked for each in face.connections))
    assert await read_answers(reader, wire, count) == [(7, 1)] * count


async def test_more_pending_requests_than_the_bound_wait_for_their_turn(
    start, connect, wire, later, cup
):
    face = await start(later, requests_max=3)
    reader, writer = await connect(face)
    writer.write(b"".join(wire.request(wire.message(LATER), request_id=n) for n in range(1, 9)))
    await until(lambda: len(later.events) >= 3)
    for request_id in range(1, 9):
        await until(lambda awaited=request_id: awaited in later.events)
        assert len(later.events) <= request_id + 2
        later.events[request_id].set()
        assert await read_answers(reader, wire, 1) == [(request_id, 1)]
    writer.write(wire.query(cup, request_id=9))
    assert await read_answers(reader, wire, 1) == [(9, 1)]


async def test_a_long_pipeline_gives_way_and_is_answered_all_the_same(start, connect, wire, cup):
    reader, writer = await connect(await start(requests_per_turn=7))
    writer.write(b"".join(wire.query(cup, request_id=n) for n in range(1, 101)))
    writer.write_eof()
    assert await read_rest(reader, wire) == [(n, 1) for n in range(1, 101)]


async def test_a_broken_envelope_behind_a_long_pipeline_is_told_last(start, connect, wire, cup):
    reader, writer = await connect(await start(requests_per_turn=7))
    good = b"".join(wire.query(cup, request_id=n) for n in range(1, 31))
    writer.write(good + wire.envelope(1 << 30, request_id=31).encode())
    assert await read_rest(reader, wire) == [*((n, 1) for n in range(1, 31)), (31, 4)]


async def test_the_observer_is_told_once_a_request(start, connect, wire, cup, observer, later):
    face = await start(later)
    reader, writer = await connect(face)
    writer.write(wire.query(cup) + wire.request(wire.message(LATER), request_id=8))
    await read_answers(reader, wire, 1)
    later.events[8].set()
    await read_answers(reader, wire, 1)
    writer.close()
    await writer.wait_closed()
    await until(lambda: not face.connections)
    assert observer.told == [
        ("opened",),
        ("answered", "resolve", 1, b"88.900.1"),
        ("resolved", 1, b"88.900.1", 1),
        ("answered", "create", 1, b"88.900"),
        ("registered", 1, b"88.900", 1),
        ("closed",),
    ]


async def test_stopping_answers_what_was_received_and_ends_every_connection(
    start, connect, wire, cup, later
):
    face = await start(later)
    address = face.address
    idle, _ = await connect(face)
    reader, writer = await connect(face)
    writer.write(wire.request(wire.message(LATER), request_id=1))
    await until(lambda: 1 in later.events)
    stopping = asyncio.ensure_future(face.stop(30.0))
    assert await idle.read() == b""
    later.events[1].set()
    assert await read_rest(reader, wire) == [(1, 1)]
    await stopping
    with pytest.raises(OSError):
        await asyncio.open_connection(*address)


async def test_stopping_cuts_connections_that_do_not_finish(start, connect, wire, later):
    face = await start(later)
    reader, writer = await connect(face)
    writer.write(wire.request(wire.message(LATER), request_id=1))
    await until(lambda: 1 in later.events)
    await face.stop(0.0)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    later.events[1].set()
    assert face.connections == set()


async def test_a_peer_that_vanishes_takes_its_later_answers_with_it(start, connect, wire, later):
    face = await start(later)
    _, writer = await connect(face)
    writer.write(wire.request(wire.message(LATER), request_id=1))
    await until(lambda: 1 in later.events)
    writer.transport.abort()
    later.events[1].set()
    await until(lambda: not face.connections)


async def test_garbage_on_one_connection_does_not_touch_the_next(start, connect, wire, cup):
    face = await start()
    for garbage in (b"", b"\0", b"\xff" * 500, wire.query(cup)[:40], bytes(20), b"\n" * 100):
        _, writer = await connect(face)
        writer.write(garbage)
        writer.close()
        with contextlib.suppress(ConnectionResetError):
            await writer.wait_closed()
    reader, writer = await connect(face)
    writer.write(wire.query(cup))
    assert await read_answers(reader, wire, 1) == [(7, 1)]


async def test_who_has_no_turn_is_told_that_the_node_is_busy(start, connect, service, wire, cup):
    queue = QueueDelay()
    face = await start(queue=queue)
    reader, writer = await connect(face)
    queue.share = 0.5
    writer.write(b"".join(wire.query(cup, request_id=each) for each in range(6)))
    answers = await read_answers(reader, wire, 6)
    assert answers == [(0, 1), (1, 3), (2, 1), (3, 3), (4, 1), (5, 3)]
    assert queue.turned_away == {"handle_tcp": 3}
