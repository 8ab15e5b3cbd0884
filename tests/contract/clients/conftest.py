"""A server that misbehaves by script, and both socket clients to be held to one contract."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from idnode.clients import aio, blocking
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_site import Interface, Server, Site, encode_site, pack_address
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.constants import OpCode, ResponseCode
from idnode.registry.handle.wire.datagrams import split
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.failure import encode_failure
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import decode_query, encode_answer

RECORDS = {
    b"88.900.1/cup": (HandleValue(1, "URL", b"https://example.org/cup"),),
    b"88.900.1/crate": tuple(HandleValue(index, "DESC", bytes(400)) for index in range(1, 7)),
}
SITE = Site(3, (Server(1, pack_address("127.0.0.1"), b"", (Interface(),)),))
CLOSE = object()


def right_message(request) -> bytes:
    """The answer of a server that does what it should."""
    code, body = ResponseCode.SUCCESS, b""
    if request.op_code == OpCode.GET_SITE_INFO:
        body = encode_site(SITE)
    else:
        handle = decode_query(request.body).handle
        if handle in RECORDS:
            body = encode_answer(handle, pack(RECORDS[handle]))
        else:
            code, body = ResponseCode.HANDLE_NOT_FOUND, encode_failure("nothing here")
    return encode_response(request.op_code, code, request.op_flags, 3, 2_000_000_000, body)


def envelope_for(request_id, message) -> Envelope:
    return Envelope(2, 11, 0, 2, 11, 0, request_id, 0, len(message))


def framed(request_id, message) -> bytes:
    return envelope_for(request_id, message).encode() + message


class ScriptedServer:
    """A server in its own thread; `on_udp` and `on_tcp` say what it sends for the n-th request."""

    CLOSE = CLOSE
    records = RECORDS
    site = SITE
    framed = staticmethod(framed)
    right_message = staticmethod(right_message)

    def __init__(self) -> None:
        self.udp_requests = 0
        self.tcp_requests = 0
        self.connections = 0
        self.asked = threading.Event()
        self.on_udp = lambda number, request_id, message: split(
            envelope_for(request_id, message), message
        )
        self.on_tcp = lambda number, request_id, message: [framed(request_id, message)]
        self._loop = asyncio.new_event_loop()
        self._transports: set[asyncio.BaseTransport] = set()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait()

    def _run(self, ready) -> None:
        asyncio.set_event_loop(self._loop)
        self._listener, self.address = self._loop.run_until_complete(self._listen())
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._stop_listening())
        self._loop.close()

    async def _listen(self):
        while True:
            listener = await self._loop.create_server(lambda: _Stream(self), "127.0.0.1", 0)
            address = listener.sockets[0].getsockname()
            try:
                await self._loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=address
                )
            except OSError:  # somebody else has this UDP port
                listener.close()
                continue
            return listener, address

    async def _stop_listening(self):
        self._listener.close()
        for transport in self._transports:
            transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server) -> None:
        self.server = server

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.server._transports.add(transport)

    def datagram_received(self, data, addr) -> None:
        request = decode_message(data[20:])
        number = self.server.udp_requests
        self.server.udp_requests += 1
        request_id = decode_envelope(data).request_id
        for datagram in self.server.on_udp(number, request_id, right_message(request)):
            self.transport.sendto(datagram, addr)


class _Stream(asyncio.Protocol):
    def __init__(self, server) -> None:
        self.server = server
        self.framer = Framer()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.server.connections += 1
        self.server._transports.add(transport)

    def connection_lost(self, exc) -> None:
        self.server._transports.discard(self.transport)

    def data_received(self, data) -> None:
        for envelope, message in self.framer.feed(data):
            if self.transport.is_closing():
                return
            number = self.server.tcp_requests
            self.server.tcp_requests += 1
            self.server.asked.set()
            answer = right_message(decode_message(message))
            for part in self.server.on_tcp(number, envelope.request_id, answer):
                if part is CLOSE:
                    self.transport.close()
                else:
                    self.transport.write(part)


@pytest.fixture
def server():
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


class Blocking:
    """Runs scenarios on the blocking client."""

    def run(self, address, scenario, **settings):
        with blocking.Client(address, **settings) as client:
            return scenario(
                SimpleNamespace(resolve=client.resolve, query=client.query, site=client.site)
            )


class Asyncio:
    """Runs the same scenarios on the asyncio client, each call to its end."""

    def run(self, address, scenario, **settings):
        with asyncio.Runner() as runner:
            client = aio.Client(address, **settings)

            def waiting(call):
                async def wait(args, options):
                    return await call(*args, **options)

                return lambda *args, **options: runner.run(wait(args, options))

            try:
                return scenario(
                    SimpleNamespace(
                        resolve=waiting(client.resolve),
                        query=waiting(client.query),
                        site=waiting(client.site),
                    )
                )
            finally:
                runner.run(client.close())


@pytest.fixture(params=[Blocking(), Asyncio()], ids=["blocking", "asyncio"])
def client(request):
    return request.param
