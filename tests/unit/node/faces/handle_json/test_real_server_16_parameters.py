"""Parameters and whatever is no request of the API are answered as by the original.

Promises: only ``true`` overwrites or mints; other switches are on when empty, ``yes`` or ``true`` in any case; numbers
are read as Java reads them; even what has no path is answered in JSON.
"""

import asyncio
import json

import pytest

HANDLE = "/api/handles/88.900/p"


async def put(client, admin, query="", body='[{"index":1,"type":"T","data":"x"}]', handle=HANDLE):
    headers = admin | {"Content-Type": "application/json"}
    async with client.put(handle + query, data=body, headers=headers) as answer:
        return answer.status, (await answer.json())["responseCode"]


@pytest.mark.parametrize(
    ("value", "overwrites"),
    [("true", True), ("TRUE", True), ("", False), ("yes", False), ("1", False), ("false", False)],
)
async def test_only_true_overwrites(client, admin, value, overwrites):
    assert await put(client, admin) == (201, 1)
    assert await put(client, admin, f"?overwrite={value}") == (
        (200, 1) if overwrites else (409, 101)
    )
    conflict = (200, 1) if overwrites else (409, 201)
    assert await put(client, admin, f"?index=1&overwrite={value}") == conflict


async def test_only_true_mints(client, admin):
    assert await put(client, admin, "?mintNewSuffix=yes") == (201, 1)
    async with client.get(HANDLE) as answer:
        assert answer.status == 200
    assert await put(client, admin, "?mintNewSuffix=True") == (201, 1)


@pytest.mark.parametrize(
    ("value", "indented"), [("", True), ("YES", True), ("True", True), ("1", False), ("no", False)]
)
async def test_other_switches_are_on_in_any_case(client, admin, value, indented):
    await put(client, admin)
    async with client.get(f"{HANDLE}?pretty={value}") as answer:
        assert (await answer.text()).startswith("{\n") == indented


@pytest.mark.parametrize(
    "index", ["2147483648", "-2147483649", "", " 1", "1.0", "0x1", "abc", "various&index=1"]
)
async def test_an_index_that_is_none_is_refused_in_javas_words(client, admin, index):
    await put(client, admin)
    for method in ("GET", "DELETE", "PUT"):
        if index.startswith("various") and method == "PUT":
            continue  # the first one counts there
        async with client.request(
            method, f"{HANDLE}?index={index}", data=b"[]" if method == "PUT" else None,
            headers=admin | {"Content-Type": "application/json"},
        ) as answer:  # fmt: skip
            found = await answer.json()
        assert (answer.status, found["responseCode"]) == (400, 4)
        assert "NumberFormatException" in found["message"]


async def test_indexes_may_repeat_and_be_various(client, admin):
    await put(client, admin)
    assert await put(client, admin, "?index=1&index=1") == (200, 1)
    assert await put(client, admin, "?index=1&index=various") == (400, 4)
    assert await put(client, admin, "?index=various&index=7") == (200, 1)
    two = '[{"index":1,"type":"T","data":"x"},{"index":1,"type":"T","data":"y"}]'
    assert await put(client, admin, "?index=various", two) == (409, 201)


@pytest.mark.parametrize(
    ("callback", "name"),
    [("cb.x", "cb_x"), ("1cb", "_cb"), ("$a_1", "$a_1"), ("é<", "é_"), ("", "")],
)
async def test_the_name_of_a_script_call_is_one(client, callback, name):
    async with client.get(HANDLE, params={"callback": callback}) as answer:
        assert (await answer.text()).startswith(name + '({"responseCode":100')


LINES = (
    b"CONNECT 88.900:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PROPFIND /api/handles/88.900/p HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/handles/88.900/p HTTP/9\r\n\r\n",
    b"GET  HTTP/1.1\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"GET /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"\x80\x00\r\n\r\n",
    b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: x\r\nExpect: magic\r\n\r\n",
)


@pytest.mark.parametrize("lines", LINES, ids=repr)
async def test_what_has_no_path_or_is_no_http_is_answered_in_json(client, lines):
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(lines)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(
        int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")
    )
    body = await reader.readexactly(length)
    writer.close()
    if b"OPTIONS" in lines:
        assert " 200 " in head
        assert "allow: get, head" in head
    else:
        assert "content-type: application/json" in head
        assert json.loads(body)["responseCode"] in {2, 4}
