"""The life of an enterprise, over HTTP only, with every face asked at each step.

registry → apply → approve → config (hosted) → token (plain and digested) → template v5 → batch of 2,000 with 3 bad
items → detail → update → batchUpdate → batchDelete; the same identifiers over UDP, TCP and JSON all along.
"""

import datetime as dt
import json

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import HandleNotFound
from idnode.node.addresses import url_of

PREFIX = "88.900.7"


class EveryFace:
    """Asks UDP, TCP and JSON for a record without its administrators, and insists on one answer."""

    def __init__(self, node, session):
        self._node = node
        self._session = session

    async def over(self, transport, handle):
        async with aio.Client(self._node.addresses.handle_tcp, transport=transport) as client:
            try:
                answer = await client.resolve(handle)
            except HandleNotFound:
                return None
        return {
            value.index: (value.type, value.data.decode(errors="replace"))
            for value in answer.values
            if value.type != "HS_ADMIN" or handle.startswith("0.NA/")
        }

    async def json(self, handle):
        async with self._session.get(f"/api/handles/{handle}") as answer:
            found = await answer.json()
        if found["responseCode"] == 100:
            return None
        assert found["responseCode"] == 1
        shown = [each for each in found["values"] if each["type"] != "HS_ADMIN"]
        return {each["index"]: (each["type"], each["data"]["value"]) for each in shown}

    async def __call__(self, handle):
        """Return index → (type, text), or None when there is no record."""
        answers = [
            await self.over(Transport.UDP, handle),
            await self.over(Transport.TCP, handle),
            await self.json(handle),
        ]
        assert answers[0] == answers[1] == answers[2]
        return answers[0]


@pytest.fixture
async def node(serve):
    return await serve(auto_approve=False)


@pytest.fixture
async def management(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:
        yield session


async def approve(management):
    """Approve what waits for the prefix, as a reviewer does."""
    reviews = await (await management.get("/api/v1/reviews")).json()
    assert [row["prefix"] for row in reviews["items"]] == [PREFIX]
    path = f"/api/v1/reviews/{PREFIX}/approve"
    async with management.post(path, json={}) as answer:
        assert answer.status == 200
        return await answer.json()


async def come_aboard(admin, digest):
    """Register a user, then have it apply with its own token."""
    user = {
        "username": "gear",
        "password": digest("secret of gear"),
        "email": "gear@example.org",
        "mobile": "13900000001",
    }
    assert await admin.good("POST", "/identity/registry", user) is True


async def digested_login(caller, digest, clock):
    china = dt.datetime.fromtimestamp(clock.now(), dt.UTC)
    day = (china + dt.timedelta(hours=8)).date().isoformat()
    body = {"username": "gear", "password": digest(digest("secret of gear") + day)}
    caller.token = (await caller.good("POST", "/identity/token/v1", body))["token"]


def pump(number, text="IS80-65", prefix=PREFIX):
    data = {"format": "string", "value": text}
    return {
        "handle": f"{prefix}/P-{number}",
        "templateVersion": "pump",
        "value": [{"auth": "", "index": 2000, "type": "model", "data": data}],
    }


def record(text="IS80-65"):
    return {
        1000: ("TEMPLATE_ID", f"{PREFIX}/tpl-pump"),
        1001: ("TEMPLATE", "pump"),
        2000: ("model", text),
    }


async def get_hosted(gear, management, ask, form):
    """Apply, wait, be approved; then have the prefix hosted, with a second approval."""
    files = [(await gear.upload())["data"]["id"] for _ in range(3)]
    application = form(PREFIX, files) | {"username": "gear"}
    assert await gear.good("POST", "/snms/api/v3/ent/upgrade-apply", application) is True
    waiting = await gear.good("GET", "/snms/api/prefix/query", prefix=PREFIX)
    assert waiting["status"] == 4
    hosted = {"proxyServerId": 1, "entPrefixConfig": {"entPrefix": PREFIX}}
    assert await gear.bad("POST", "/snms/api/ent/config", hosted) == (-2, "前缀未启用")
    assert await ask(f"0.NA/{PREFIX}") is None

    assert (await approve(management))["status_name"] == "enabled"
    assert set(await ask.over(Transport.UDP, f"0.NA/{PREFIX}")) == {200}
    assert await gear.good("POST", "/snms/api/ent/config", hosted) is True
    assert (await approve(management))["proxy_state_name"] == "hosted"
    assert set(await ask.over(Transport.TCP, f"0.NA/{PREFIX}")) == {1, 100, 200}
    listed = await gear.good("GET", "/snms/api/prefix/page", entPrefix=PREFIX)
    assert listed["content"][0]["proxyState"] == 4


async def register_many(gear, ask):
    """Register 2,000 identifiers, three of them bad."""
    batch = [pump(number) for number in range(2000)]
    batch[3] = pump(2)
    batch[4]["value"][0]["index"] = 1000
    batch[5] = pump(5, prefix="88.900.1")
    outcomes = await gear.good("POST", "/identityv2/data/batchCreate", batch)
    failed = {at: each["msg"] for at, each in enumerate(outcomes) if each["msg"] != "success"}
    assert failed == {
        3: "标识已存在",
        4: "非法操作，索引1000在模板中不存在",
        5: "无操作权限",
    }
    assert [each["handle"] for each in outcomes] == [each["handle"] for each in batch]
    for number in (0, 2, 1999):
        assert await ask(f"{PREFIX}/P-{number}") == record()
    assert await ask(f"{PREFIX}/P-4") is None


async def change_and_delete(gear, ask):
    """Update one, update some, delete some."""
    assert await gear.good("PUT", "/identityv2/data", pump(0, "IS100")) is True
    assert await ask(f"{PREFIX}/P-0") == record("IS100")
    updates = [pump(number, "IS125") for number in (0, 1, 4)]
    outcomes = await gear.good("PUT", "/identityv2/data/batchUpdate", updates)
    assert [each["msg"] for each in outcomes] == ["success", "success", "标识不存在"]
    assert await ask(f"{PREFIX}/P-1") == record("IS125")

    handles = [f"{PREFIX}/P-{number}" for number in (0, 1, 4)]
    outcomes = await gear.good("DELETE", "/identityv2/data/batchDelete", handles)
    assert outcomes == [
        {"handle": handles[0], "code": 1, "msg": "success"},
        {"handle": handles[1], "code": 1, "msg": "success"},
        {"handle": handles[2], "code": -2, "msg": "标识不存在"},
    ]
    assert await ask(handles[0]) is None
    query = {"handle": handles[0]}
    assert await gear.bad("GET", "/identityv2/data/detail", **query) == (-2, "没有找到标识")


async def test_an_enterprise_lives(node, call_on, management, form, digest, clock, template):
    admin = await call_on(node).login("admin")
    gear = call_on(node)
    ask = EveryFace(node, gear.session)
    await come_aboard(admin, digest)
    await gear.login("gear", "secret of gear")
    await get_hosted(gear, management, ask, form)

    await digested_login(gear, digest, clock)
    template["prefix"] = PREFIX
    assert await gear.good("POST", "/snms/api/v5/template", template) is True
    await register_many(gear, ask)

    detail = await gear.good("GET", "/identityv2/data/detail", handle=f"{PREFIX}/P-0")
    assert (detail["prefix"], detail["templateVersion"]) == (PREFIX, "pump")
    assert [each["index"] for each in detail["value"]] == [1000, 1001, 2000]
    await change_and_delete(gear, ask)

    volumes = await (await management.get(f"/api/v1/volumes?prefix={PREFIX}")).json()
    assert volumes["items"][0]["registrations"] == 1997
    assert volumes["items"][0]["resolutions"] >= 10
    top = await (await management.get("/api/v1/volumes/top?count=1")).json()
    assert top["items"][0]["prefix"] == PREFIX
    assert top["items"][0]["registrations"] == 1997


async def test_another_face_writes_what_this_one_reads(node, call_on, digest, clock):
    gear = call_on(node)
    identity = {"Authorization": "Basic MzAxJTNBMC5OQSUyRjg4LjkwMC4xOmlkbm9kZS1kZW1v"}
    values = [{"index": 7, "type": "URL", "data": "https://example.org/"}]
    async with gear.session.put(
        "/api/handles/88.900.1/json", json=values, headers=identity
    ) as answer:
        assert answer.status == 201
    found = await gear.good("GET", "/identityv2/data/detail", handle="88.900.1/json")
    assert found["templateVersion"] == ""
    assert json.dumps(found["value"]) == json.dumps(
        [
            {
                "auth": "1",
                "index": 7,
                "type": "URL",
                "data": {"format": "string", "value": "https://example.org/"},
            }
        ]
    )
