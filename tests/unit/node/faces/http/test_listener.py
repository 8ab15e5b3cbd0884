"""The HTTP port speaks plain HTTP and HTTPS, on either event loop, and keeps these promises.

- A connection that begins with a TLS handshake is served over TLS, any other as plain HTTP; a first byte that comes
  late, or alone, decides the same.
- Silence, a handshake that is not finished and nonsense behind the TLS byte end a connection; only handshakes
  are told.
- Those who keep the node waiting are bounded: the one who waited longest goes first.
- As many are served as may be; one more is told so, if it speaks plain HTTP, or takes the place of one who gives way.
- Stopping lets go of everybody who is not served yet.
- A certificate that cannot be served is refused with its file's name.
"""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import uvloop
from aiohttp import ClientSession, web

from idnode.node.faces.http.listener import HttpListener, ListenerLimits, bound_sockets
from idnode.node.faces.http.tls import CertificateUnusable, server_context
from idnode.node.first_start.certificate import load_or_make
from idnode.registry.handle.clock import SystemClock

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
PATIENT = ListenerLimits(silence_seconds=3600, handshake_seconds=3600)
HASTY = ListenerLimits(silence_seconds=0.02, handshake_seconds=0.02)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """Return a function that runs a coroutine on the loop under test."""

    def run(work):
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(asyncio.wait_for(work, 60))

    return run


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return load_or_make(tmp_path_factory.mktemp("keys"), [], SystemClock().now())


async def tell_scheme(request):
    return web.Response(text=f"{request.scheme} {request.secure} {await request.text()}")


@pytest.fixture
def served(files):
    """Return a function that serves on a free port: listener, and words about refused connections."""

    @asynccontextmanager
    async def serve(limits=PATIENT, *, leave=False):
        app = web.Application()
        app.router.add_route("*", "/", tell_scheme)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        refused = []

        def give_way():
            for connection in runner.server.connections[: int(leave)]:
                connection.force_close()
            return leave

        listener = HttpListener(
            runner.server,
            server_context(*files),
            refused.append,
            limits,
            turned_away=lambda head: b"told by " + head[:8],
            give_way=give_way,
        )
        listener.start(await bound_sockets("localhost", 0))
        try:
            yield listener, refused
        finally:
            await listener.stop()
            await runner.cleanup()

    return serve


def trusting(files):
    return ssl.create_default_context(cafile=files.certificate)


async def end_of(reader, writer):
    """Return what comes until the other side closes."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


async def settled(listener, count):
    """Wait until so many connections are undecided."""
    while listener.undecided != count:  # noqa: ASYNC110  # nothing tells; `run` bounds it
        await asyncio.sleep(0)


def test_both_are_spoken_on_one_port(run, served, files):
    async def ask():
        async with served() as (listener, refused), ClientSession() as session:
            address = "{}:{}".format(*listener.address)
            for _ in range(2):
                async with session.post(f"http://{address}/", data=b"1") as answer:
                    assert await answer.text() == "http False 1"
                async with session.post(
                    f"https://{address}/", data=b"x" * 100_000, ssl=trusting(files)
                ) as answer:
                    assert await answer.text() == "https True " + "x" * 100_000
            assert (listener.undecided, refused) == (0, [])

    run(ask())


def test_a_request_may_come_late_and_byte_by_byte(run, served):
    async def ask():
        async with served() as (listener, _):
            reader, writer = await asyncio.open_connection(*listener.address)
            await settled(listener, 1)
            writer.write(GET[:1])
            await settled(listener, 0)
            writer.write(GET[1:])
            assert (await end_of(reader, writer)).startswith(b"HTTP/1.1 200 OK\r\n")

    run(ask())


def test_whoever_says_nothing_is_let_go(run, served):
    async def wait():
        async with served(HASTY) as (listener, refused):
            assert await end_of(*await asyncio.open_connection(*listener.address)) == b""
            assert (listener.undecided, refused) == (0, [])

    run(wait())


def test_whoever_does_not_finish_the_handshake_is_let_go(run, served):
    async def wait():
        async with served(HASTY) as (listener, refused):
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(b"\x16\x03\x01\x02\x00")
            assert await end_of(reader, writer) == b""
            await settled(listener, 0)
            assert refused == ["tls_handshake"]

    run(wait())


@pytest.mark.parametrize("nonsense", [b"\x16" + GET, b"\x16" * 500, b"\x16\x03\x01\x00\x05hello"])
def test_nonsense_behind_the_byte_ends_the_connection(run, served, nonsense):
    async def send():
        async with served() as (listener, refused):
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(nonsense)
            await end_of(reader, writer)
            await settled(listener, 0)
            assert refused == ["tls_handshake"]

    run(send())


def test_a_client_that_leaves_takes_nothing_along(run, served):
    async def leave():
        async with served() as (listener, _):
            for data in (b"", b"\x16", b"G"):
                with socket.create_connection(listener.address) as leaving:
                    leaving.sendall(data)
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(GET)
            assert b"200 OK" in await end_of(reader, writer)
            await settled(listener, 0)

    run(leave())


@pytest.mark.parametrize("data", [b"", b"\x16"])
def test_those_who_keep_it_waiting_are_bounded(run, served, data):
    async def crowd():
        limits = ListenerLimits(4, silence_seconds=3600, handshake_seconds=3600)
        async with served(limits) as (listener, _):
            waiting = []
            for _ in range(10):
                waiting.append(await asyncio.open_connection(*listener.address))
                waiting[-1][1].write(data)
            for gone in waiting[:6]:
                assert await end_of(*gone) == b""
            await settled(listener, 4)
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(GET)
            assert b"200 OK" in await end_of(reader, writer)
            for _, writer in waiting[6:]:
                writer.transport.abort()

    run(crowd())


def test_one_too_many_is_told_and_others_go_on(run, served):
    async def crowd():
        async with served(ListenerLimits(connections_max=2)) as (listener, refused):
            held = [await asyncio.open_connection(*listener.address) for _ in range(2)]
            for _, writer in held:
                writer.write(b"G")
            await settled(listener, 0)
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(GET + bytes(300_000))  # more than is read before the answer
            assert await end_of(reader, writer) == b"told by " + GET[:8]
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(b"\x16")
            assert await end_of(reader, writer) == b""
            assert refused == ["too_many_connections"] * 2
            reader, writer = held[0]
            writer.write(GET[1:])
            assert b"200 OK" in await end_of(reader, writer)
            held[1][1].transport.abort()

    run(crowd())


def test_whoever_gives_way_makes_room_for_another(run, served):
    async def crowd():
        async with served(ListenerLimits(connections_max=1), leave=True) as (listener, refused):
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(b"G")
            await settled(listener, 0)
            second = await asyncio.open_connection(*listener.address)
            second[1].write(GET)
            assert b"200 OK" in await end_of(*second)
            assert await end_of(reader, writer) == b""
            assert refused == []

    run(crowd())


def test_stopping_lets_go_of_whoever_is_not_served_yet(run, served):
    async def stop():
        async with served() as (listener, _):
            waiting = [await asyncio.open_connection(*listener.address) for _ in range(4)]
            waiting[0][1].write(b"\x16")
            waiting[1][1].write(b"\x16\x03")
            await settled(listener, 4)
        for each in waiting:
            assert await end_of(*each) == b""
        assert listener.undecided == 0

    run(stop())


def test_a_taken_port_is_refused_and_leaves_nothing_open(run, served, files):
    async def take():
        async with served() as (listener, _):
            second = HttpListener(asyncio.Protocol, server_context(*files), print)
            with pytest.raises(OSError, match="in use"):
                second.start(await bound_sockets(*listener.address))
            await second.stop()

    run(take())


def test_a_certificate_that_cannot_be_served_is_named(tmp_path, files):
    other = load_or_make(tmp_path, [], SystemClock().now())
    with pytest.raises(CertificateUnusable, match="absent"):
        server_context(tmp_path / "absent", files.key)
    with pytest.raises(CertificateUnusable, match=r"https\.private\.pem"):
        server_context(files.certificate, other.key)
    (tmp_path / "text").write_bytes(b"nonsense")
    with pytest.raises(CertificateUnusable, match="text"):
        server_context(tmp_path / "text", files.key)
