"""With the setting on, the faces are as hostile to clients as the real server: captured exchanges agree.

- A connection ends after its first answer, whatever was pipelined behind it.
- What cannot be read, and administration over UDP, is answered with a request id that nobody has.
"""

import asyncio

import pytest

from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.service.errors import AdministrationRefused
from idnode.registry.handle.wire.constants import REQUEST_ID_UNKNOWN


@pytest.fixture
async def start(service, observer, clock):
    faces = []

    async def start(**limits):
        face = HandleTcp(service.receiver, observer, clock, TcpLimits(**limits))
        await face.start("127.0.0.1", 0)
        faces.append(face)
        return face

    yield start
    for face in faces:
        await face.stop(0)


async def say(face, data):
    reader, writer = await asyncio.open_connection(*face.address)
    writer.write(data)
    answers = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    return answers


async def test_a_connection_ends_after_its_first_answer(start, wire, put):
    await put(b"88.900.1/cup", (1, b"URL", b"x"))
    face = await start(one_answer=True)
    two = wire.query(b"88.900.1/cup", request_id=1) + wire.query(b"88.900.1/cup", request_id=2)
    assert wire.codes(await say(face, two)) == [(1, 1)]


async def test_an_answer_that_comes_later_ends_it_too(start, wire):
    face = await start(one_answer=True)
    listing = wire.request(wire.message(302, b"\0\0\0\x01/"), request_id=1)
    answers = wire.answers(await say(face, listing + wire.query(b"88.900/x", request_id=2)))
    assert [message.response_code for _, message in answers] == [402]


async def test_a_long_listing_is_sent_as_fast_as_it_is_read(service, start, wire, put, register):
    for number in range(2000):
        await put(b"88.900.1/%04d" % number, (1, b"URL", b"x"))
    face = await start(output_bytes_max=4096)
    reader, writer = await asyncio.open_connection(*face.address)
    writer.write(wire.request(wire.message(2, b"\0\0\0\x01/"), request_id=1))
    await reader.read(1000)
    (connection,) = face.connections
    connection._context.identity = service.admin
    writer.write(wire.request(wire.message(105, b"\0\0\0\x0d0.NA/88.900.1"), request_id=2))
    writer.write_eof()
    rest = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    await writer.wait_closed()
    answers = wire.answers(rest[rest.index(b"\x02\x0b\x02\x0b") :])
    assert len(answers) == 40
    assert service.responses.unplanned.count == 0


async def test_unreadable_requests_lose_their_request_id(service, talk, wire):
    service.responses.lost_request_ids = True
    envelope, message = await talk.ask(999)
    assert (envelope.request_id, envelope.major, envelope.minor) == (REQUEST_ID_UNKNOWN, 2, 3)
    assert (message.op_code, message.site_serial, message.op_flags) == (0, 0xFFFF, 0x19000000)
    envelope, message = await talk.ask(1, b"\xff\xff\xff\xff")
    assert envelope.request_id == REQUEST_ID_UNKNOWN
    envelope, message = await talk.ask(2, b"\0\0\0\x01/")
    assert (envelope.request_id, message.response_code) == (7, 1)


async def test_administration_over_udp_is_answered_to_nobody(service, another_talk):
    service.responses.lost_request_ids = True
    talk = another_talk(stream=False)
    envelope, message = await talk.ask(100, b"\0\0\0\x08" + b"88.900/x" + bytes(4))
    assert (envelope.request_id, message.op_code, message.response_code) == (
        REQUEST_ID_UNKNOWN,
        100,
        4,
    )
    assert str(AdministrationRefused()).encode() in message.body
