"""The UDP face with native threads in front keeps these promises.

- A client sees the answers of the Python face, whoever gave them.
- Taken off the path, the threads answer nothing, and everything is answered all the same; and back again.
- What was handed over before the end is answered, and nothing is taken afterwards.
- Observers are told of native answers by prefix, outcome and duration, each once.
"""

import asyncio
import socket

import pytest

from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.faces.handle.udp_native import HandleUdpNative, NativeCountsReader, sender_of
from idnode.node.service.events import NullObserver

HANDLES = (b"88.900.1/hello", b"88.900.1/absent", b"88.900.1/secret", b"1.2/x", b"88.900.1/bare")


class Told(NullObserver):
    def __init__(self):
        self.answers = []
        self.resolutions = {}
        self.timings = []
        self.lost = 0

    def answered(self, operation, response_code, prefix, seconds, /):
        self.answers.append((operation, response_code, prefix))

    def resolved(self, response_code, prefix, count, /):
        key = response_code, prefix
        self.resolutions[key] = self.resolutions.get(key, 0) + count

    def timed(self, operation, counts, seconds, /):
        self.timings.append((operation, sum(counts)))

    def dropped(self, count, /):
        self.lost += count


@pytest.fixture
def told():
    return Told()


@pytest.fixture(params=["127.0.0.1", "::1"])
async def face(request, native, house, told):
    responder = native.Responder(house.table, (1e-3,))
    responder.set_prefixes([b"88.900.1"])
    responder.set_site_serial(7)
    made = HandleUdpNative(HandleUdp(house.receiver, told, _SystemClock()), responder, count=2)
    try:
        await made.start(request.param, 0)
    except OSError:
        pytest.skip(f"this machine has no {request.param}")
    made.responder = responder
    yield made
    await made.stop()


class _SystemClock:
    @staticmethod
    def now():
        return 1_800_000_000.0

    @staticmethod
    def elapsed():
        return 0.0


async def exchange(face, datagram):
    """Return the datagram that answers one."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in face.address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(face.address)
        client.send(datagram)
        async with asyncio.timeout(10):
            return await loop.sock_recv(client, 2048)


def without_expiration(datagram):
    return datagram[:36] + datagram[40:]


@pytest.mark.parametrize("natively", [True, False])
async def test_a_client_sees_the_answers_of_the_python_face(face, ask, in_python, natively):
    face.answer_natively(natively=natively)
    for handle in HANDLES:
        found = await exchange(face, ask(handle))
        assert [without_expiration(found)] == [
            without_expiration(each) for each in in_python(ask(handle))
        ]


async def test_threads_that_are_off_the_path_answer_nothing(face, ask, told):
    await exchange(face, ask(b"88.900.1/hello"))
    assert told.answers == []
    face.answer_natively(natively=False)
    await exchange(face, ask(b"88.900.1/hello"))
    assert told.answers == [("resolve", 1, b"88.900.1")]
    face.answer_natively(natively=True)
    await exchange(face, ask(b"88.900.1/hello"))
    assert len(told.answers) == 1
    face.answer_natively(natively=False)
    assert face.responder.counts()["found"] == 2


async def test_nothing_is_taken_after_the_end(face, told):
    await face.stop()
    await face.stop()
    assert face.responder.counts()["received"] == 0


async def test_observers_are_told_of_native_answers(face, ask, told):
    settlement = NativeCountsReader(face.responder, told)
    for handle in (b"88.900.1/hello", b"88.900.1/absent", b"88.900.1/HELLO"):
        await exchange(face, ask(handle))
    face.answer_natively(natively=False)  # for a thread counts an answer a moment after it was sent
    settlement.flush()
    settlement.flush()
    assert told.resolutions == {(1, b"88.900.1"): 2, (100, b"88.900.1"): 1}
    assert told.timings == [("resolve", 3)]
    face.answer_natively(natively=True)
    await exchange(face, ask(b"88.900.1/hello"))
    face.answer_natively(natively=False)
    settlement.flush()
    assert told.resolutions[1, b"88.900.1"] == 3
    assert told.timings[-1] == ("resolve", 1)


def test_a_sender_is_read_from_its_socket_address():
    port = (2641).to_bytes(2, "big")
    four = socket.AF_INET.to_bytes(2, "little") + port + socket.inet_aton("192.0.2.1") + bytes(20)
    assert sender_of(four) == ("192.0.2.1", 2641)
    six = socket.AF_INET6.to_bytes(2, "little") + port + bytes(4)
    six += socket.inet_pton(socket.AF_INET6, "2001:db8::1") + (3).to_bytes(4, "little")
    assert sender_of(six) == ("2001:db8::1", 2641, 0, 3)


class _Losing:
    def volume(self):
        return {}

    def timings(self):
        return [0], 0.0

    def lost(self):
        return 5


def test_losses_are_told_once(told):
    settlement = NativeCountsReader(_Losing(), told)
    settlement.flush()
    settlement.flush()
    assert told.lost == 5
