"""Runs of plain resolutions on a TCP connection keep this promise.

However a stream of requests is cut, and whatever stands between the plain ones, a connection answers the same bytes
in the same order with native answers as without.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.service.events import NullObserver

HANDLES = st.sampled_from(
    [b"88.900.1/hello", b"88.900.1/absent", b"88.900.1/two", b"88.900.1/secret", b"1.2/x", b"0"]
)
BETWEEN = st.sampled_from([b"", b"", b"", b"\n", b"\n\n", b"\x09", b"\x02\x0b"])


class StillClock:
    def now(self):
        return 1_800_000_000.0

    def elapsed(self):
        return 0.0


class Stream(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.ended = False

    def write(self, data):
        self.written += data

    def close(self):
        self.ended = True

    abort = write_eof = close

    def is_closing(self):
        return self.ended

    def pause_reading(self):
        pass

    resume_reading = pause_reading

    def set_write_buffer_limits(self, high=None, low=None):
        pass


async def answered(receiver, reads, stream):
    """Return what a new connection writes to these reads and the end behind them."""
    face = HandleTcp(receiver, NullObserver(), StillClock())
    face.native = stream
    connection = face_connection(face)
    transport = Stream()
    connection.connection_made(transport)
    for data in reads:
        connection.data_received(data)
        await asyncio.sleep(0)
    connection.eof_received()
    for _ in range(5):
        await asyncio.sleep(0)
    return transport.written


def face_connection(face):
    from idnode.node.faces.handle.tcp import TcpConnection

    return TcpConnection(face)


@st.composite
def streams(draw, ask):
    parts = draw(st.lists(st.tuples(HANDLES, BETWEEN), max_size=6))
    stream = b"".join(ask(handle) + between for handle, between in parts)
    cuts = sorted(draw(st.sets(st.integers(0, len(stream)), max_size=5)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if b > a]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_native_answers_change_nothing_that_a_client_sees(house, answers, ask, data):
    reads = data.draw(streams(ask))
    with_them = asyncio.run(answered(house.receiver, reads, answers))
    without = asyncio.run(answered(house.receiver, reads, None))
    assert with_them == without


@pytest.mark.parametrize("cut", [1, 20, 44, 70])
async def test_a_request_in_two_reads_is_answered_natively(house, answers, ask, cut):
    before = sum(answers.timings()[0])
    wire = ask(b"88.900.1/hello") * 3
    whole = await answered(house.receiver, [wire[:-cut], wire[-cut:]], answers)
    assert whole == await answered(house.receiver, [wire], None)
    assert sum(answers.timings()[0]) - before == 3
