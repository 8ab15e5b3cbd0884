"""The faults of a node keep these promises, over real sockets.

- Each action does what it says: to datagrams, to streams, to HTTP answers, before the request is carried out or behind.
- A 504 after the commit is behind one: the identifier is there. One before it is not.
- One seed gives the same sequence twice.
- While no fault is on native code answers; while one is, it does not; and it does again behind it.
- A request names the fault that it wants by header, and no other request meets it.
- A strike is told in header, journal and metric; a dry run tells what would have been struck, and strikes nothing.
- Replacement is atomic: a mistake leaves all as it was.
"""

import asyncio
import socket

import aiohttp
import pytest
import pytest_asyncio

from idnode.node.addresses import url_of
from idnode.node.interceptors.faults.fault import read_faults
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope, decode_envelope
from idnode.registry.handle.wire.framing import Framer
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = "88.900.1/hello"
LARGE = "88.900.1/large"
JSON = {"Content-Type": "application/json"}
ADMIN = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")} | JSON
PATIENCE = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    started = Node(Settings(data_dir=folder, handle_port=0, http_port=0, admin_port=0), seed=1)
    await started.start()
    started._clock.freeze()  # answers carry the time, and are compared
    async with aiohttp.ClientSession(url_of(started.addresses.http)) as session:
        values = [{"index": n, "type": "DESC", "data": str(n) * 200} for n in range(1, 9)]
        async with session.put(f"/api/handles/{LARGE}", json=values, headers=ADMIN) as answer:
            assert answer.status == 201
    yield started
    await started.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def http(node):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def managed(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin), headers=JSON) as session:
        yield session
        async with session.delete("/api/v1/faults") as answer:
            assert answer.status == 200


@pytest.fixture
def strike(node, managed):
    """Return a function that has these faults, and no others."""

    def strike(action, *, match=None, when=None, name="f"):
        rows = [{"name": name, "action": action, "match": match or {}, "when": when or {}}]
        node.observation.faults.replace(read_faults(rows), 1)

    return strike


def question(request_id, handle=HELLO):
    body = encode_query(Query(handle.encode()))
    message = encode_response(OpCode.RESOLUTION, 0, 0x09000000, 0, 0, body)
    return Envelope(2, 11, 0, 2, 11, 0, request_id, 0, len(message)).encode() + message


async def on_stream(node, data):
    """Return all that comes back for these bytes until the connection ends."""
    reader, writer = await asyncio.open_connection(*node.addresses.handle_tcp)
    writer.write(data)
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        found = await reader.read()
    writer.close()
    return found


def messages_of(stream):
    return [(envelope, decode_message(data)) for envelope, data in Framer().feed(stream)]


class Datagrams:
    def __init__(self, address):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect(address)

    def send(self, data):
        self._socket.send(data)

    async def take(self, count):
        async with asyncio.timeout(PATIENCE):
            receive = asyncio.get_running_loop().sock_recv
            return [await receive(self._socket, 2048) for _ in range(count)]

    def close(self):
        self._socket.close()


@pytest.fixture
def datagrams(node):
    client = Datagrams(node.addresses.handle_udp)
    yield client
    client.close()


@pytest.mark.parametrize("code", [2, 3, 4, 100, 301, 402, 406, 500])
async def test_response_codes(node, strike, code):
    strike({"kind": "response_code", "code": code}, match={"operation": "resolve"})
    ((envelope, message),) = messages_of(await on_stream(node, question(5)))
    assert (message.response_code, envelope.request_id) == (code, 5)


async def test_wrong_ids(node, strike):
    strike({"kind": "wrong_request_id"})
    ((envelope, message),) = messages_of(await on_stream(node, question(5)))
    assert envelope.request_id != 5
    assert message.response_code == 1
    strike({"kind": "wrong_session_id"})
    ((envelope, _),) = messages_of(await on_stream(node, question(5)))
    assert (envelope.request_id, envelope.session_id != 0) == (5, True)


async def test_a_referral_that_leads_back(node, strike):
    strike({"kind": "referral_loop"})
    ((_, message),) = messages_of(await on_stream(node, question(5)))
    assert (message.response_code, HELLO.encode() in message.body) == (302, True)


async def test_streams_are_cut_split_corrupted_and_repeated(node, strike):
    whole = await on_stream(node, question(5))
    strike({"kind": "split", "bytes": 13, "pause": 0.001})
    assert await on_stream(node, question(5)) == whole
    strike({"kind": "truncate", "keep": 20})
    assert await on_stream(node, question(5)) == whole[:20]
    strike({"kind": "corrupt", "offset": 60})
    corrupt = await on_stream(node, question(5))
    assert [at for at, byte in enumerate(corrupt) if byte != whole[at]] == [60]
    strike({"kind": "duplicate", "times": 3})
    assert await on_stream(node, question(5)) == whole * 3
    strike({"kind": "drop"})
    assert await on_stream(node, question(5)) == b""
    strike({"kind": "delay", "seconds": 0.001})
    assert await on_stream(node, question(5)) == whole
    strike({"kind": "hold", "seconds": 0.001})
    assert await on_stream(node, question(5)) == whole


@pytest.mark.parametrize(("where", "share"), [("before", 0), ("middle", 0.5), ("after", 1)])
async def test_connections_end(node, strike, where, share):
    whole = await on_stream(node, question(5))
    strike({"kind": "close", "where": where})
    found = await on_stream(node, question(5) + question(6))
    assert found == whole[: int(len(whole) * share)]


async def test_connections_are_reset(node, strike):
    strike({"kind": "reset"})
    with pytest.raises(ConnectionResetError):
        await on_stream(node, question(5))


async def test_datagrams_are_lost_turned_round_and_repeated(node, strike, datagrams):
    datagrams.send(question(1, LARGE))
    first = await datagrams.take(4)
    strike({"kind": "lose_datagram"}, match={"face": "handle_udp"})
    datagrams.send(question(2, LARGE))
    sequence = [decode_envelope(each).sequence for each in await datagrams.take(3)]
    assert len(first) - 1 == len(sequence)
    assert sequence[0] == 0
    assert sequence[-1] == 3
    strike({"kind": "reorder"}, match={"face": "handle_udp"})
    datagrams.send(question(3, LARGE))
    sequence = [decode_envelope(each).sequence for each in await datagrams.take(4)]
    assert sequence == [3, 2, 1, 0]
    strike({"kind": "duplicate"}, match={"face": "handle_udp"})
    datagrams.send(question(4))
    assert len(set(await datagrams.take(2))) == 1
    strike({"kind": "drop"}, match={"face": "handle_udp"}, when={"next": 1})
    datagrams.send(question(5))
    datagrams.send(question(6))
    (answer,) = await datagrams.take(1)
    assert decode_envelope(answer).request_id == 6


async def register(http, handle, **headers):
    values = [{"index": 1, "type": "URL", "data": "https://example.org/"}]
    async with http.put(f"/api/handles/{handle}", json=values, headers=ADMIN | headers) as answer:
        return answer.status, answer.headers


async def status_of(http, handle):
    async with http.get(f"/api/handles/{handle}", headers={"X-Request-Id": "look"}) as answer:
        return answer.status


async def test_a_504_after_the_commit_has_committed(http, strike):
    strike({"kind": "http", "status": 504}, match={"operation": "create"})
    status, headers = await register(http, "88.900.1/late")
    assert (status, headers["X-Idnode-Fault"]) == (504, "f")
    assert await status_of(http, "88.900.1/late") == 200


async def test_a_504_before_it_has_not(http, strike):
    strike({"kind": "http_early", "status": 504, "retry_after": 3}, match={"method": "PUT"})
    status, headers = await register(http, "88.900.1/early")
    assert (status, headers["Retry-After"]) == (504, "3")
    assert headers["X-Request-Id"]
    assert await status_of(http, "88.900.1/early") == 404


async def token_of(http):
    body = {"username": "demo", "password": "idnode-demo"}
    async with http.post("/identity/token", json=body) as answer:
        return (await answer.json())["data"]["token"]


TEMPLATE = {
    "prefix": "88.900.1", "version": "trap", "industryCategory": "C", "industrySpecific": "34",
    "industryTrade": "344", "industrySubclass": "3441", "type": 2, "description": "nameplate",
    "items": [{"name": "型号", "idType": "model", "idIndex": 2000, "required": True,
               "metadata": {"type": "string", "minLength": 1, "maxLength": 64}}],
}  # fmt: skip


def snms_item(handle):
    data = {"format": "string", "value": "IS80"}
    value = {"auth": "", "index": 2000, "type": "model", "data": data}
    return {"handle": handle, "templateVersion": "trap", "value": [value]}


@pytest_asyncio.fixture(loop_scope="module")
async def snms(http):
    http.headers["Authorization"] = f"Bearer {await token_of(http)}"
    async with http.post("/snms/api/v5/template", json=TEMPLATE) as answer:
        assert (await answer.json())["status"] in {1, -2}
    return http


async def test_the_trap_of_a_504_after_the_commit(snms, managed):
    path = "/api/v1/faults/snms-504-after-commit"
    async with managed.put(path, json={"on": True}) as answer:
        assert (await answer.json())["on"]
    statuses = []
    for name in ("one", "two"):
        async with snms.post("/identityv2/data", json=snms_item(f"88.900.1/trap-{name}")) as got:
            statuses.append(got.status)
    assert statuses == [200, 504]
    async with snms.post("/identityv2/data", json=snms_item("88.900.1/trap-two")) as got:
        assert (await got.json())["message"] == "标识已存在"
    async with managed.put(path, json={"on": False}) as answer:
        assert not (await answer.json())["on"]


async def test_batches_lie(snms, strike):
    items = [snms_item(f"88.900.1/lie-{number}") for number in range(4)]
    strike({"kind": "refuse_items", "every": 2})
    async with snms.post("/identityv2/data/batchCreate", json=items) as answer:
        said = [item["msg"] for item in (await answer.json())["data"]]
    assert said[1::2] == ["系统繁忙"] * 2
    assert "系统繁忙" not in said[::2]
    strike({"kind": "cut_batch", "items": 1})
    async with snms.post("/identityv2/data/batchCreate", json=items) as answer:
        assert len((await answer.json())["data"]) == 1


async def test_snms_says_other_things(snms, strike):
    strike({"kind": "snms_early", "status": -1}, match={"face": "snms"}, when={"next": 1})
    said = []
    for _ in range(2):
        async with snms.post("/identityv2/data", json=snms_item("88.900.1/said")) as answer:
            said.append((answer.status, (await answer.json())["status"]))
    assert said == [(200, -1), (200, 1)]
    strike({"kind": "snms", "status": -4, "message": "系统繁忙"}, match={"face": "snms"})
    async with snms.post("/identityv2/data", json=snms_item("88.900.1/said-2")) as answer:
        assert (await answer.json())["message"] == "系统繁忙"


async def test_bodies_come_slowly_and_reads_are_stale(http, strike):
    strike({"kind": "slow", "bytes": 50, "pause": 0.001})
    async with http.get(f"/api/handles/{HELLO}") as answer:
        assert (await answer.json())["handle"] == HELLO
    assert (await register(http, "88.900.1/stale"))[0] == 201
    strike({"kind": "stale"}, match={"operation": "resolve"})
    async with http.get("/api/handles/88.900.1/stale") as answer:
        before = await answer.read()
    changed = [{"index": 1, "type": "URL", "data": "https://example.org/changed"}]
    async with http.put("/api/handles/88.900.1/stale", json=changed, headers=ADMIN) as answer:
        assert answer.status == 200
    async with http.get("/api/handles/88.900.1/stale") as answer:
        assert await answer.read() == before
    strike({"kind": "drop"}, match={"face": "snms"})
    async with http.get("/api/handles/88.900.1/stale") as answer:
        assert b"changed" in await answer.read()


async def test_one_seed_gives_the_same_sequence_twice(node, http, managed):
    row = {
        "name": "dice", "match": {"face": "handle_json"},
        "action": {"kind": "http", "status": 503}, "when": {"probability": 0.4},
    }  # fmt: skip
    found = []
    for seed in (42, 42, 43):
        async with managed.put("/api/v1/faults", json={"faults": [row], "seed": seed}) as answer:
            assert (await answer.json())["seed"] == seed
        found.append([await status_of(http, HELLO) for _ in range(40)])
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert {200, 503} == set(found[0])


async def test_native_code_answers_only_while_no_fault_is_on(node, http, managed, strike):
    if not node.answering.native:
        pytest.skip("there is no native code here")

    async def answered_natively():
        before = node.answering.answered
        await on_stream(node, question(1))
        return node.answering.answered - before

    assert await answered_natively() == 1
    strike({"kind": "drop"}, match={"face": "snms"})
    assert await answered_natively() == 0
    async with managed.put("/api/v1/faults/f", json={"on": False}) as answer:
        assert answer.status == 200
    assert await answered_natively() == 1


async def test_a_request_names_its_fault(http, node):
    named = {"X-Idnode-Fault": "http-502-html"}
    async with http.get(f"/api/handles/{HELLO}", headers=named) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
        assert answer.headers["X-Idnode-Fault"] == "http-502-html"
    assert await status_of(http, HELLO) == 200
    async with http.get(f"/api/handles/{HELLO}", headers={"X-Idnode-Fault": "none"}) as answer:
        assert answer.status == 200
        assert "X-Idnode-Fault" not in answer.headers


async def test_a_strike_is_told_in_journal_and_metric(node, http, managed, strike):
    strike({"kind": "http", "status": 500}, match={"handle": "88.900.1/HELLO"}, name="told")
    assert await status_of(http, HELLO) == 500
    async with managed.get("/api/v1/journal", params={"fault": "told"}) as answer:
        (entry,) = (await answer.json())["items"]
    assert (entry["why"]["rule"], entry["status"], entry["code"]) == ("W-FAULT", 500, 1)
    async with managed.get("/metrics") as answer:
        assert 'idnode_injected_faults_total{fault="told"} 1.0' in await answer.text()


async def test_a_dry_run_tells_what_would_have_been_struck(http, managed):
    for suffix in ("dry-1", "dry-2", "wet"):
        assert await status_of(http, f"88.900.1/{suffix}") == 404
    row = {"name": "dry", "match": {"handle": "*/dry-?"}, "action": {"kind": "drop"},
           "when": {"every": 2}}  # fmt: skip
    async with managed.post("/api/v1/faults/dry-run", json=[row]) as answer:
        ((told),) = (await answer.json())["items"]
    assert told["matched"] == 2
    assert [entry["handle"] for entry in told["struck"]] == ["88.900.1/dry-2"]
    assert await status_of(http, "88.900.1/dry-2") == 404


async def test_replacement_is_atomic(managed):
    good = {"name": "good", "action": {"kind": "drop"}, "on": False}
    async with managed.put("/api/v1/faults", json=[good]) as answer:
        assert answer.status == 200
    bad = [{"name": "better", "action": {"kind": "drop"}}, {"name": "bad", "action": {"kind": "x"}}]
    for body in (bad, "x", {"faults": [good], "seed": -1}):
        async with managed.put("/api/v1/faults", json=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["message"]
    async with managed.get("/api/v1/faults") as answer:
        own = [each["name"] for each in (await answer.json())["items"] if not each["trap"]]
    assert own == ["good"]
    async with managed.post(
        "/api/v1/faults", json={"name": "more", "action": {"kind": "drop"}}
    ) as got:
        assert got.status == 200
    async with managed.delete("/api/v1/faults/good") as answer:
        assert [e["name"] for e in (await answer.json())["items"] if not e["trap"]] == ["more"]
    for method, path in (("GET", "none"), ("DELETE", "none")):
        async with managed.request(method, f"/api/v1/faults/{path}") as answer:
            assert answer.status == 404
    async with managed.put("/api/v1/faults/more", json={"on": "yes"}) as answer:
        assert answer.status == 400
