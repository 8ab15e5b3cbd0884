"""Batch registration over HTTP.

Promises: the three encodings register the same records; each bad item gets its own failure with its position and
touches nobody else, unless all-or-nothing was asked; the answer comes in the encoding asked for; bounds and
malformed bodies are answered in JSON and register nothing; nobody registers without the right to.
"""

import gzip
import json
from io import BytesIO

import msgpack
import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.registry.handle import values

BATCH = "/api/v1/identifiers/batch"
ITEMS = [
    ["88.900/a", [[1, "URL", "https://example.org/a"], [2, "名称", "泵", 60]]],
    ["88.900/b", []],
]
TYPES = {
    "msgpack": "application/msgpack",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
}


def encoded(items, encoding):
    if encoding == "msgpack":
        return msgpack.packb(items)
    if encoding == "json":
        return json.dumps(items).encode()
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


async def post(client, admin, body, encoding="json", query="", **headers):
    sent = {"Content-Type": TYPES.get(encoding, encoding), **admin, **headers}
    async with client.post(BATCH + query, data=BytesIO(body), headers=sent) as response:
        return response, await response.read()


async def batch(client, admin, items, query="", encoding="json"):
    response, body = await post(
        client, admin, encoded(items, encoding), encoding, query, Accept="application/json"
    )
    assert response.status == 200, body
    return json.loads(body)


def stored(house, handle):
    found = house.register.lookup(handle.encode())
    return None if found is None else values.unpack(found.values)


@pytest.mark.parametrize("encoding", TYPES)
async def test_each_encoding_registers_the_same_records(house, client, admin, encoding):
    answer = await batch(client, admin, ITEMS, encoding=encoding)
    assert answer == {"accepted": 2, "failed": 0, "failures": []}
    url, name = stored(house, "88.900/a")
    assert (url.index, url.type, url.data, url.ttl) == (1, "URL", b"https://example.org/a", 86400)
    assert (name.index, name.type, name.data, name.ttl) == (2, "名称", "泵".encode(), 60)
    assert url.timestamp == name.timestamp == 1_700_000_000
    assert url.permissions == 0b1110
    assert stored(house, "88.900/b") == ()


async def test_bytes_are_registered_as_they_are(house, client, admin):
    await batch(client, admin, [["88.900/m", [[1, "X", b"\x00\xff"]]]], encoding="msgpack")
    await batch(client, admin, [["88.900/j", [[1, "X", {"base64": "AP8="}]]]])
    assert stored(house, "88.900/m")[0].data == stored(house, "88.900/j")[0].data == b"\x00\xff"


@pytest.mark.parametrize("accept", TYPES)
async def test_the_answer_comes_in_the_encoding_asked_for(client, admin, accept):
    items = [["88.900/a", []], ["88.900/a", []]]
    _response, body = await post(client, admin, encoded(items, "json"), Accept=TYPES[accept])
    failure = {"position": 1, "code": 101, "message": "handle_exists", "handle": "88.900/a"}
    if accept == "ndjson":
        counts, failed = (json.loads(line) for line in body.splitlines())
        assert counts == {"accepted": 1, "failed": 1}
        assert failed == failure
    else:
        answer = msgpack.unpackb(body) if accept == "msgpack" else json.loads(body)
        assert answer == {"accepted": 1, "failed": 1, "failures": [failure]}


BAD_ITEMS = {
    "not a list": ("x", 202),
    "no values": (["88.900/x"], 202),
    "values are no list": (["88.900/x", 7], 202),
    "handle is no text": ([7, []], 202),
    "handle without slash": (["88.900", []], 102),
    "handle without suffix": (["/x", []], 301),
    "handle too long": (["88.900/" + "x" * 4096, []], 102),
    "foreign prefix": (["99.9/x", []], 301),
    "empty handle": (["", []], 102),
    "value too short": (["88.900/x", [[1, "URL"]]], 202),
    "value too long": (["88.900/x", [[1, "URL", "x", 60, 1]]], 202),
    "index zero": (["88.900/x", [[0, "URL", "x"]]], 202),
    "index negative": (["88.900/x", [[-1, "URL", "x"]]], 202),
    "index huge": (["88.900/x", [[2**31, "URL", "x"]]], 202),
    "index a text": (["88.900/x", [["1", "URL", "x"]]], 202),
    "index a truth": (["88.900/x", [[True, "URL", "x"]]], 202),
    "index twice": (["88.900/x", [[1, "URL", "x"], [1, "URL", "y"]]], 201),
    "data a number": (["88.900/x", [[1, "URL", 7]]], 202),
    "data null": (["88.900/x", [[1, "URL", None]]], 202),
    "broken base64": (["88.900/x", [[1, "URL", {"base64": "?"}]]], 202),
    "ttl a fraction": (["88.900/x", [[1, "URL", "x", 1.5]]], 202),
    "ttl huge": (["88.900/x", [[1, "URL", "x", 2**40]]], 202),
    "record too large": (["88.900/x", [[1, "URL", "x" * 256_000]]], 202),
    "too many values": (["88.900/x", [[n, "T", ""] for n in range(1, 4098)]], 202),
}


@pytest.mark.parametrize("why", BAD_ITEMS)
@pytest.mark.parametrize("encoding", ["ndjson", "json"])
async def test_a_bad_item_fails_alone(house, client, admin, why, encoding):
    bad, code = BAD_ITEMS[why]
    items = [["88.900/before", []], bad, ["88.900/after", []]]
    answer = await batch(client, admin, items, encoding=encoding)
    assert answer["accepted"] == 2
    (failure,) = answer["failures"]
    assert (failure["position"], failure["code"]) == (1, code)
    assert failure["message"]
    assert stored(house, "88.900/after") == ()
    assert stored(house, "88.900/x") is None


async def test_an_ndjson_line_that_is_no_json_fails_alone(client, admin):
    body = b'["88.900/a",[]]\n{nope\n\n\xff\xfe\n["88.900/b",[]]'
    _response, answer = await post(client, admin, body, "ndjson", Accept="application/json")
    found = json.loads(answer)
    assert (found["accepted"], found["failed"]) == (2, 2)
    assert [failure["position"] for failure in found["failures"]] == [1, 2]
    assert all("no JSON" in failure["message"] for failure in found["failures"])


async def test_all_or_nothing_registers_nothing_when_one_item_is_bad(house, client, admin):
    for bad in (["88.900/x", [[0, "T", ""]]], ["99.9/x", []]):
        answer = await batch(client, admin, [["88.900/a", []], bad], "?all_or_nothing=true")
        assert (answer["accepted"], answer["failed"]) == (0, 2)
        assert [failure["position"] for failure in answer["failures"]] == [0, 1]
        assert stored(house, "88.900/a") is None


async def test_existing_identifiers_are_replaced_only_if_asked(house, client, admin):
    await batch(client, admin, [["88.900/a", [[1, "T", "old"]]]])
    fresh = [["88.900/A", [[1, "T", "new"]]]]
    assert (await batch(client, admin, fresh))["failed"] == 1
    assert stored(house, "88.900/a")[0].data == b"old"
    assert (await batch(client, admin, fresh, "?overwrite=true"))["accepted"] == 1
    assert stored(house, "88.900/a")[0].data == b"new"


async def test_an_empty_batch_is_a_batch(client, admin):
    for encoding in TYPES:
        assert (await batch(client, admin, [], encoding=encoding))["accepted"] == 0


async def test_more_items_than_a_batch_takes_are_refused_whole(house, client, admin):
    for encoding in TYPES:
        items = [[f"88.900/{number}", []] for number in range(50_001)]
        response, body = await post(client, admin, encoded(items, encoding), encoding)
        assert response.status == 413
        assert json.loads(body)["message"]
        assert stored(house, "88.900/0") is None


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("json", b"{nope"),
        ("json", b"{}"),
        ("json", b"\xff\xfe"),
        ("json", b""),
        ("json", b"[" * 100_000),
        ("msgpack", b""),
        ("msgpack", b"\xc1"),
        ("msgpack", b"\x80"),
        ("msgpack", b"\xdd\x00\x00\x10\x00"),
        ("msgpack", b"\xdc\x10\x00" + b"\x91" * 2000),
        ("msgpack", b"\x91\xdd\xff\xff\xff\xff"),
        ("msgpack", msgpack.packb(ITEMS) + b"\x00"),
        ("msgpack", b"\x92\xd4\xff\x00\xd7\xff" + b"\xff" * 8),
    ],
)
async def test_a_body_that_is_not_in_its_encoding_is_refused_whole(client, admin, encoding, body):
    response, answer = await post(client, admin, body, encoding)
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert json.loads(answer)["responseCode"] == 4


async def test_another_content_type_is_refused(client, admin):
    response, body = await post(client, admin, b"x", "text/plain")
    assert response.status == 415
    assert "application/msgpack" in json.loads(body)["message"]


async def test_a_compressed_body_is_taken(house, client, admin):
    body = gzip.compress(encoded(ITEMS, "ndjson"))
    headers = {"Content-Encoding": "gzip", "Accept": "application/json"}
    response, _body = await post(client, admin, body, "ndjson", **headers)
    assert response.status == 200
    assert stored(house, "88.900/a")


async def test_a_body_that_inflates_over_the_bound_is_refused(client, admin):
    bomb = gzip.compress(bytes(65 * 1024 * 1024))
    headers = {"Content-Encoding": "gzip"}
    response, body = await post(client, admin, bomb, "ndjson", **headers)
    assert response.status == 413
    assert "longer than" in json.loads(body)["message"]


async def test_a_broken_compression_is_refused_and_no_error_of_ours(client, admin, caplog):
    for encoding, status in (("gzip", 400), ("deflate", 400), ("x-unknown", 415)):
        response, body = await post(
            client, admin, b"no gzip at all", "ndjson", **{"Content-Encoding": encoding}
        )
        assert response.status == status, encoding
        assert json.loads(body)["responseCode"] == 4
        assert response.headers["Connection"] == "close"
    assert caplog.records == []


async def test_a_json_body_over_its_bound_is_refused(client, admin):
    response, body = await post(client, admin, b" " * (8 * 1024 * 1024 + 1))
    assert response.status == 413
    assert json.loads(body)["responseCode"] == 4


async def test_nobody_registers_without_the_right_to(house, client, strict_client, basic_header):
    body = encoded(ITEMS, "json")
    response, answer = await post(client, {}, body)
    assert response.status == 401
    assert json.loads(answer) == {"responseCode": 402}
    assert response.headers.getall("WWW-Authenticate")[0] == 'Basic realm="handle"'
    response, answer = await post(client, basic_header("301%3A0.NA/88.900", "wrong"), body)
    assert (response.status, answer) == (401, b"")
    response, _answer = await post(
        strict_client, basic_header("301%3A0.NA/88.900", "idnode-demo"), body
    )
    assert response.status == 403
    secret = {"index": 5, "type": "HS_SECKEY", "data": "s"}
    await house.seed("88.900/user", [secret])
    answer = await batch(client, basic_header("5%3A88.900/user", "s"), ITEMS)
    assert [failure["code"] for failure in answer["failures"]] == [400, 400]
    assert stored(house, "88.900/a") is None


async def test_other_methods_are_refused_in_json(client):
    response = await client.get(BATCH)
    assert response.status == 405
    assert response.headers["Allow"] == "POST, OPTIONS"
    assert (await response.json())["responseCode"] == 4


async def test_the_observer_learns_how_many_were_registered(house, client, admin):
    await batch(client, admin, [*ITEMS, ["99.9/x", []], ["x", 1], ["88.900/c", []]])
    assert sorted(house.observer.registrations) == [
        (1, b"88.900", 3),
        (202, b"", 1),
        (301, b"99.9", 1),
    ]
    assert house.observer.answers[-1] == ("batch_register", 1, b"88.900")


@pytest.mark.parametrize("encoding", TYPES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_arbitrary_bytes_get_an_answer_of_this_api(client, admin, encoding, data):
    body = data.draw(st.binary(max_size=200) | messages())
    response, answer = await post(client, admin, body, encoding, Accept="application/json")
    assert response.status in {200, 400, 413}
    assert isinstance(json.loads(answer), dict)
    assert isinstance(client, TestClient)


def messages():
    scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8)
    nested = st.recursive(
        scalars | st.binary(max_size=8), lambda inner: st.lists(inner, max_size=4)
    )
    value = st.tuples(st.integers(-1, 5), st.text(max_size=4), st.text(max_size=4))
    item = st.tuples(
        st.sampled_from(["88.900/h", "x", "99/x"]), st.lists(value | nested, max_size=3)
    )
    return st.lists(item | nested, max_size=4).map(msgpack.packb)
