"""The system's queues of unread datagrams, as a face asks about them, keep these promises.

- Each datagram that found a full queue is told once, whoever reads the queue, and however full it was before.
- What waits is told in bytes, beside the room there is; a closed socket holds nothing, and lost nothing more.
- A datagram that was left unread for a while waited at least that long; a clock that was set back is no wait.
- The face tells its observer, natively or not, and its requests count from their arrival.
"""

import asyncio
import socket
import sys
import threading

import pytest

from idnode.node.faces.handle.receive_queue import ReceiveQueues, Waiting, waited_since
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.handle.udp_native import HandleUdpNative
from idnode.node.faces.sockets import bound_sockets
from idnode.node.service.events import NullObserver
from idnode.registry.handle.clock import SystemClock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")

SENT = 400


@pytest.fixture
def bound():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    _narrow(made)
    yield made
    made.close()


@pytest.fixture
def client():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    yield made
    made.close()


def _narrow(bound):
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


def _flood(client, bound, count=SENT):
    for _ in range(count):
        client.sendto(b"x" * 100, bound.getsockname())


def _read_all(bound):
    found = 0
    while True:
        try:
            bound.recv(1000)
        except BlockingIOError:
            return found
        found += 1


def test_each_datagram_that_found_a_full_queue_is_told_once(bound, client):
    _flood(client, bound)
    queues = ReceiveQueues([bound])
    _flood(client, bound)
    assert queues.lost() == SENT
    assert queues.lost() == 0
    earlier = _read_all(bound)
    _flood(client, bound)
    assert queues.lost() == SENT - _read_all(bound)
    assert earlier > 0


def test_what_waits_is_told_beside_the_room(bound, client):
    queues = ReceiveQueues([bound])
    assert queues.state().queued_bytes == 0
    _flood(client, bound)
    assert queues.state().queued_bytes > 0
    assert queues.state().room_bytes == bound.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    bound.close()
    assert queues.state() == (0, 0)
    assert queues.lost() == 0


def test_a_datagram_waited_at_least_as_long_as_it_was_left_unread(bound, client):
    waiting = Waiting(bound)
    for _ in range(100):  # the system begins to stamp datagrams a moment after it was asked to
        _flood(client, bound, 1)
        sent = SystemClock.elapsed()
        threading.Event().wait(0.01)
        left = SystemClock.elapsed() - sent
        bound.recv(1000)
        if waiting.seconds(SystemClock.elapsed()) >= left:
            return
    pytest.fail("No datagram was said to have waited")


def test_what_was_read_within_a_millisecond_waited_as_long(bound, client):
    waiting = Waiting(bound)
    _flood(client, bound, 1)
    bound.recv(1000)
    found = waiting.seconds(5.0)
    assert waiting.seconds(5.0005) == found


def test_a_wall_clock_that_was_set_back_is_no_wait():
    assert waited_since(SystemClock.now() + 3600) == 0


class Told(NullObserver):
    def __init__(self):
        self.lost = 0
        self.seconds = asyncio.Queue()

    def dropped(self, count, /):
        self.lost += count

    def answered(self, operation, response_code, prefix, seconds, /):
        self.seconds.put_nowait(seconds)


class NoThreads:
    def start(self, sockets, handoff):
        """Answer nothing."""

    def stop(self):
        """Do nothing."""


@pytest.fixture(params=["plain", "behind threads"])
async def face(request, service):
    told = Told()
    plain = HandleUdp(service.receiver, told, SystemClock())
    made = plain if request.param == "plain" else HandleUdpNative(plain, NoThreads())
    if plain is not made:
        made.answer_natively(natively=False)
    (made.bound,) = await bound_sockets("127.0.0.1", 0)
    _narrow(made.bound)
    await made.serve([made.bound])
    made.told = told
    yield made
    await made.stop()


async def test_the_observer_is_told_of_what_the_system_lost(face, client):
    _flood(client, face.bound)  # nothing is read meanwhile: the event loop is here
    face.count_lost()
    lost = face.told.lost
    assert 0 < lost < SENT
    assert face.queue().queued_bytes > 0
    face.count_lost()
    assert face.told.lost == lost


async def test_requests_count_from_their_arrival(face, client, wire):
    resolution = wire.query(b"88.900.1/absent")
    for _ in range(100):
        client.sendto(resolution, face.address)
        sent = SystemClock.elapsed()
        threading.Event().wait(0.01)  # blocks the event loop
        left = SystemClock.elapsed() - sent
        async with asyncio.timeout(10):
            seconds = await face.told.seconds.get()
        if seconds >= left:
            return
    pytest.fail("No request was said to have waited")
