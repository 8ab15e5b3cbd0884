"""JSON bodies are read as the original's library reads them.

Promises: text that is JSON only leniently is taken; numbers and truth values stand for their text; what the original
refuses is refused, with its code; whatever the shape of a body, a client is answered in the protocol's own form and
never shown anything of Python.
"""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HANDLE = "/api/handles/88.900/gson"
PYTHON = re.compile(
    r"Traceback|object has no|has no len|NoneType|unhashable|subscriptable|'\w+' object|codec can't"
)


async def put(client, admin, body, query=""):
    headers = admin | {"Content-Type": "application/json"}
    data = body if isinstance(body, bytes) else body.encode(errors="replace")
    async with client.put(HANDLE + query, data=data, headers=headers) as answer:
        return answer.status, await answer.json()


async def stored(client, admin):
    async with client.get(HANDLE, headers=admin) as answer:
        return (await answer.json())["values"]


LENIENT = {
    "single quotes, bare names": "[{'index':1, type:'T', data:bare}]",
    "comments": '# a\n[ // b\n{/* c */"index":1,"type":"T","data":"bare"}]',
    "other separators": '{"index"=1;"type"=>"T";"data":"bare"}',
    "byte order mark": '\ufeff[{"index":1,"type":"T","data":"bare"}]',
    "index with a fraction": '[{"index":1.0,"type":"T","data":"bare"}]',
    "index as text": '[{"index":"1","type":"T","data":"bare"}]',
    "lists of one": '[{"index":[1],"type":["T"],"data":{"format":["string"],"value":["bare"]}}]',
    "format in capitals": '[{"index":1,"type":"T","data":{"format":"STRING","value":"bare"}}]',
}


@pytest.mark.parametrize("body", LENIENT.values(), ids=LENIENT.keys())
async def test_lenient_json_is_taken(client, admin, body):
    assert (await put(client, admin, body))[0] == 201
    (value,) = await stored(client, admin)
    assert (value["index"], value["type"], value["data"]["value"]) == (1, "T", "bare")


TEXTS = {
    "42": "42",
    "1.50": "1.50",
    "1e3": "1e3",
    "true": "true",
    "1234567890123456789012": "1234567890123456789012",
    '{"format":"string","value":1234567890123}': "1234567890123",
    '{"format":"string","value":false}': "false",
    '"\\ud83d\\ude00"': "😀",
    '"\\ud800"': "?",
}


@pytest.mark.parametrize(("data", "text"), TEXTS.items())
async def test_data_stands_for_its_text(client, admin, data, text):
    body = f'[{{"index":1,"type":"SIZE","data":{data}}}]'
    assert (await put(client, admin, body))[0] == 201
    assert (await stored(client, admin))[0]["data"] == {"format": "string", "value": text}


PERMISSIONS = (
    '"1100"', '"0110"', '"*"', "1100", "110", '"10"', '"11111"', '"01100"', '""', "true", '"00"',
)  # fmt: skip


@pytest.mark.parametrize("given_permissions", PERMISSIONS)
async def test_permissions_are_read_from_the_right(client, admin, given_permissions):
    body = f'[{{"index":1,"type":"T","data":"x","permissions":{given_permissions}}}]'
    assert (await put(client, admin, body))[0] == 201
    text = given_permissions.strip('"')
    bits = [1, 1, 1, 0]
    for place in range(4):
        # The first of four characters is never read: each bit needs one more character than its place.
        if len(text) >= place + 2:
            bits[3 - place] = int(text[-1 - place] == "1")
    wanted = "1111" if text == "*" else "".join(map(str, bits))
    assert (await stored(client, admin))[0].get("permissions", "1110") == wanted


TIMES = {
    '"2030-01-01T00:00:00Z"': "2030-01-01T00:00:00Z",
    '"2030-01-01T08:00:00+08:00"': "2030-01-01T00:00:00Z",
    '"2030-01-01T00:00:00.250Z"': "2030-01-01T00:00:00Z",
    '"2030-01-01"': "2030-01-01T00:00:00Z",
    "3600": 3600,
    "3600.9": 3600,
    "-1": -1,
}


@pytest.mark.parametrize(("ttl", "shown"), TIMES.items())
async def test_a_time_to_live_is_seconds_or_a_date(client, admin, ttl, shown):
    body = f'[{{"index":1,"type":"T","data":"x","ttl":{ttl},"timestamp":"2001-01-01T00:00:00Z"}}]'
    assert (await put(client, admin, body))[0] == 201
    assert (await stored(client, admin))[0]["ttl"] == shown


async def test_values_may_be_null(client, admin):
    assert (await put(client, admin, '{"values":null}'))[0] == 201
    async with client.get(HANDLE) as answer:
        assert (await answer.json())["responseCode"] == 200


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ('"ttl":"86400"', 4),
        ('"ttl":"soon"', 4),
        ('"ttl":null', 4),
        ('"ttl":true', 4),
        ('"ttl":[1]', 4),
        ('"ttl":"2100-01-01T00:00:00Z"', 4),
        ('"timestamp":1700000000', 4),
        ('"timestamp":"yesterday"', 4),
        ('"timestamp":null', 4),
        ('"permissions":null', 4),
        ('"permissions":{}', 4),
        ('"references":{}', 4),
        ('"references":[{"handle":"88.900/x","index":1},]', 4),
        ('"data":null', 4),
        ('"data":[]', 4),
        ('"data":{"format":null,"value":"x"}', 4),
        ('"type":null', 4),
        ('"index":true', 4),
        ('"index":" 1"', 4),
        ('"index":2147483648', 202),
        ('"index":1e400', 4),
        ('"index":-1', 202),
    ],
)
async def test_what_the_original_refuses_is_refused(client, admin, member, code):
    body = '[{"index":1,"type":"T","data":"x",' + member + "}]"
    status, found = await put(client, admin, body)
    assert (status, found["responseCode"]) == (400, code)


@pytest.mark.parametrize(
    "body", ["null", "true", "[null]", "[{},]", '{"index":1}', '{"values":{}}', "'x'"]
)
async def test_what_is_no_list_of_values_is_refused(client, admin, body):
    status, found = await put(client, admin, body)
    assert (status, found["responseCode"]) == (400, 4)


async def test_a_secret_that_comes_without_permissions_is_not_for_everybody(client, admin):
    body = '[{"index":1,"type":"URL","data":"x"},{"index":300,"type":"hs_seckey","data":"s"}]'
    assert (await put(client, admin, body))[0] == 201
    async with client.get(HANDLE) as answer:
        assert [value["index"] for value in (await answer.json())["values"]] == [1]


MEMBERS = (
    "index",
    "type",
    "data",
    "ttl",
    "permissions",
    "references",
    "timestamp",
    "format",
    "value",
    "handle",
)
FORMATS = st.sampled_from(["string", "base64", "hex", "admin", "vlist", "site", "key", "?"])
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | FORMATS
    | st.sampled_from([1, "1", "T", "2030-01-01T00:00:00Z", "x" * 400, 10**400])
)  # fmt: skip
shapes = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=12,
)
value_shapes = st.fixed_dictionaries(
    {"index": st.just(1) | shapes, "type": st.just("T") | shapes, "data": shapes},
    optional=dict.fromkeys(("ttl", "permissions", "references", "timestamp"), shapes),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(value_shapes, max_size=3) | st.builds(lambda each: {"values": each}, shapes) | shapes
)
async def test_whatever_the_shape_nothing_of_python_is_shown(client, admin, shape):
    status, found = await put(client, admin, json.dumps(shape), "?overwrite=true")
    assert status in {200, 201, 400, 409}, found
    assert not PYTHON.search(found.get("message", "")), found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes)
async def test_nor_for_a_question_with_a_body(client, admin, shape):
    headers = admin | {"Content-Type": "application/json"}
    async with client.post(HANDLE, data=json.dumps(shape).encode(), headers=headers) as answer:
        found = await answer.json()
    assert answer.status in {200, 400, 404}, found
    assert not PYTHON.search(found.get("message", "")), found
