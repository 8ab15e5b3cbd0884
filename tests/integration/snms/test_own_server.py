"""A prefix moves from this node to the enterprise's own server, and back.

- From then on every face refers to that server, whether or not the identifier was registered here before: UDP, TCP, Handle
  JSON, the page for browsers, the bulk API in each encoding; SNMS says who answers.
- What was registered here rests: it is listed, and can be deleted; new identifiers are refused with the server's address.
- Hosted here again, it is answered as before.
"""

import json

import msgpack
import pytest

from idnode.clients import aio
from idnode.clients.answer import Question, Transport
from idnode.clients.web_requests import Credential

PREFIX = "88.900.7"
KEPT, ABSENT = f"{PREFIX}/kept", f"{PREFIX}/absent"
HOSTED = {"proxyServerId": 1, "entPrefixConfig": {"entPrefix": PREFIX}}
OWN = {
    "entPrefixConfig": {
        "entPrefix": PREFIX,
        "hdlType": "HS_SITE",
        "ipType": "4",
        "ip": "192.0.2.10",
        "tcpPort": "2641",
    }
}
NODE = {"Authorization": Credential(301, "0.NA/88.900", "idnode-demo").authorization()}


@pytest.fixture
async def moved(gear, template, record):
    """Return the enterprise's caller, with an identifier registered here before its prefix moved."""
    await gear.good("POST", "/snms/api/ent/config", HOSTED)
    await gear.good("POST", "/snms/api/v5/template", template | {"prefix": PREFIX})
    await gear.good("POST", "/identityv2/data", record(KEPT))
    await gear.good("POST", "/snms/api/ent/config", OWN)
    return gear


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
@pytest.mark.parametrize("handle", [KEPT, ABSENT])
async def test_the_handle_protocol_refers(snms, moved, transport, handle):
    async with aio.Client(snms.addresses.handle_tcp, transport=transport) as client:
        answer = await client.query(Question(handle.encode()))
    assert (answer.response_code, [value.type for value in answer.values]) == (302, ["HS_SITE"])


@pytest.mark.parametrize("handle", [KEPT, ABSENT])
async def test_so_does_http(moved, handle):
    async with moved.session.get(f"/api/handles/{handle}") as answer:
        found = await answer.json()
        assert (answer.status, found["responseCode"]) == (300, 302)
        (site,) = found["values"]
        assert site["data"]["value"]["servers"][0]["address"] == "192.0.2.10"
    async with moved.session.get(f"/{handle}?noredirect") as answer:
        assert answer.status == 300
        assert "answered for elsewhere" in await answer.text()
    status, message = await moved.told("GET", "/identityv2/data/detail", handle=handle)
    assert (status, message) == (-2, "没有找到标识（该标识由其他服务器解析：192.0.2.10:2641）")


@pytest.mark.parametrize("encoding", ["application/json", "application/msgpack"])
async def test_so_does_the_bulk_api(moved, encoding):
    asked = [KEPT, ABSENT, "88.900.1/hello"]
    headers = NODE | {"Content-Type": encoding, "Accept": encoding}
    body = msgpack.packb(asked) if "msgpack" in encoding else json.dumps(asked).encode()
    path = "/api/v1/identifiers/resolve"
    async with moved.session.post(path, data=body, headers=headers) as answer:
        content = await answer.read()
        found = msgpack.unpackb(content) if "msgpack" in encoding else await answer.json()
    assert [each.get("code", 1) for each in found["records"]] == [302, 302, 1]


async def test_what_is_left_is_listed_and_can_be_deleted(moved, record):
    told = "前缀未托管（标识由企业自建服务器192.0.2.10:2641管理，请在该服务器上操作）"
    assert await moved.told("POST", "/identityv2/data", record(f"{PREFIX}/new")) == (-2, told)
    assert await moved.told("PUT", "/identityv2/data", record(KEPT)) == (-2, told)
    assert await moved.told("DELETE", "/identityv2/data", {"handle": ABSENT}) == (-2, told)
    assert await listed(moved) == [KEPT.upper()]
    found = await moved.good("DELETE", "/identityv2/data/batchDelete", [KEPT, ABSENT])
    assert [each["code"] for each in found] == [1, -2]
    assert await listed(moved) == []


async def listed(caller):
    found = [(await (await ask(caller, "/api/handles", NODE)).json())["handles"]]
    token = {"Authorization": f"Bearer {caller.token}"}
    for path in ("/api/handles", "/api/v1/identifiers"):
        handles = (await (await ask(caller, path, token)).json())["handles"]
        found.append([each.upper() for each in handles])
    assert found[0] == found[1] == found[2]
    return found[0]


async def ask(caller, path, headers, prefix=PREFIX):
    return await caller.session.get(path, params={"prefix": prefix}, headers=headers)


@pytest.mark.parametrize("path", ["/api/handles", "/api/v1/identifiers"])
async def test_a_token_lists_its_own_prefixes_and_no_other(moved, admin, demo, path):
    for caller, prefix, status in (
        (moved, PREFIX, 200),
        (moved, "88.900.1", 403),
        (moved, "88.900", 403),
        (moved, "99.1", 403),
        (demo, "88.900.1", 200),
        (demo, PREFIX, 403),
        (admin, PREFIX, 200),
        (admin, "88.900", 200),
    ):
        token = {"Authorization": f"Bearer {caller.token}"}
        assert (await ask(caller, path, token, prefix)).status == status, prefix
    answer = await ask(moved, path, {"Authorization": "Bearer forged"})
    assert (answer.status, (await answer.json())["responseCode"]) == (401, 402)


async def test_it_is_answered_again_once_the_prefix_is_back(snms, moved):
    await moved.good("POST", "/snms/api/ent/config", HOSTED)
    assert (await moved.good("GET", "/identityv2/data/detail", handle=KEPT))["handle"] == KEPT
    async with aio.Client(snms.addresses.handle_tcp, transport=Transport.UDP) as client:
        assert (await client.resolve(KEPT)).response_code == 1


async def test_an_unhosted_prefix_is_told_the_way(gear, record):
    told = await gear.told("POST", "/identityv2/data", record(KEPT))
    assert told == (
        -2,
        "前缀未托管（请先调用POST /snms/api/ent/config，填写proxyServerId=1托管到本节点）",
    )
