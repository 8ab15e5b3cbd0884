"""Plain GETs over HTTP that native code answers keep these promises.

- Whatever is sent on a connection, the same bytes come back whether native code is on the path or not.
- Each is counted once in the metrics, as a resolution of the JSON face and with its duration.
- A write is answered as soon as it is acknowledged: created, changed, deleted.
- While an interceptor must see plain successes, native code answers none; nor does it while requests are turned away.
- Identifiers of a data set are answered natively, with the bytes that Python sends.
- A connection that only asks such questions is as alive as any other.

So they do where connections are lent to threads (the setting ``workers``).
"""

import asyncio
import fcntl
import re
import sys
import termios
from email.utils import parsedate_to_datetime
from random import Random

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.clients.errors import HandleNotFound
from idnode.clients.web import Client, Credential
from idnode.node.addresses import url_of
from idnode.node.faces.lending import RUNS_BEFORE
from idnode.node.interceptors.chain import Interceptor
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue

REGISTER_ENGINES = ("embedded",)  # native code reads no other

ADMIN = Credential(301, "0.NA/88.900", "idnode-demo")
HELLO = "/api/handles/88.900.1/hello"
LAST = b"GET /api/site HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

TURNS = 20
"""Turns of the loop after which the node, which runs in it, has read what was written."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[1, 2])
async def node(request, tmp_path_factory):
    """A started node whose plain GETs are answered natively."""
    pytest.importorskip("idnode.node.faces.handle_json.native.gets")
    folder = tmp_path_factory.mktemp("node")
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    wanted = Settings(data_dir=folder, dataset="suzhou", workers=request.param, **free)
    started = Node(wanted, seed=1)
    await started.start()
    try:
        if started.answering.http.native is None:
            pytest.skip("there is no native code here")
        await started.dataset.native
        yield started
    finally:
        await started.stop()


def first(node):
    """Return how many GETs it takes until a connection is lent, 0 where none is."""
    return RUNS_BEFORE + 1 if node.settings.workers > 1 else 0


async def connect(node):
    """Return the streams of a connection to the node, which is lent if connections are."""
    reader, writer = await asyncio.open_connection(*node.addresses.http)
    for _ in range(first(node)):
        writer.write(get())
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
    return reader, writer


async def until_read(node):
    """Return when the node has read what was written, and has done what it can: what comes together is judged together."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
    while any(map(unread, connections(node))):  # noqa: ASYNC110  # a thread is about to
        await asyncio.sleep(0)
    if (lender := node.answering.http.lender) is not None:
        lender.end()  # which waits for the threads
        lender.begin()
        for _ in range(TURNS):
            await asyncio.sleep(0)


def unread(connection):
    """Return how many bytes wait to be read on a connection of the node."""
    transport = connection.transport
    if transport.is_closing():
        return 0
    waiting = fcntl.ioctl(transport.get_extra_info("socket"), termios.FIONREAD, bytes(4))
    return int.from_bytes(waiting, sys.byteorder)


async def talk(node, *pieces):
    """Return what the node sends on a connection until it closes it, without what differs each time."""
    reader, writer = await connect(node)
    reading = asyncio.ensure_future(reader.read(-1))
    for piece in (*pieces, LAST):
        if not reading.done():  # the node may have closed the connection behind an earlier one
            writer.write(piece)
        await until_read(node)
    async with asyncio.timeout(30):
        answers = await reading
    writer.close()
    return re.sub(
        rb"(Date|Expires|X-Request-Id|WWW-Authenticate|Set-Cookie): [^\r]+", rb"\1:", answers
    )


async def with_and_without(node, *pieces):
    """Return the same twice: once with native code on the path, once without."""
    natively = await talk(node, *pieces)
    native, node.answering.http.native = node.answering.http.native, None
    try:
        return natively, await talk(node, *pieces)
    finally:
        node.answering.http.native = native


def get(path=HELLO, *headers, host="localhost", version="1.1", method="GET"):
    """Return a request."""
    lines = [f"{method} {path} HTTP/{version}", f"Host: {host}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


PATHS = st.sampled_from(
    [
        *(HELLO, HELLO.upper(), "/api/handles/88.900.1/HELLO", HELLO + "?index=1", HELLO + "?"),
        *(
            HELLO + "#a",
            "/api/handles/88.900.1%2fhello",
            "/api/handles/88.900.1/%68ello",
            HELLO + "%",
        ),
        *("/api/handles/88.900.1/x/../hello", "/api/handles/./88.900.1/hello", "/api//handles/x"),
        *("/api/handles/88.900.1/none", "/api/handles/0.NA/88.900.1", "/api/handles/1.2/x"),
        *("/api/handles/", "/api/handles/88.900.1", "/api/handles/88.900.1/%ff", "/api/handles//x"),
        *("/api/handles/88.900.1/%00", f"/api/handles/88.900.1/{'x' * 5000}", HELLO + "/"),
        *("http://localhost" + HELLO, "/88.900.1/hello", "/api/handles/88.900.1/h\u00e9llo"),
    ]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            *("Accept: */*", "User-Agent: wrk", "Connection: keep-alive", "Accept-Encoding: gzip"),
            *(
                "Origin: http://localhost",
                "Authorization: Basic YTpi",
                "X-Request-Id: mine",
                "A: b",
            ),
            *("Cookie: a=b", "Connection: close", "Expect: x", "Content-Length: 0", "Host: other"),
            *("X-Forwarded-For: 10.0.0.1", "Accept", "Accept: \x01", "If-None-Match: *", "Pragma:"),
        ]
    ),
    max_size=2,
)
REQUESTS = st.builds(
    get,
    PATHS,
    HEADERS.map("\r\n".join).map(lambda text: text or "Accept: */*"),
    host=st.sampled_from(["localhost", "127.0.0.1:8000", "evil.test", "[::1]"]),
    version=st.sampled_from(["1.1", "1.1", "1.1", "1.0", "2.0"]),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "BREW"]),
)
PLAIN = get(HELLO, "Accept: */*")
STREAMS = st.lists(REQUESTS | st.just(PLAIN), min_size=1, max_size=4).map(b"".join)


async def test_the_same_bytes_come_back(node):
    loop = asyncio.get_running_loop()

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(STREAMS, st.integers(0, 400))
    def compare(stream, cut):
        pieces = stream[:cut], stream[cut:]
        work = asyncio.run_coroutine_threadsafe(with_and_without(node, *pieces), loop)
        natively, otherwise = work.result(60)
        assert natively == otherwise

    before = node.answering.answered
    await asyncio.to_thread(compare)
    assert node.answering.answered > before


async def test_a_data_set_s_identifiers_are_answered_natively(node):
    suzhou = node.dataset.dataset
    handles = [handle.decode() for handle in suzhou.sample(20, Random(5))]
    before = node.answering.answered
    stream = b"".join(get(f"/api/handles/{handle}") for handle in handles)
    natively, otherwise = await with_and_without(node, stream)
    assert natively == otherwise
    assert natively.count(b'"responseCode":1,') == len(handles) + 1
    assert node.answering.answered == before + first(node) + len(handles)


async def metric(node, name):
    """Return the value of one metric."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url_of(node.addresses.admin)}/metrics") as answer,
    ):
        text = await answer.text()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_each_is_counted_once(node):
    names = (
        'idnode_resolutions_total{face="handle_json",outcome="success"}',
        'idnode_request_seconds_count{face="handle_json",operation="resolve"}',
    )
    before = [await metric(node, name) for name in names]
    natively = node.answering.answered
    await talk(node, get() * 7)
    count = 7 + first(node)
    assert node.answering.answered == natively + count
    assert [await metric(node, name) for name in names] == [each + count for each in before]


async def test_a_write_is_answered_once_it_is_acknowledged(node):
    async with Client(url_of(node.addresses.http), ADMIN) as web, aiohttp.ClientSession() as plain:
        url = f"{url_of(node.addresses.http)}/api/handles/88.900.1/written"
        for text in ("first", "second" * 100):
            values = [HandleValue(1, "DESC", text.encode())]
            await web.create("88.900.1/written", values, overwrite=True)
            async with plain.get(url) as answer:
                assert (await answer.json())["values"][0]["data"]["value"] == text
        await web.delete("88.900.1/written")
        async with plain.get(url) as answer:
            assert answer.status == 404
        with pytest.raises(HandleNotFound):
            await web.get("88.900.1/written")


class Watching(Interceptor):
    """Sees everything."""

    sees_plain_successes = True

    def __init__(self):
        self.seen = 0

    def request(self, exchange):
        self.seen += 1


async def test_an_interceptor_that_must_see_successes_sees_them(node):
    watching = Watching()
    before = node.answering.answered
    node.interceptors.add(watching)
    try:
        await talk(node, get() * 3)
    finally:
        node.interceptors.remove(watching)
    assert watching.seen == 4 + first(node)
    assert node.answering.answered == before
    await talk(node, get() * 3)
    assert node.answering.answered == before + 3 + first(node)


async def test_who_has_no_turn_is_turned_away(node):
    queue = node._queues.loop
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        async with session.get(HELLO) as answer:
            assert answer.status == 200
        before = node.answering.answered
        queue.share, queue.delay = 1.0, 1.0
        try:
            async with session.get(HELLO) as answer:
                assert answer.status == 503
        finally:
            queue.share = queue.delay = 0.0
        assert node.answering.answered == before


async def test_a_connection_that_asks_stays_alive(node):
    reader, writer = await asyncio.open_connection(*node.addresses.http)
    writer.write(get())
    await reader.readuntil(b"\r\n\r\n")
    (connection,) = [each for each in connections(node) if each._next_keepalive_close_time]
    closes, connection._next_keepalive_close_time = connection._next_keepalive_close_time, 0.0
    await reader.read(1 << 16)
    writer.write(get())
    await reader.readuntil(b"\r\n\r\n")
    connection._process_keepalive()
    assert connection._next_keepalive_close_time >= closes
    assert closes > asyncio.get_running_loop().time()
    writer.close()


async def test_who_must_see_successes_sees_them_on_connections_that_are_lent(node):
    reader, writer = await connect(node)
    assert node.answering.lent == bool(first(node))
    watching = Watching()
    node.interceptors.add(watching)
    try:
        assert node.answering.lent == 0
        before = node.answering.answered
        writer.write(get() + LAST)
        async with asyncio.timeout(30):
            assert (await reader.read(-1)).count(b" 200 OK\r\n") == 2
    finally:
        node.interceptors.remove(watching)
    assert watching.seen == 2
    assert node.answering.answered == before
    writer.close()


async def test_a_clock_that_is_moved_shows_at_once(node):
    clock = node._clock
    reader, writer = await connect(node)
    try:
        for at in (2_000_000_000.5, 1_000_000_000.25):
            clock.set(at)
            writer.write(get())
            head = await reader.readuntil(b"\r\n\r\n")
            shown = parsedate_to_datetime(re.search(rb"Date: ([^\r]+)", head)[1].decode())
            assert 0 <= shown.timestamp() - int(at) < 60
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
        assert node.answering.lent == bool(first(node))
        clock.freeze()
        assert node.answering.lent == 0
    finally:
        clock.reset()
        writer.close()


async def test_connections_end_with_the_node(tmp_path):
    pytest.importorskip("idnode.node.faces.handle_json.native.gets")
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    started = Node(Settings(data_dir=tmp_path, workers=2, **free), seed=1)
    await started.start()
    reader, writer = await connect(started)
    lent = started.answering.lent
    await started.stop()
    assert (lent, started.answering.lent) == (1, 0)
    assert await reader.read(-1) == b""
    writer.close()


async def test_a_silent_connection_is_closed(tmp_path):
    pytest.importorskip("idnode.node.faces.handle_json.native.gets")
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    started = Node(Settings(data_dir=tmp_path, workers=2, idle_timeout=0.5, **free), seed=1)
    await started.start()
    reader, writer = await connect(started)
    assert started.answering.lent == 1
    async with asyncio.timeout(30):
        assert await reader.read(-1) == b""
    assert started.answering.lent == 0
    writer.close()
    await started.stop()


def connections(node):
    """Return the protocols of the HTTP connections."""
    return [
        each
        for listener in node._listeners
        for each in listener._serve.connections
        if each.transport is not None
    ]
