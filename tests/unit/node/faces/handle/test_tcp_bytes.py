"""Whatever bytes a TCP connection brings, they end in whole answers or a close, never in an exception."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.handle.tcp import HandleTcp, TcpConnection


@pytest.fixture
async def cup(put):
    await put(b"88.900.1/cup", (1, b"URL", b"https://example.org/cup"))
    return b"88.900.1/cup"


class FakeTransport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.writes = []
        self.reading = True
        self.closing = False

    def write(self, data):
        assert not self.closing
        self.writes.append(bytes(data))

    def set_write_buffer_limits(self, high=None, low=None):
        pass

    def get_extra_info(self, name, default=None):
        return ("192.0.2.1", 9)

    def is_closing(self):
        return self.closing

    def pause_reading(self):
        assert self.reading
        self.reading = False

    def resume_reading(self):
        assert not self.reading
        self.reading = True

    def write_eof(self):
        self.writes.append(b"")

    def close(self):
        self.closing = True

    abort = close


@pytest.fixture
def connection(service, observer):
    face = HandleTcp(service.receiver, observer, service.clock)
    made = TcpConnection(face)
    made.connection_made(FakeTransport())
    return made


async def test_all_answers_of_one_read_leave_in_one_write(connection, wire, cup):
    connection.data_received(b"".join(wire.query(cup, request_id=n) for n in range(1, 51)))
    (write,) = connection._transport.writes
    assert wire.codes(write) == [(n, 1) for n in range(1, 51)]


@settings(suppress_health_check=list(HealthCheck), max_examples=150)
@given(pieces=st.lists(st.binary(max_size=60), max_size=8), eof=st.booleans())
async def test_any_bytes_end_in_answers_or_a_close_and_never_in_an_exception(
    service, observer, wire, cup, pieces, eof
):
    face = HandleTcp(service.receiver, observer, service.clock)
    connection = TcpConnection(face)
    transport = FakeTransport()
    connection.connection_made(transport)
    for piece in pieces:
        connection.data_received(piece)
    if eof:
        connection.eof_received()
    wire.codes(b"".join(transport.writes))
    connection.connection_lost(None)
    assert service.responses.unplanned.count == 0


@settings(suppress_health_check=list(HealthCheck), max_examples=150)
@given(data=st.data())
async def test_bent_requests_are_answered_or_closed_and_good_ones_still_work(
    service, observer, wire, cup, data
):
    good = wire.query(cup, request_id=1)
    bent = bytearray(good * 2)
    for _ in range(data.draw(st.integers(1, 4))):
        bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
    face = HandleTcp(service.receiver, observer, service.clock)
    for stream in (bytes(bent), good):
        connection = TcpConnection(face)
        transport = FakeTransport()
        connection.connection_made(transport)
        connection.data_received(stream)
        connection.eof_received()
        answers = wire.codes(b"".join(transport.writes))
        connection.connection_lost(None)
    assert answers == [(1, 1)]
    assert service.responses.unplanned.count == 0
