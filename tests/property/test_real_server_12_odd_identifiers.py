"""Whatever identifier one face takes, every other resolves, changes, lists, exports, imports and deletes.

Promises, for random suffixes (empty, controls, other scripts, slashes, percent signs, up to 4,096 bytes) and values
(empty types, data that is no text, any ttl, up to 4,096 of them): what one face creates, all read alike and list once; what
`export` writes of it, `import` takes after another face has deleted it; and what `list` prints is one line that no other
handle has.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from idnode.clients import aio
from idnode.clients import dialogues as talk
from idnode.clients.answer import Transport
from idnode.clients.bulk import lines_batch
from idnode.clients.errors import HandleNotFound
from idnode.clients.formats.item import item_of
from idnode.clients.formats.record import Record
from idnode.clients.identity import SecretIdentity
from idnode.clients.web import Client
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.registry.handle import names
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.printing import unmistakable
from idnode.registry.handle.types.hs_admin import AdminValue, encode_admin

PREFIX = "88.900.1"
NODE = "0.NA/88.900"
OWNED = HandleValue(100, "HS_ADMIN", encode_admin(AdminValue(0x0FFF, NODE.encode(), 301)))
FACES = ("json", "binary", "batch", "ndjson")

ROOM = 4096 - len(PREFIX) - 1
ODD = (
    "",
    "/",
    "a//",
    "%41",
    "a%2Fb",
    "..",
    "?x=1",
    "#a",
    "a\n88.900.1/b",
    "\x1b[2J",
    "\\x1b[2J",
    " ",
)
suffixes = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
odd_values = st.builds(
    HandleValue,
    index=st.sampled_from([1, 2, 2_147_483_647]),
    type=st.sampled_from(["", "URL", "X" * 1024, "é\n", "HS_X.", "."]),
    data=st.binary(max_size=40),
    ttl=st.sampled_from([0, 1, -1, 86_400, 2_147_483_647, -2_147_483_648]),
)
lists = st.lists(odd_values, max_size=3, unique_by=lambda value: value.index)
MANY = [HandleValue(index, "", b"") for index in range(101, 101 + 4095)]


def shown(values):
    """Return what all faces must agree about: everything but when it was written."""
    return sorted((each.index, each.type, each.data, each.ttl, each.permissions) for each in values)


class Faces:
    """Every way to write, read and list."""

    def __init__(self, node):
        self.json = Client(url_of(node.addresses.http), Credential(301, NODE, "idnode-demo"))
        self.udp = aio.Client(node.addresses.handle_tcp, transport=Transport.UDP)
        self.tcp = aio.Client(node.addresses.handle_tcp, transport=Transport.TCP)
        self.administrator = talk.Administrator(SecretIdentity(NODE.encode(), 301, b"idnode-demo"))

    async def create(self, face, record):
        match face:
            case "json":
                await self.json.create(record.handle, record.values, overwrite=False)
            case "binary":
                await self.tcp.do(talk.create(self.administrator, record.handle, record.values))
            case "batch":
                items = [[v.index, v.type, v.data, v.ttl] for v in record.values]
                await self._accepted(self.json.batch([[record.handle, items]]))
            case "ndjson":
                await self._accepted(self.json.do(lines_batch([item_of(record)])))

    async def _accepted(self, done):
        result = await done
        assert not result.failures
        assert result.accepted == 1

    async def delete(self, face, handle):
        if face == "binary":
            await self.tcp.do(talk.delete(self.administrator, handle))
        else:
            await self.json.delete(handle)

    async def change(self, face, handle, value):
        if face == "binary":
            await self.tcp.do(talk.modify_values(self.administrator, handle, [value]))
        else:
            await self.json.put_values(handle, [value])

    async def agree(self, record):
        """Insist that each face reads this record."""
        for ask in (self.json.get, self.tcp.resolve, self.udp.resolve):
            assert shown((await ask(record.handle)).values) == shown(record.values)
        (answer,) = await self.json.resolve_many([record.handle])
        assert shown(answer.values) == shown(record.values)
        return Record(answer.handle.decode(), answer.values)

    async def listed(self):
        """Return the handles under the prefix, on which the faces agree."""
        pages = [page async for page in self.json.pages(PREFIX)]
        found = [names.fold(handle.encode()) for page in pages for handle in page.handles]
        binary = await self.tcp.do(talk.list_handles(self.administrator, PREFIX))
        assert sorted(map(names.fold, binary)) == sorted(found)
        return found

    async def close(self):
        for client in (self.json, self.udp, self.tcp):
            await client.close()


async def live(faces, record, first, second):
    """Create on one face, change and delete on another, and import what was exported in between."""
    await faces.create(first, record)
    exported = await faces.agree(record)
    assert (await faces.listed()).count(names.fold(record.handle.encode())) == 1
    await faces.delete(second, record.handle)
    with pytest.raises(HandleNotFound):
        await faces.json.get(record.handle)
    await faces.create("ndjson", exported)
    await faces.agree(record)
    changed = HandleValue(100, OWNED.type, OWNED.data, ttl=7)
    await faces.change(second, record.handle, changed)
    await faces.agree(Record(record.handle, (changed, *record.values[1:])))
    await faces.delete(first, record.handle)
    with pytest.raises(HandleNotFound):
        await faces.tcp.resolve(record.handle)


@pytest.mark.timeout(300)
async def test_c12_what_one_face_takes_every_other_does(node):
    faces = Faces(node)
    loop = asyncio.get_running_loop()

    @settings(max_examples=25, database=None, suppress_health_check=list(HealthCheck))
    @given(suffixes, lists, st.sampled_from(FACES), st.sampled_from(FACES))
    @example("", [HandleValue(1, "", b"")], "json", "binary")
    @example("x" * ROOM, [], "binary", "json")
    @example("泵" * (ROOM // 3), [], "ndjson", "json")
    @example("many", MANY, "batch", "binary")
    def lives(suffix, listed, first, second):
        record = Record(f"{PREFIX}/{suffix}", (OWNED, *listed))
        asyncio.run_coroutine_threadsafe(live(faces, record, first, second), loop).result(60)

    try:
        await asyncio.to_thread(lives)
    finally:
        await faces.close()


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text("\\x1bn\n\x1b\t "))
@example("\x1b", "\\x1b")
@example("a\nb", "a\\nb")
def test_c12_a_printed_handle_is_one_line_and_no_other(first, second):
    assert unmistakable(first).isprintable()
    assert (unmistakable(first) == unmistakable(second)) == (first == second)
