"""The walk of the guide, by an application that knows the API's page alone.

- Challenge, token, template, publication, identifier, resolution, grant, list: each answers as the page shows.
- What is granted to everybody resolves alike over UDP, TCP, JSON and SNMS; what is not is shown by none of them.
"""

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.clients.snms import Client as Snms
from idnode.clients.snms_requests import Account
from idnode.node.addresses import url_of

HANDLE = "88.900.1/P-0001"


async def read_by_everybody(node):
    """Return the item values that strangers read, by face."""
    found = {}
    async with aio.Client(node.addresses.handle_udp) as client:
        for transport in (Transport.UDP, Transport.TCP):
            answer = await client.query(Question(HANDLE.encode()), transport=transport)
            found[transport.name] = answer.values
    async with web.Client(url_of(node.addresses.http)) as stranger:
        found["JSON"] = (await stranger.query(Question(HANDLE.encode()))).values
    read = {
        face: {value.type: value.data.decode() for value in values if value.index >= 2000}
        for face, values in found.items()
    }
    async with Snms(url_of(node.addresses.http), Account("demo", "idnode-demo")) as snms:
        detail = await snms.detail(HANDLE)
    read["SNMS"] = {each.type: each.value for each in detail.attributes if each.index >= 2000}
    return read


async def test_the_walk_of_the_guide(idhub, app, new_template):
    caller = await app(idhub, "88.900.1/App_demo")
    meta = await caller.template(new_template(), publish=False)
    assert meta.startswith("88.900.1/META_")
    content = {"model": "IS80-65", "weight": "41.5"}
    unpublished = await caller.write("0.DOIP/Op.Create", HANDLE, meta, content)
    assert unpublished["code"] == 600
    (outcome,) = await caller.publish(meta)
    assert outcome == {"metaHandle": meta, "state": "success", "reason": ""}
    echo = await caller.create(HANDLE, meta, content)
    assert echo == {"type": meta, "attributes": {"content": content}}
    found = (await caller.retrieve(HANDLE))["data"]
    assert (found["id"], found["type"]) == (HANDLE, meta)
    assert found["attributes"]["elements"] == [
        {"index": 2000, "type": "model", "name": "型号", "data": "IS80-65", "dataType": 1},
        {"index": 2001, "type": "weight", "name": "重量", "data": "41.5", "dataType": 2},
    ]
    history = found["attributes"]["attributes"]["metaData"]
    assert history["creator"] == history["updater"] == "88.900.1/App_demo"
    assert found["values"][0] == {"index": 2000, "type": "model", "value": "IS80-65"}
    hidden = await read_by_everybody(idhub)
    assert set(hidden) == {"UDP", "TCP", "JSON", "SNMS"}
    assert not any(hidden.values())
    grant = {"handle": HANDLE, "grantType": 2, "readerScope": 1}
    await caller.good("POST", "/single-handle/authorization", grant)
    shown = await read_by_everybody(idhub)
    assert all(each == content for each in shown.values()), shown
    page = await caller.good("GET", "/open/handle/page", metaHandle=meta)
    assert (page["pageNumber"], page["totalCount"], page["totalPage"]) == (1, 1, 1)
    assert page["content"][0]["handleName"] == HANDLE
    assert (await caller.write("0.DOIP/Op.Delete", HANDLE))["code"] == 1
    assert (await caller.retrieve(HANDLE))["code"] == 104
    assert (await caller.good("GET", "/open/handle/page", metaHandle=meta))["totalCount"] == 0
