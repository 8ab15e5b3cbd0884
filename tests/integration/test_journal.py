"""The journal of a node keeps these promises.

- Over every face a refused request leaves one entry, decoded, under the rule that it broke, with who asked.
- Plain successes leave none, and native code goes on answering them; writes leave one; `all` has everything.
- What cannot be decoded is kept, too: a datagram, a body, bytes that are no HTTP.
- A request id that a client sends comes back, and is the entry's; every refusal has one.
- The four kinds of 未登录或登录已失效, a digest of another day, and batches of refused items are told apart.
- Near misses are named: prefixes that live here, a handle that differs by a character, templates that there are.
- Verification waits, and does not sleep; the stream tells what comes; filters and cursors hold.
"""

import asyncio
import hashlib
import json

import aiohttp
import pytest
import pytest_asyncio

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import ClientError
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.service.directory.accounts import inner_of
from idnode.node.settings import Settings
from idnode.registry.handle.clock import MovableClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = "88.900.1/hello"
NOTHING = "88.900.1/hallo"
JSON = {"Content-Type": "application/json"}
ADMIN = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")} | JSON
UNENCODED = {"Authorization": aiohttp.encode_basic_auth("301", "0.NA/88.900:idnode-demo")}
DIGESTED = json.dumps({"username": "demo", "password": inner_of("idnode-demo")}).encode()
CHINA_HOURS = 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clock():
    return MovableClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory, clock):
    folder = tmp_path_factory.mktemp("node")
    settings = Settings(
        data_dir=folder,
        handle_port=0,
        http_port=0,
        admin_port=0,
        snms_digest_days=0,
        drain_timeout=0.1,  # connections that a test leaves open hold nobody up
    )
    started = Node(settings, seed=1, clock=clock)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def http(node):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        yield session


class Managed:
    """Calls on the management port, for what came since the test began."""

    def __init__(self, session, after):
        self.session = session
        self.after = after

    async def call(self, method, path, **more):
        async with self.session.request(method, path, **more) as answer:
            return answer.status, await answer.json()

    async def entries(self, **wanted):
        asked = {"after": self.after, **wanted}
        _, page = await self.call("GET", "/api/v1/journal", params=asked)
        return page["items"]

    async def only(self, **wanted):
        """Return the one entry that there is, whole."""
        (entry,) = await self.entries(**wanted)
        return (await self.call("GET", f"/api/v1/journal/{entry['number']}"))[1]

    async def verify(self, **body):
        return (
            await self.call("POST", "/api/v1/journal/verify", json={"after": self.after} | body)
        )[1]


@pytest_asyncio.fixture(loop_scope="module")
async def journal(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin), headers=JSON) as session:
        yield Managed(session, node.observation.journal.ring.last_number)
        await session.put("/api/v1/journal/mode", json={"mode": "failures"})


async def resolve(node, transport, handle):
    async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
        return await client.resolve(handle)


async def refused_binary(node, transport, handle):
    with pytest.raises(ClientError):
        await resolve(node, transport, handle)


def names_of(fields):
    for each in fields:
        yield each["name"]
        yield from names_of(each.get("fields", ()))


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_a_refused_resolution_is_decoded_field_by_field(node, journal, transport):
    await refused_binary(node, transport, NOTHING)
    entry = await journal.only()
    assert entry["face"] == f"handle_{transport.name.lower()}"
    assert (entry["operation"], entry["handle"], entry["code"]) == ("resolve", NOTHING, 100)
    assert entry["why"]["rule"] == "W-HDL-NOT-FOUND"
    assert entry["request"]["form"] == "binary"
    fields = entry["request"]["fields"]
    assert fields[0]["offset"] == 0
    assert len(set(names_of(fields))) > 15
    assert NOTHING in json.dumps(fields)
    assert entry["answer"]["fields"]
    assert entry["near"][0]["names"] == [HELLO]
    assert HELLO in entry["near"][0]["zh"]


async def test_a_prefix_that_is_not_homed(node, journal):
    await refused_binary(node, Transport.TCP, "88.901.7/x")
    entry = await journal.only()
    assert entry["why"]["rule"] == "W-HDL-NOT-HOMED"
    assert any("88.900.1" in miss["names"] for miss in entry["near"])


async def test_plain_successes_leave_nothing_and_stay_native(node, http, journal):
    before = node.answering.answered
    await resolve(node, Transport.UDP, HELLO)
    await resolve(node, Transport.TCP, HELLO)
    assert (await http.get(f"/api/handles/{HELLO}")).status == 200
    assert await journal.entries() == []
    assert not node.answering.native or node.answering.answered == before + 3


async def test_mode_all_sees_everything_and_off_nothing(node, http, journal):
    await journal.call("PUT", "/api/v1/journal/mode", json={"mode": "all"})
    before = node.answering.answered
    await resolve(node, Transport.UDP, HELLO)
    await resolve(node, Transport.TCP, HELLO)
    assert (await http.get(f"/api/handles/{HELLO}")).status == 200
    faces = [entry["face"] for entry in await journal.entries()]
    assert faces == ["handle_udp", "handle_tcp", "handle_json"]
    assert node.answering.answered == before
    await journal.call("PUT", "/api/v1/journal/mode", json={"mode": "off"})
    assert (await http.get(f"/api/handles/{NOTHING}")).status == 404
    assert len(await journal.entries()) == 3
    status, _ = await journal.call("PUT", "/api/v1/journal/mode", json={"mode": "some"})
    assert status == 400


async def test_writes_are_kept_with_who_wrote(http, journal):
    values = [{"index": 1, "type": "URL", "data": "https://example.org/"}]
    async with http.put("/api/handles/88.900.1/written", json=values, headers=ADMIN) as answer:
        assert answer.status == 201
        request_id = answer.headers["X-Request-Id"]
    entry = await journal.only()
    assert entry["id"] == request_id
    assert entry["why"] is None
    assert entry["identity"] == "301:0.NA/88.900"
    assert (entry["operation"], entry["status"]) == ("create", 201)
    assert entry["request"]["method"] == "PUT"
    assert "https://example.org/" in entry["request"]["body"]


async def test_request_ids_come_back_and_are_the_entrys(http, journal):
    own = {"X-Request-Id": "case-42"}
    async with http.get(f"/api/handles/{NOTHING}", headers=own) as answer:
        assert answer.headers["X-Request-Id"] == "case-42"
    async with http.get(f"/api/handles/{HELLO}", headers=own) as answer:
        assert (answer.status, answer.headers["X-Request-Id"]) == (200, "case-42")
    async with http.get(f"/api/handles/{NOTHING}") as answer:
        drawn = answer.headers["X-Request-Id"]
    assert [entry["id"] for entry in await journal.entries()] == ["case-42", drawn]
    _, entry = await journal.call("GET", f"/api/v1/journal/{drawn}")
    assert entry["handle"] == NOTHING


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "rule"),
    [
        ("GET", "/api/handles/88.901.9/x", {}, None, "W-HDL-NOT-HOMED"),
        ("GET", f"/api/handles/{HELLO}?index=x", {}, None, "W-HTTP-MALFORMED"),
        ("PUT", "/api/handles/88.900.1/n", JSON, b"[]", "W-AUTH-NEEDED"),
        ("PUT", "/api/handles/88.900.1/n", ADMIN, b"{", "W-HTTP-MALFORMED"),
        ("PUT", "/api/handles/88.900.1/n", ADMIN | {"Content-Encoding": "x"}, b"[]", "W-HTTP-BODY"),
        ("PUT", "/api/handles/88.900.1/n", JSON | {"Authorization": "Basic eA=="}, b"[]",
         "W-HTTP-CREDENTIALS"),
        ("PUT", "/api/handles/88.900.1/n", JSON | UNENCODED, b"[]", "W-HTTP-USER-COLON"),
        ("POST", "/identity/token", JSON, DIGESTED, "W-SNMS-DIGEST-HERE"),
        ("GET", f"/{NOTHING}", {}, None, "W-HDL-NOT-FOUND"),
        ("GET", "/api/nowhere", {}, None, "W-HTTP-STATUS"),
        ("POST", "/api/v1/identifiers/batch", ADMIN, b"[[1]]", "W-BULK-REFUSED"),
        ("POST", "/api/v1/identifiers/batch", ADMIN, b"{{", "W-HTTP-"),
        ("POST", "/identity/token", JSON, b'{"username":"nobody","password":"x"}',
         "W-SNMS-ACCOUNT-UNKNOWN"),
        ("POST", "/identity/token", JSON, b'{"username":"demo"}', "W-SNMS-PARAMETER"),
        ("POST", "/", {"Content-Type": "application/x-hdl-message"}, b"\0" * 30, "W-"),
    ],
)  # fmt: skip
async def test_each_http_refusal_has_its_rule(http, journal, method, path, headers, body, rule):
    async with http.request(method, path, headers=headers, data=body, allow_redirects=False) as got:
        await got.read()
    entry = await journal.only()
    assert entry["why"]["rule"].startswith(rule)
    assert entry["status"] == got.status


async def token_of(http):
    body = {"username": "demo", "password": "idnode-demo"}
    async with http.post("/identity/token", json=body) as answer:
        return (await answer.json())["data"]["token"]


async def test_four_kinds_of_not_logged_in(http, journal, clock):
    token = await token_of(http)
    path = "/snms/api/v5/template"
    sent = [
        ({}, "NONE"),
        ({"Authorization": token}, "NO-BEARER"),
        ({"Authorization": f"Bearer {token[:-2]}"}, "GARBAGE"),
        ({"Authorization": f"Bearer {token}"}, "EXPIRED"),
    ]
    clock.advance(25 * 3600)
    try:
        said = [await (await http.get(path, headers=headers)).json() for headers, _ in sent]
    finally:
        clock.reset()
    assert {each["message"] for each in said} == {"未登录或登录已失效"}
    found = [entry["why"]["rule"] for entry in await journal.entries(refused="true")]
    assert found == [f"W-SNMS-TOKEN-{kind}" for _, kind in sent]


async def test_a_digest_of_yesterday(http, journal, clock):
    clock.set(1_800_000_000)
    try:
        day = _china_date(clock.now() - 86_400)
        inner = hashlib.sha256(b"idnode-demo").hexdigest()
        digest = hashlib.sha256((inner + day).encode()).hexdigest()
        body = {"username": "demo", "password": digest}
        answer = await (await http.post("/identity/token/v1", json=body)).json()
    finally:
        clock.reset()
    assert answer["status"] != 1
    entry = await journal.only()
    assert entry["why"]["rule"] == "W-SNMS-DIGEST-DATE"
    assert day in entry["why"]["en"]
    assert digest not in json.dumps(entry)


def _china_date(now):
    from datetime import UTC, datetime, timedelta

    return f"{datetime.fromtimestamp(now, UTC) + timedelta(hours=CHINA_HOURS):%Y-%m-%d}"


async def test_a_batch_with_every_item_refused_under_status_1(http, journal):
    bearer = {"Authorization": f"Bearer {await token_of(http)}"}
    items = [{"handle": f"88.900.1/b{n}", "templateVersion": "none", "value": []} for n in range(3)]
    path = "/identityv2/data/batchCreate"
    async with http.post(path, json=items, headers=bearer) as answer:
        assert (await answer.json())["status"] == 1
    entry = await journal.only(rule="W-SNMS-BATCH-ALL-REFUSED")
    assert "3" in entry["why"]["en"]
    assert entry["account"] == "demo"
    absent, present = entry["near"]
    assert "88.900.1 none" in absent["zh"]
    assert present["names"] or "88.900.1" in present["zh"]


async def test_a_template_version_that_is_not_there(http, journal):
    bearer = {"Authorization": f"Bearer {await token_of(http)}"}
    body = {
        "handle": "88.900.1/t", "templateVersion": "nun",
        "value": [{"index": 2000, "type": "a", "data": {"format": "string", "value": "x"}}],
    }  # fmt: skip
    async with http.post("/identityv2/data", json=body, headers=bearer) as answer:
        assert (await answer.json())["status"] != 1
    entry = await journal.only(rule="W-SNMS-ABSENT")
    assert (entry["handle"], entry["account"]) == ("88.900.1/t", "demo")
    assert entry["near"]


async def test_what_cannot_be_decoded_is_kept(node, journal):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=node.addresses.handle_udp
    )
    transport.sendto(b"\x02\x0b too short")
    verdict = await journal.verify(match={"rule": "W-HDL-ENVELOPE-SHORT"}, exactly=1, within=0)
    if not verdict["ok"]:
        verdict = await journal.verify(match={"rule": "W-HDL-ENVELOPE-SHORT"}, within=20)
    assert verdict["ok"]
    transport.close()
    for address, data, rule in (
        (node.addresses.http, b"no HTTP at all\r\n\r\n", "W-HTTP-NOT-HTTP"),
        (
            node.addresses.handle_tcp,
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "W-HDL-OTHER-PROTOCOL",
        ),
    ):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(data)
        writer.write_eof()
        await reader.read()
        writer.close()
        assert (await journal.verify(match={"rule": rule}, within=20))["ok"], rule
    assert all(entry["answer"] is None or entry["status"] for entry in await _whole(journal))


async def _whole(journal):
    return [
        (await journal.call("GET", f"/api/v1/journal/{entry['number']}"))[1]
        for entry in await journal.entries()
    ]


async def test_verification_waits_for_what_comes(http, journal):
    wanted = {"match": {"handle": NOTHING, "status": 404}}
    waiting = asyncio.create_task(journal.verify(**wanted, exactly=2, within=0))
    assert not (await waiting)["ok"]
    waiting = asyncio.create_task(journal.verify(**wanted, at_least=2, within=60))
    for _ in range(2):
        await (await http.get(f"/api/handles/{NOTHING}")).read()
    assert (await waiting)["ok"]
    assert (await journal.verify(**wanted, exactly=2))["ok"]
    assert not (await journal.verify(**wanted, never=True))["ok"]
    assert (await journal.verify(match={"face": "snms"}, never=True))["ok"]
    assert (await journal.verify(**wanted, at_most=2))["ok"]
    await (await http.get("/api/handles/88.900.1/second")).read()
    order = [{"handle": NOTHING}, {"handle": "88.900.1/second"}]
    assert (await journal.verify(order=order))["ok"]
    assert not (await journal.verify(order=order[::-1]))["ok"]
    status, told = await journal.call("POST", "/api/v1/journal/verify", json={"match": {"x": 1}})
    assert status == 400
    assert "x" in told["message"]


async def test_the_stream_tells_what_comes(http, journal):
    asked = {"after": journal.after, "handle": NOTHING}
    await (await http.get(f"/api/handles/{NOTHING}")).read()
    async with journal.session.get("/api/v1/journal/stream", params=asked) as stream:
        assert stream.content_type == "text/event-stream"
        await (await http.get("/api/handles/88.900.1/other")).read()
        await (await http.get(f"/api/handles/{NOTHING}")).read()
        found = []
        async for line in stream.content:
            if line.startswith(b"data: "):
                found.append(json.loads(line[6:]))
            if len(found) == 2:
                break
    assert [entry["handle"] for entry in found] == [NOTHING, NOTHING]
    assert found[0]["why"]["rule"] == "W-HDL-NOT-FOUND"


async def test_filters_cursors_and_clearing(node, http, journal):
    for suffix in ("a", "b", "c"):
        await (await http.get(f"/api/handles/88.900.1/missing-{suffix}")).read()
    assert len(await journal.entries(text="MISSING")) == 3
    assert len(await journal.entries(prefix="88.900.1", code=100, face="handle_json")) == 3
    assert await journal.entries(prefix="1.2.3") == []
    first = await journal.entries(limit=2)
    journal.after = first[-1]["number"]
    assert [entry["handle"] for entry in await journal.entries()] == ["88.900.1/missing-c"]
    status, _ = await journal.call("GET", "/api/v1/journal", params={"colour": "red"})
    assert status == 400
    _, told = await journal.call("DELETE", "/api/v1/journal")
    assert told["forgotten"] >= 3
    assert (await journal.call("GET", "/api/v1/journal"))[1]["items"] == []
    assert (await journal.call("GET", f"/api/v1/journal/{journal.after}"))[0] == 404
