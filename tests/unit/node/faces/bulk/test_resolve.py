"""Bulk resolution over HTTP.

Promises: records come in the order of the handles, in the encoding asked for, and can be sent back as a batch;
a handle without an answer says why; restricted values stay hidden; filters work as for one handle.
"""

import json

import msgpack
import pytest

RESOLVE = "/api/v1/identifiers/resolve"
NOW = 1_700_000_000


@pytest.fixture
async def records(house):
    found = [
        {"index": 1, "type": "URL", "data": "https://example.org/a"},
        {"index": 2, "type": "B", "data": {"format": "base64", "value": "AP8="}, "ttl": 60},
        {"index": 3, "type": "ABS", "data": "x", "ttl": "2030-01-01T00:00:00Z"},
        {"index": 4, "type": "SECRET", "data": "x", "permissions": "1100"},
    ]
    await house.seed("88.900/a", found)
    await house.seed("88.900/泵", [found[0]])
    await house.seed("88.900/hidden", [found[3]])


async def resolve(client, admin, handles, query="", **headers):
    sent = {"Content-Type": "application/json", **admin, **headers}
    async with client.post(RESOLVE + query, data=json.dumps(handles), headers=sent) as response:
        return response, await response.read()


SHOWN = [
    [1, "URL", "https://example.org/a", 86400, NOW],
    [2, "B", {"base64": "AP8="}, 60, NOW],
    [3, "ABS", "x", "2030-01-01T00:00:00Z", NOW],
]


async def test_each_handle_gets_its_record_or_the_reason_in_order(client, admin, records):
    handles = ["88.900/a", "88.900/none", "88.900/泵", "99.9/x", "88.900/hidden", 7]
    response, body = await resolve(client, admin, handles)
    assert response.status == 200
    found = json.loads(body)["records"]
    assert [record["handle"] for record in found] == [*handles[:5], None]
    assert [record.get("code") for record in found] == [None, 100, None, 301, 200, 102]
    assert found[0]["values"] == SHOWN
    assert found[1]["values"] is None
    assert found[3]["message"] == "That prefix doesn't live here"


async def test_the_answer_comes_in_the_encoding_asked_for(client, admin, records):
    _response, body = await resolve(client, admin, ["88.900/a"], Accept="application/msgpack")
    (record,) = msgpack.unpackb(body)["records"]
    assert record["values"][1] == [2, "B", b"\x00\xff", 60, NOW]
    lines = ["88.900/a"] * 600
    _response, body = await resolve(client, admin, lines, Accept="application/x-ndjson")
    assert [json.loads(line)["handle"] for line in body.splitlines()] == lines


async def test_long_answers_are_whole(client, admin, records):
    handles = [f"88.900/{number}" for number in range(1001)]
    _response, body = await resolve(client, admin, handles)
    assert [record["handle"] for record in json.loads(body)["records"]] == handles
    _response, body = await resolve(client, admin, handles, Accept="application/msgpack")
    assert len(msgpack.unpackb(body)["records"]) == 1001


async def test_no_handles_get_no_records(client, admin):
    assert (await resolve(client, admin, []))[1] == b'{"records":[]}'


async def test_values_are_selected_as_for_one_handle(client, admin, records):
    _response, body = await resolve(client, admin, ["88.900/a"], "?type=url&index=3")
    assert json.loads(body)["records"][0]["values"] == [SHOWN[0], SHOWN[2]]
    response, body = await resolve(client, admin, ["88.900/a"], "?index=x")
    assert response.status == 400
    assert json.loads(body)["responseCode"] == 4


async def test_a_resolved_record_can_be_sent_back_as_a_batch(client, admin, records):
    _response, body = await resolve(client, admin, ["88.900/a"], "?index=1&index=2")
    (record,) = json.loads(body)["records"]
    item = ["88.900/copy", [value[:4] for value in record["values"]]]
    batch = "/api/v1/identifiers/batch"
    async with client.post(batch, json=[item], headers=admin) as response:
        assert (await response.json())["accepted"] == 1
    _response, body = await resolve(client, admin, ["88.900/copy"])
    assert json.loads(body)["records"][0]["values"] == record["values"]


async def test_strangers_are_asked_who_they_are(client, records):
    response, _body = await resolve(client, {}, ["88.900/a"])
    assert response.status == 401


async def test_the_observer_learns_the_outcomes(house, client, admin, records):
    await resolve(client, admin, ["88.900/a", "88.900/none", "88.900/a"])
    assert sorted(house.observer.resolutions) == [(1, b"88.900", 2), (100, b"88.900", 1)]
    assert house.observer.answers[-1] == ("batch_resolve", 1, b"88.900")
