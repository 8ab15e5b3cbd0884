"""Connections that are lent to native threads keep these promises.

- However a stream of requests is cut, and whatever stands between the plain ones or behind them, the same bytes come in
  the same order with threads as without.
- A connection is lent once it is seen to ask nothing but plain resolutions, and comes back with the first thing else.
- When the threads stop, or a connection is taken back, what was read goes on where it was.
- A peer that takes no answers holds no thread, and gets all of them in the end.
- A lent connection is as alive as its last answer, counts among the others, and closes as they do when it is silent.
- What threads answer is counted, once each; what they leave to whoever has to see it, too.
"""

import asyncio
import contextlib
import socket
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.node.faces.handle.limits import TcpLimits
from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.lending import Lender
from idnode.node.service.events import NullObserver
from idnode.registry.handle.clock import SystemClock

ENVELOPE = 20
EXPIRES = slice(ENVELOPE + 16, ENVELOPE + 20)
HELLO = b"88.900.1/hello"
LARGE = b"88.900.1/large"
HANDLES = st.sampled_from([HELLO, HELLO, b"88.900.1/absent", b"88.900.1/secret", b"1.2/x"])
BEHIND = st.sampled_from([b"", b"", b"\n", b"\x09", b"\x02\x0b"])


@pytest.fixture(scope="module")
def native_workers():
    return pytest.importorskip(
        "idnode.node.faces.handle.native.workers", reason="the compiled core is not built"
    )


class Served:
    """A TCP face with two threads, and connections to it."""

    def __init__(self, house, answers, native_workers, limits=None):
        self.clock = SystemClock()
        self.face = HandleTcp(house.receiver, NullObserver(), self.clock, limits)
        self.face.native = answers
        self.workers = native_workers.Workers([answers], 64)
        self.face.lender = self.lender = Lender(self.workers, 2)
        self.writers = []

    async def __aenter__(self):
        await self.face.start("127.0.0.1", 0)
        self.lender.begin()
        return self

    async def __aexit__(self, *_failure):
        for writer in self.writers:
            writer.close()
        self.lender.end()
        await self.face.stop(0.0)

    async def connect(self):
        reader, writer = await asyncio.open_connection(*self.face.address)
        self.writers.append(writer)
        return SimpleNamespace(reader=reader, writer=writer)

    async def lent(self, ask):
        """Return a connection that is lent."""
        made = await self.connect()
        for _ in range(2):
            await asked(made, ask(HELLO))
        assert len(self.lender) >= 1
        return made


async def message(connection):
    """Return one message, without the time at which it expires."""
    head = await connection.reader.readexactly(ENVELOPE)
    found = bytearray(head + await connection.reader.readexactly(int.from_bytes(head[16:20])))
    found[EXPIRES] = bytes(4)
    return bytes(found)


async def asked(connection, wire, count=1):
    """Send requests, and return so many answers."""
    connection.writer.write(wire)
    async with asyncio.timeout(30):
        return [await message(connection) for _ in range(count)]


async def until(condition):
    """Wait until something is true, which the loop or a thread brings about."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # nobody tells an event of it
            await asyncio.sleep(0)


async def all_of(connection, pieces):
    """Return what comes for these pieces of a stream, and the end behind them, without times."""
    for piece in pieces:
        connection.writer.write(piece)
        await asyncio.sleep(0)
    with contextlib.suppress(OSError):  # which the other side may have ended already
        connection.writer.write_eof()
    async with asyncio.timeout(30):
        whole = bytearray(await connection.reader.read(-1))
    at = 0
    while at + ENVELOPE <= len(whole):
        whole[at + EXPIRES.start : at + EXPIRES.stop] = bytes(4)
        at += ENVELOPE + int.from_bytes(whole[at + 16 : at + 20])
    return bytes(whole)


@st.composite
def streams(draw, ask):
    stream = b"".join(map(ask, draw(st.lists(HANDLES, max_size=8)))) + draw(BEHIND)
    cuts = sorted(draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if b > a]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_threads_change_nothing_that_a_client_sees(house, answers, native_workers, ask, data):
    reads = data.draw(streams(ask))

    async def both():
        async with Served(house, answers, native_workers) as served:
            lent, plain = await served.lent(ask), await served.connect()
            with_threads = await all_of(lent, reads)
            served.lender.end()
            return with_threads, await all_of(plain, reads)

    with_threads, without = asyncio.run(both())
    assert with_threads == without


async def test_a_connection_comes_back_with_what_is_not_plain(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connection = await served.connect()
        await asked(connection, ask(HELLO))
        assert len(served.lender) == 0
        await asked(connection, ask(HELLO))
        assert len(served.lender) == 1
        assert len(await asked(connection, ask(HELLO) + ask(b"88.900.1/secret") * 2, 3)) == 3
        assert len(served.lender) == 0
        await asked(connection, ask(HELLO))
        await asked(connection, ask(HELLO))
        assert len(served.lender) == 1


async def test_half_a_request_goes_on_when_the_threads_stop(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connection = await served.lent(ask)
        wire = ask(HELLO, request_id=9)
        (before,) = await asked(connection, wire)
        await asked(connection, wire + wire[:50])
        served.lender.end()
        assert len(served.lender) == 0
        assert await asked(connection, wire[50:]) == [before]
        served.lender.begin()
        assert await asked(connection, wire) == [before]
        assert await asked(connection, wire) == [before]
        assert len(served.lender) == 1


async def test_each_connection_has_its_own_answers(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connections = [await served.lent(ask) for _ in range(8)]
        assert len(served.lender) == 8

        async def talk(number, connection):
            for turn in range(100):
                wire = ask(HELLO, request_id=number * 1000 + turn)
                for answer in await asked(connection, wire * 3, 3):
                    assert int.from_bytes(answer[8:12]) == number * 1000 + turn

        await asyncio.gather(*(talk(*each) for each in enumerate(connections)))


async def test_who_takes_no_answers_gets_them_later(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        await served.lent(ask)
        loop, (host, port) = asyncio.get_running_loop(), served.face.address
        deaf = socket.create_connection((host, port))
        deaf.setblocking(False)
        for _ in range(2):
            await loop.sock_sendall(deaf, ask(HELLO))
            await loop.sock_recv(deaf, 1 << 16)
        assert len(served.lender) == 2
        count = 200  # of 80 kB each
        await loop.sock_sendall(deaf, ask(LARGE) * count)
        await until(lambda: len(served.lender) == 1)
        other = await served.lent(ask)
        assert len(await asked(other, ask(HELLO) * 10, 10)) == 10
        (one,) = await asked(other, ask(LARGE))
        left = len(one) * count
        async with asyncio.timeout(60):
            while left:
                left -= len(await loop.sock_recv(deaf, min(left, 1 << 20)))
        deaf.close()


async def test_a_silent_connection_is_closed(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connection = await served.lent(ask)
        served.face.sweep()
        await asked(connection, ask(HELLO))
        (ours,) = served.face.connections
        now = served.clock.elapsed()
        ours.close_if_idle(now + served.face.limits.idle_seconds - 60)
        assert len(served.lender) == 1
        ours.close_if_idle(now + served.face.limits.idle_seconds + 60)
        assert len(served.lender) == 0
        assert await connection.reader.read(-1) == b""


async def test_lent_connections_count_among_the_others(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers, TcpLimits(connections_max=2)) as served:
        first, second = await served.lent(ask), await served.lent(ask)
        third = await served.connect()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asked(third, ask(HELLO))
        first.writer.close()
        await until(lambda: len(served.face.connections) == 1)
        assert len(await asked(second, ask(HELLO))) == 1


async def test_who_stops_the_face_waits_for_no_thread(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connection = await served.lent(ask)
        await served.face.stop()
        assert len(served.lender) == 0
        assert await connection.reader.read(-1) == b""


async def test_each_answer_is_counted_once(house, answers, native_workers, ask):
    async with Served(house, answers, native_workers) as served:
        connection = await served.lent(ask)
        timed, volume = sum(answers.timings()[0]), answers.volume().get(b"88.900.1", (0, 0))
        await asked(connection, ask(HELLO) * 5 + ask(b"88.900.1/absent") * 3, 8)
        assert len(served.lender) == 1
        assert sum(answers.timings()[0]) == timed + 8
        assert answers.volume()[b"88.900.1"] == (volume[0] + 5, volume[1] + 3)


def test_bounds_are_kept(answers, native_workers):
    with pytest.raises(ValueError, match="Between 1 and 2 faces"):
        native_workers.Workers([], 1)
    workers = native_workers.Workers([answers], 1)
    for count in (0, 65):
        with pytest.raises(ValueError, match="threads"):
            workers.start(count)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert workers.lend(0, ours.fileno(), b"x") is None
        workers.start(1)
        with pytest.raises(RuntimeError):
            workers.start(1)
        assert workers.lend(0, ours.fileno(), b"x" * (1 << 17)) is None
        loan = workers.lend(0, ours.fileno(), b"\x02")
        assert loan is not None
        assert workers.lend(0, theirs.fileno(), b"x") is None
        assert workers.take_back(loan) == (b"\x02", b"")
        workers.stop()


async def test_what_a_thread_leaves_is_left_once(house, answers, native_workers, ask):
    answers.leave_missing(2)  # in a second; both go to Python, not one of them twice
    async with Served(house, answers, native_workers) as served:
        connection = await served.connect()
        timed = sum(answers.timings()[0])
        for _ in range(2):
            for _ in range(2):
                await asked(connection, ask(HELLO))
            assert len(served.lender) == 1
            await asked(connection, ask(b"88.900.1/absent"))
            assert len(served.lender) == 0
        assert sum(answers.timings()[0]) == timed + 4
        assert answers.unseen() == 0
