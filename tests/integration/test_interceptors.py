"""An interceptor keeps these promises, whatever the face and whichever core answers.

- It sees one of each: UDP, TCP, JSON, SNMS, bulk, a malformed datagram, a broken HTTP body, bytes that are no HTTP.
- While it must see plain successes native code answers nothing; once it is gone native code answers again.
- One that need not see them leaves plain resolutions to native code, and still sees what is not found.
- It learns who asked, for what, and which error refused it.
- Each step of `actions` is carried out: over UDP, over TCP in the order of the requests, and over HTTP.
"""

import asyncio
import socket
from collections import Counter

import aiohttp
import msgpack
import pytest
import pytest_asyncio

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import HandleNotFound
from idnode.node.addresses import url_of
from idnode.node.interceptors.actions import PROCEED, Close, Send, Wait, segments
from idnode.node.interceptors.chain import Interceptor
from idnode.node.interceptors.exchange import HttpAnswer
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = "88.900.1/hello"
ADMIN = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")}


class Counting(Interceptor):
    sees_plain_successes = True

    def __init__(self):
        self.seen = Counter()

    def malformed(self, exchange, error):
        self.seen[exchange.face, "malformed"] += 1

    def reply(self, exchange, plan):
        self.seen[exchange.face, exchange.operation] += 1
        return plan


class Scripted(Interceptor):
    """Answers with what it is told to make of each plan, and keeps the exchanges."""

    def __init__(self, reply=None, request=None):
        self.exchanges = []
        self.errors = []
        self._reply = reply
        self._request = request

    def request(self, exchange):
        self.exchanges.append(exchange)
        return None if self._request is None else self._request(exchange)

    def malformed(self, exchange, error):
        self.errors.append(error)

    def reply(self, exchange, plan):
        return plan if self._reply is None else self._reply(exchange, plan)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["native", "workers", "pure"])
async def node(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pure":
            patch.setenv("IDNODE_PURE", "1")
        else:
            pytest.importorskip("idnode.node.faces.handle.native.responder")
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("node"),
            handle_port=0,
            http_port=0,
            admin_port=0,
            udp_threads=2,
            workers=2 if request.param == "workers" else 1,
            journal="off",
        )
        started = Node(settings, seed=1)
        await started.start()
        yield started
        await started.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def intercept(node):
    """Return a function that adds an interceptor until the test ends."""

    def intercept(interceptor):
        node.interceptors.add(interceptor)
        return interceptor

    yield intercept
    node.interceptors.set(())


@pytest_asyncio.fixture(loop_scope="module")
async def http(node):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        yield session


async def resolve(node, transport, handle=HELLO):
    async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
        return await client.resolve(handle)


def question(request_id):
    """Return the bytes of a resolution."""
    message = encode_response(
        OpCode.RESOLUTION, 0, 0x09000000, 0, 0, encode_query(Query(HELLO.encode()))
    )
    return Envelope(2, 11, 0, 2, 11, 0, request_id, 0, len(message)).encode() + message


async def send_datagram(node, data):
    """Send one datagram; return a function that returns what comes back."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.setblocking(False)
    client.connect(node.addresses.handle_udp)
    client.send(data)

    async def next_one():
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(client, 2048)

    return client, next_one


async def token_of(http):
    body = {"username": "demo", "password": "idnode-demo"}
    async with http.post("/identity/token", json=body) as answer:
        return (await answer.json())["data"]["token"]


def native_answers(node):
    """Return how many plain resolutions native code has answered, None without native code."""
    return node.answering.answered if node.answering.native else None


async def test_it_sees_one_of_each(node, http, intercept):
    counting = intercept(Counting())
    before = native_answers(node)
    await resolve(node, Transport.UDP)
    await resolve(node, Transport.TCP)
    assert (await http.get(f"/api/handles/{HELLO}")).status == 200
    token = await token_of(http)
    bearer = {"Authorization": f"Bearer {token}"}
    async with http.get("/identityv2/data/detail", params={"handle": HELLO}, headers=bearer) as got:
        assert got.status == 200
    items = msgpack.packb([["88.900.1/counted", [[1, "URL", "https://example.org/"]]]])
    packed = ADMIN | {"Content-Type": "application/msgpack"}
    async with http.post("/api/v1/identifiers/batch", data=items, headers=packed) as got:
        assert got.status == 200
    async with http.put("/api/handles/88.900.1/x", data=b"{",
                        headers=ADMIN | {"Content-Type": "application/json"}) as got:  # fmt: skip
        assert got.status == 400
    client, next_one = await send_datagram(node, b"\x02\x0b too short")
    client.send(question(9)[:40] + b"\x7f\xff\xff\xff" + question(9)[44:])
    await next_one()
    client.close()
    reader, writer = await asyncio.open_connection(*node.addresses.http)
    writer.write(b"no HTTP at all\r\n\r\n")
    await reader.read()
    writer.close()
    seen = counting.seen
    expected = (
        ("handle_udp", "resolve"),
        ("handle_tcp", "resolve"),
        ("handle_json", "resolve"),
        ("handle_json", "malformed"),
        ("snms", "resolve"),
        ("bulk", "batch_register"),
        ("http", "malformed"),
    )
    assert {key: seen[key] for key in expected} == dict.fromkeys(expected, 1)
    assert seen["handle_udp", "malformed"] == 2
    assert native_answers(node) == before


async def test_native_code_answers_again_once_it_is_gone(node, intercept):
    counting = intercept(Counting())
    node.interceptors.remove(counting)
    before = native_answers(node)
    await resolve(node, Transport.UDP)
    await resolve(node, Transport.TCP)
    assert counting.seen == Counter()
    assert before is None or native_answers(node) == before + 2


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_one_that_need_not_see_plain_successes_sees_what_is_not_found(
    node, intercept, transport
):
    seen = intercept(Scripted())
    before = native_answers(node)
    await resolve(node, transport)
    assert before is None or native_answers(node) == before + 1
    with pytest.raises(HandleNotFound):
        await resolve(node, transport, "88.900.1/nothing")
    exchange = seen.exchanges[-1]
    assert exchange.response_code == 100
    assert isinstance(exchange.request, bytes)
    assert type(exchange.error).__name__ == "HandleNotFound"
    assert before is None or native_answers(node) == before + 1


async def test_it_learns_who_asked_and_what_refused_it(node, http, intercept):
    seen = intercept(Scripted())
    headers = ADMIN | {"X-Request-Id": "mine-1", "Content-Type": "application/json"}
    async with http.put("/api/handles/1.2.3/x", data=b"[]", headers=headers) as answer:
        assert answer.headers["X-Request-Id"] == "mine-1"
    (exchange,) = seen.exchanges
    assert exchange.id == "mine-1"
    assert exchange.identity == "301:0.NA/88.900"
    assert exchange.handle == b"1.2.3/x"
    assert exchange.request.body == b"[]"
    assert exchange.error is not None
    assert exchange.answer.status == answer.status
    await token_of(http)
    assert seen.exchanges[-1].face == "snms"


async def test_plain_successes_over_http_cost_those_nothing_who_need_not_see_them(
    node, http, intercept, register_engine
):
    if register_engine != "embedded":
        pytest.skip("what waits for a look-up is seen")
    seen = intercept(Scripted())
    assert (await http.get(f"/api/handles/{HELLO}")).status == 200
    assert seen.exchanges == []
    assert (await http.get("/api/handles/88.900.1/nothing")).status == 404
    assert len(seen.exchanges) == 1


async def test_steps_over_udp(node, intercept):
    scripted = intercept(Scripted())
    scripted.sees_plain_successes = True
    node.interceptors.update()
    plans = {
        1: lambda plan: (Wait(0.01), *plan),
        2: lambda plan: (*plan, *plan),
        3: lambda _plan: (Send(b"other"),),
        4: lambda plan: (Close(), *plan),
    }
    scripted._reply = lambda exchange, plan: plans[exchange.request[11]](plan)
    client, next_one = await send_datagram(node, question(1))
    assert (await next_one())[8:12] == b"\0\0\0\1"
    client.send(question(2))
    assert await next_one() == await next_one()
    client.send(question(4))
    client.send(question(3))
    assert await next_one() == b"other"
    client.close()


async def on_stream(node, data):
    """Return all that comes back for these bytes until the connection ends, or no more is due."""
    reader, writer = await asyncio.open_connection(*node.addresses.handle_tcp)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(10):
        found = await reader.read()
    writer.close()
    return found


def request_ids(stream):
    return [envelope.request_id for envelope, _message in Framer().feed(stream)]


async def test_steps_over_tcp_keep_the_order_of_the_requests(node, intercept):
    scripted = intercept(Scripted())
    scripted.sees_plain_successes = True
    node.interceptors.update()
    plans = {
        1: lambda plan: (Wait(0.01), *segments(plan, 16, 0.001)),
        2: lambda plan: (*plan, *plan),
        3: lambda _plan: (),
        4: lambda plan: plan,
    }
    scripted._reply = lambda exchange, plan: plans[exchange.request[11]](plan)
    found = await on_stream(node, b"".join(map(question, (1, 2, 3, 4))))
    assert request_ids(found) == [1, 2, 2, 4]


async def test_a_request_may_wait_or_be_answered_early(node, intercept):
    answers = {
        1: lambda exchange: (Wait(0.01), PROCEED),
        2: lambda exchange: (Send(exchange.request),),
        3: lambda exchange: None,
    }
    scripted = intercept(Scripted(request=lambda exchange: answers[exchange.request[11]](exchange)))
    scripted.sees_plain_successes = True
    node.interceptors.update()
    found = await on_stream(node, b"".join(map(question, (1, 2, 3))))
    messages = [decode_message(message) for _envelope, message in Framer().feed(found)]
    assert request_ids(found) == [1, 2, 3]
    assert [message.response_code for message in messages] == [1, 0, 1]


async def test_a_connection_may_end_before_in_or_after_an_answer(node, intercept):
    scripted = intercept(Scripted())
    scripted.sees_plain_successes = True
    node.interceptors.update()
    scripted._reply = lambda _exchange, _plan: (Close(),)
    assert await on_stream(node, question(1) + question(2)) == b""
    scripted._reply = lambda _exchange, plan: (Send(plan[0].wire[:7]), Close())
    assert len(await on_stream(node, question(1) + question(2))) == 7
    scripted._reply = lambda _exchange, plan: (*plan, Close())
    assert request_ids(await on_stream(node, question(1) + question(2))) == [1]
    scripted._reply = lambda _exchange, _plan: (Close(reset=True),)
    with pytest.raises(ConnectionResetError):
        await on_stream(node, question(1))


async def test_steps_over_http(node, http, intercept):
    scripted = intercept(Scripted())
    path = "/api/handles/88.900.1/nothing"
    late = HttpAnswer(504, (("Content-Type", "text/plain"),), b"late")
    scripted._reply = lambda _exchange, _plan: (Wait(0.01), Send(late))
    async with http.get(path) as answer:
        assert (answer.status, await answer.read()) == (504, b"late")
    scripted._reply = lambda _exchange, plan: segments(plan, 7, 0.001)
    async with http.get(path) as answer:
        assert (await answer.json())["responseCode"] == 100
    scripted._reply = lambda _exchange, plan: (Send(plan[0].wire[:-5]), Close())
    with pytest.raises(aiohttp.ClientError):
        await (await http.get(path)).read()
    scripted._reply = lambda _exchange, _plan: (Close(reset=True),)
    with pytest.raises(aiohttp.ClientError):
        await http.get(path)
    scripted._reply = None
    scripted._request = lambda _exchange: (Send(late),)
    async with http.get(path) as answer:
        assert answer.status == 504
    scripted._request = lambda _exchange: (Wait(0.01), PROCEED)
    async with http.get(path) as answer:
        assert answer.status == 404
