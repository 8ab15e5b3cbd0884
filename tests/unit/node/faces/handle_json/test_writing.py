"""Writing over JSON, beyond what the recorded exchanges show.

Promises: a body that is wrong in whatever way is answered by the protocol's own error and changes nothing; what
was written is read back; arbitrary bytes never get an unplanned answer.
"""

import json
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HANDLE = "/api/handles/88.900/w"
JSON = {"Content-Type": "application/json"}


async def put(client, admin, body, query="", kind="application/json"):
    headers = {**admin, **({"Content-Type": kind} if kind else {})}
    skipped = [] if kind else ["Content-Type"]
    async with client.put(
        HANDLE + query, data=body, headers=headers, skip_auto_headers=skipped
    ) as response:
        return response.status, await response.text()


def one(**members):
    return json.dumps([{"index": 1, "type": "T", "data": "x", **members}]).encode()


BAD_BODIES = {
    b"{nope": "com.google.gson.JsonSyntaxException: java.io.EOFException: End of input at line 1 column 6 path $.nope",
    b'{"values":[': "com.google.gson.JsonSyntaxException: java.io.EOFException: End of input at line 1 column 12 path $.values[0]",
    b"": "java.lang.Exception: Invalid JSON in PUT request",
    b"7": "java.lang.Exception: Invalid JSON in PUT request",
    b"\xff\xfe": "java.nio.charset.MalformedInputException: Input length = 1",
    b"[" * 100_000: None,
    b'{"values":7}': None,
    b"[7]": None,
    b'[{"index":1}]': None,
    b'{"handle":"88.900/other","values":[]}': "java.lang.Exception: Mismatched handle in PUT request",
    b'{"handle":7,"values":[]}': "java.lang.Exception: Mismatched handle in PUT request",
    one(
        index="abc"
    ): 'com.google.gson.JsonParseException: java.lang.NumberFormatException: For input string: "abc"',
    one(index=2**40): None,
    one(index=1e400): None,
    one(data={"format": "nosuch", "value": "q"}): (
        "com.google.gson.JsonParseException: java.text.ParseException: Unexpected type nosuch"
    ),
    one(data={"format": "hex", "value": "0"}): None,
    one(data={"format": "admin", "value": {}}): None,
    one(data={"format": "vlist", "value": [7]}): None,
    one(data={"format": "site", "value": {"servers": 7}}): None,
    one(data={"format": "key", "value": {"kty": "RSA"}}): None,
    one(ttl="2030-13-01T00:00:00Z"): None,
    one(ttl=2**40): None,
    one(references=[{"handle": "a/b"}]): None,
    one(data="x" * 300_000): None,
}


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:40]))
async def test_a_body_that_is_wrong_changes_nothing(house, client, admin, body):
    status, text = await put(client, admin, body)
    assert status == 400, text
    found = json.loads(text)
    assert list(found) == ["responseCode", "message"]
    assert found["responseCode"] == 4
    if BAD_BODIES[body] is not None:
        assert found["message"] == BAD_BODIES[body]
    assert house.register.lookup(b"88.900/w") is None


async def test_another_kind_of_body_is_refused(client, admin):
    for kind, shown in (("text/plain", "text/plain"), (None, "null")):
        status, text = await put(client, admin, one(), kind=kind)
        assert status == 400
        message = f"java.lang.Exception: Unsupported media type {shown}"
        assert json.loads(text) == {"responseCode": 4, "message": message}


async def test_a_body_over_the_bound_is_refused(house, client, admin):
    status, text = await put(client, admin, BytesIO(bytes(2 * 1024 * 1024 + 1)))
    assert (status, json.loads(text)["responseCode"]) == (413, 4)


async def test_indexes_are_judged_before_anybody_is_asked_who_he_is(client):
    for body, status, code in (
        (one(index=0), 400, 202),
        (b'[{"index":1,"type":"T","data":""},{"index":1,"type":"T","data":""}]', 409, 201),
    ):
        found = await put(client, {}, body)
        assert (found[0], json.loads(found[1])["responseCode"]) == (status, code)


async def test_every_format_is_read_back_as_it_was_written(client, admin):
    site = {
        "version": 1,
        "protocolVersion": "2.11",
        "serialNumber": 3,
        "primarySite": True,
        "multiPrimary": False,
        "hashOption": 1,
        "attributes": [{"name": "desc", "value": "工厂"}],
        "servers": [
            {
                "serverId": 1,
                "address": "10.0.0.1",
                "publicKey": {"format": "key", "value": {"kty": "RSA", "n": "4a9R", "e": "AQAB"}},
                "interfaces": [{"query": True, "admin": False, "protocol": "HTTP", "port": 8000}],
            }
        ],
    }
    written = [
        {"index": 1, "type": "T", "data": {"format": "string", "value": '"\\\n\t泵🎉'}},
        {"index": 2, "type": "B", "data": {"format": "base64", "value": "AAH/"}},
        {"index": 3, "type": "HS_SITE", "data": {"format": "site", "value": site}},
        {"index": 4, "type": "HS_VLIST", "data": {"format": "vlist", "value": []}},
        {"index": 5, "type": "HS_ADMIN", "data": {"format": "string", "value": "no admin"}},
        {"index": 6, "type": "HS_SITE", "data": {"format": "string", "value": "no site"}},
        {"index": 7, "type": "T", "data": {"format": "string", "value": ""}},
    ]
    status, text = await put(client, admin, json.dumps({"values": written}).encode())
    assert status == 201, text
    async with client.get(HANDLE) as response:
        shown = (await response.json())["values"]
    members = ("index", "type", "data")
    assert [{name: value[name] for name in members} for value in shown] == written


async def test_a_suffix_is_minted_behind_a_given_start(client, admin):
    path = "/api/handles/88.900/pre-?mintNewSuffix=true"
    async with client.put(path, data=one(), headers={**admin, **JSON}) as response:
        assert response.status == 201
        handle = (await response.json())["handle"]
    assert handle.startswith("88.900/pre-")
    assert len(handle) == len("88.900/pre-") + 36
    async with client.get("/api/handles/" + handle) as response:
        assert response.status == 200


async def test_values_are_removed_and_the_rest_stays(client, admin):
    body = b'[{"index":1,"type":"A","data":""},{"index":2,"type":"B","data":""}]'
    assert (await put(client, admin, body))[0] == 201
    for query, status, code in (("?index=9", 400, 200), ("?index=1", 200, 1), ("?index=x", 400, 4)):
        async with client.delete(HANDLE + query, headers=admin) as response:
            assert (response.status, (await response.json())["responseCode"]) == (status, code)
    async with client.get(HANDLE) as response:
        assert [value["index"] for value in (await response.json())["values"]] == [2]
    for status in (200, 404):
        async with client.delete(HANDLE, headers=admin) as response:
            assert response.status == status


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic eHg=",
        "Basic " + "A" * 8000,
        "Bearer x",
        "Handle sessionId=x",
        "x",
    ],
)
async def test_credentials_that_prove_nothing_are_refused_without_a_body(client, header):
    async with client.put(
        HANDLE, data=one(), headers={"Authorization": header, **JSON}
    ) as response:
        assert response.status == 401
        assert await response.text() == ""
        assert 'error="Identity not verified"' in response.headers.getall("WWW-Authenticate")[-1]


async def test_the_observer_learns_of_each_change(house, client, admin):
    await put(client, admin, one())
    await put(client, admin, one(), "?overwrite=false")
    await put(client, admin, one(), "?index=1")
    async with client.delete(HANDLE + "?index=1", headers=admin):
        pass
    async with client.delete(HANDLE, headers=admin):
        pass
    assert [answer[:2] for answer in house.observer.answers] == [
        ("create", 1),
        ("create", 101),
        ("add", 1),
        ("remove", 1),
        ("delete", 1),
    ]
    assert house.observer.registrations == [(1, b"88.900", 1), (101, b"88.900", 1)]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["index", "type", "data", "format", "value", "handle", "servers", "kty", "ttl"]
            ),
            inner,
            max_size=6,
        )
        | st.fixed_dictionaries(
            {
                "index": st.integers(0, 3),
                "type": st.just("T"),
                "data": st.fixed_dictionaries(
                    {
                        "format": st.sampled_from(
                            ["admin", "vlist", "site", "key", "hex", "base64"]
                        ),
                        "value": inner,
                    }
                ),
            }
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=64) | TREES.map(lambda tree: json.dumps(tree).encode()))
async def test_arbitrary_bodies_get_an_answer_of_the_protocol(client, admin, body):
    for query in ("", "?index=1"):
        status, text = await put(client, admin, body, query)
        assert status in {200, 201, 400, 404, 409}, text
        assert json.loads(text)["responseCode"] in {1, 4, 100, 102, 201, 202}
