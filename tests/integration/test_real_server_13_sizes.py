"""Sizes that the reference server stores are stored, up to the bounds that the differences page names.

Promises: empty suffixes, empty types, handles of 4,096 bytes, 4,096 values and 256,000 bytes of values go in over JSON,
the binary protocol and bulk, and come out whole over each; one more is refused as invalid, and nothing is stored.
"""

import asyncio
from urllib.parse import quote

import aiohttp
import orjson
import pytest

from idnode.clients import blocking
from idnode.clients import dialogues as talk
from idnode.clients.errors import InvalidHandle, InvalidValue
from idnode.clients.identity import SecretIdentity
from idnode.node.addresses import url_of
from idnode.registry.handle import values
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import HandleValue

PREFIX = "88.900.1/"
REGISTER_ENGINES = ("embedded",)  # PostgreSQL has a bound of its own on handles
ADMIN = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
AUTH = {"Authorization": "Basic MzAxJTNBMC5OQS84OC45MDA6aWRub2RlLWRlbW8="}
LONGEST = PREFIX + "标" * ((HANDLE_BYTES_MAX - len(PREFIX)) // 3)
LONGEST += "x" * (HANDLE_BYTES_MAX - len(LONGEST.encode()))
HEAD_BYTES = len(values.pack([HandleValue(1, "T", b"")]))


def of_bytes(total):
    """Return one value that makes a record of so many bytes."""
    return [HandleValue(1, "T", b"x" * (total - HEAD_BYTES))]


RECORDS = {
    "an empty suffix": (PREFIX, [HandleValue(1, "URL", b"x")]),
    "an empty type": (PREFIX + "t", [HandleValue(1, "", b"x")]),
    "the longest handle": (LONGEST, [HandleValue(1, "URL", b"x")]),
    "the most values": (PREFIX + "v", [HandleValue(i + 1, "T", b"x") for i in range(VALUES_MAX)]),
    "the largest record": (PREFIX + "r", of_bytes(RECORD_BYTES_MAX)),
}
REFUSED = {
    "a longer handle": (LONGEST + "x", [HandleValue(1, "URL", b"x")]),
    "one value more": (
        PREFIX + "v",
        [HandleValue(i + 1, "T", b"x") for i in range(VALUES_MAX + 1)],
    ),
}


class Faces:
    """Creates and reads a record through one face of a node."""

    def __init__(self, node, session):
        self.node, self.session = node, session
        self.base = url_of(node.addresses.http)
        self.client = blocking.Client(node.addresses.handle_tcp)

    async def json_put(self, handle, found):
        url = f"{self.base}/api/handles/{quote(handle, safe='')}"
        body = [{"index": v.index, "type": v.type, "data": v.data.decode()} for v in found]
        async with self.session.put(url, data=orjson.dumps(body)) as answer:
            return answer.status, (await answer.json())["responseCode"]

    async def bulk_put(self, handle, found):
        item = [handle, [[v.index, v.type, v.data.decode()] for v in found]]
        url = f"{self.base}/api/v1/identifiers/batch"
        async with self.session.post(url, data=orjson.dumps([item])) as answer:
            failures = (await answer.json())["failures"]
            return (400, failures[0]["code"]) if failures else (201, 1)

    async def binary_put(self, handle, found):
        ask = talk.create(talk.Administrator(ADMIN), handle, found)
        try:
            await asyncio.to_thread(self.client.do, ask)
        except InvalidValue:
            return 400, 202
        except InvalidHandle:
            return 400, 102
        return 201, 1

    async def read(self, handle):
        """Return the data of a record over JSON and over the binary protocol."""
        url = f"{self.base}/api/handles/{quote(handle, safe='')}"
        async with self.session.get(url) as answer:
            told = (await answer.json())["values"]
        answered = await asyncio.to_thread(self.client.resolve, handle)
        return (
            [(v["index"], v["type"], v["data"]["value"].encode()) for v in told],
            [(v.index, v.type, v.data) for v in answered.values],
        )


@pytest.fixture
async def faces(node):
    headers = AUTH | {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        found = Faces(node, session)
        yield found
        found.client.close()


@pytest.mark.parametrize("way", ["json_put", "bulk_put", "binary_put"])
async def test_13_what_is_within_the_bounds_goes_in_and_comes_out_whole(faces, way):
    for name, (handle, found) in RECORDS.items():
        assert await getattr(faces, way)(handle, found) == (201, 1), name
        expected = [(v.index, v.type, v.data) for v in found]
        for read in await faces.read(handle):
            assert read == expected, name


@pytest.mark.parametrize("way", ["json_put", "bulk_put", "binary_put"])
async def test_13_what_is_beyond_is_refused_and_not_stored(faces, way):
    before = faces.node.register.stats().identifiers
    for name, (handle, found) in REFUSED.items():
        status, code = await getattr(faces, way)(handle, found)
        assert (status, code) in {(400, 102), (400, 202)}, (name, status, code)
    assert faces.node.register.stats().identifiers == before
    # A value that is too large cannot even be made; over JSON it can be said.
    big = [{"index": 1, "type": "T", "data": "x" * RECORD_BYTES_MAX}]
    async with faces.session.put(
        f"{faces.base}/api/handles/{PREFIX}r", data=orjson.dumps(big)
    ) as answer:
        assert (answer.status, (await answer.json())["responseCode"]) == (400, 202)
