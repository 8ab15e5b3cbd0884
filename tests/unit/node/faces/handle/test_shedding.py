"""The binary faces beyond their capacity keep these promises.

- A request that waited too long is answered SERVER_BUSY under its own id and operation, and counted.
- What was not carried out has changed nothing; what is no request is still told so.
- When nobody waits any more, requests are answered.
"""

import asyncio
import contextlib

import pytest

from idnode.node.faces.handle.tcp import HandleTcp
from idnode.node.faces.handle.udp import HandleUdp
from idnode.node.service.overload import Overload, Turns
from idnode.registry.handle.clock import SystemClock
from idnode.registry.handle.wire.framing import Framer

BUSY = 3


class Told(Overload):
    """Refuses as it is told."""

    refused = True

    def refuses(self, waited, now):
        return self.refused


class NoneSpared(Turns):
    """Refuses whatever is to be refused."""

    def spares(self):
        return False


@pytest.fixture
def overload():
    return Told()


@pytest.fixture(params=["tcp", "udp"])
async def ask(request, service, observer, overload):
    """Return a function that sends a request and returns the bytes of its answer."""
    clock = SystemClock()
    face = (
        HandleTcp(service.receiver, observer, clock, turns=NoneSpared(clock), overload=overload)
        if request.param == "tcp"
        else HandleUdp(service.receiver, observer, clock, overload=overload)
    )
    await face.start("127.0.0.1", 0)

    async def by_tcp(data):
        reader, writer = await asyncio.open_connection(*face.address)
        writer.write(data)
        front = await reader.readexactly(20)
        rest = await reader.readexactly(int.from_bytes(front[16:20], "big"))
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return front + rest

    async def by_udp(data):
        received = asyncio.Queue()

        class Client(asyncio.DatagramProtocol):
            def datagram_received(self, data, addr):
                received.put_nowait(data)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Client, remote_addr=face.address)
        transport.sendto(data)
        async with asyncio.timeout(10):
            found = await received.get()
        transport.close()
        return found

    yield by_tcp if request.param == "tcp" else by_udp
    await face.stop()


async def test_a_request_that_waited_is_busy_and_later_answered(ask, overload, wire, put):
    await put(b"88.900.1/cup", (1, b"URL", b"https://example.org/cup"))
    question = wire.query(b"88.900.1/cup", request_id=9)
    answer = await ask(question)
    assert wire.codes(answer) == [(9, BUSY)]
    ((_, message),) = wire.answers(answer)
    assert message.op_code == 1
    assert overload.shed == 1
    overload.refused = False
    assert wire.codes(await ask(question)) == [(9, 1)]
    assert overload.shed == 1


async def test_what_is_no_request_is_told_so(ask, wire):
    answer = await ask(wire.request(b"\x00\x00", request_id=9))
    ((_, data),) = Framer().feed(answer)
    assert int.from_bytes(data[4:8], "big") == 4
