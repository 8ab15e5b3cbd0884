"""SNMS, JSON and the binary protocol never disagree about a record, whichever of them wrote last.

Any sequence of writes (each by a random face, to a few handles) leaves all faces with the same values, and each
of them says of the same handles that they do not exist.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idnode.clients import aio, snms
from idnode.clients.answer import Transport
from idnode.clients.errors import HandleNotFound, Refused
from idnode.clients.snms_answers import (
    Attribute,
    Identifier,
    NotPermitted,
    RuleBroken,
    SnmsRefused,
    Template,
    TemplateItem,
)
from idnode.clients.snms_requests import Account
from idnode.clients.web import Client
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.registry.handle.model import HandleValue

ADMIN = Credential(301, "0.NA/88.900.1", "idnode-demo")
ITEMS = (
    TemplateItem("型号", "model", 2000, max_length=40),
    TemplateItem("批次", "batch", 2001, max_length=40),
)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
handles = st.sampled_from([f"88.900.1/{name}" for name in ("a", "B", "类")])
attributes = st.lists(
    st.tuples(st.sampled_from([(2000, "model"), (2001, "batch")]), texts),
    min_size=1,
    max_size=2,
    unique_by=lambda each: each[0],
)
writes = st.lists(
    st.tuples(
        st.sampled_from(["create", "update", "batch", "delete", "json", "json_put", "json_delete"]),
        handles,
        attributes,
    ),
    min_size=1,
    max_size=8,
)


class Faces:
    """Every way to write and read."""

    def __init__(self, node):
        base = url_of(node.addresses.http)
        self.snms = snms.Client(base, Account("demo", "idnode-demo"))
        self.json = Client(base, ADMIN)
        self.udp = aio.Client(node.addresses.handle_tcp, transport=Transport.UDP)
        self.tcp = aio.Client(node.addresses.handle_tcp, transport=Transport.TCP)

    async def write(self, how, handle, found):
        record = Identifier(
            handle, "t", tuple(Attribute(index, kind, text) for (index, kind), text in found)
        )
        values = [HandleValue(index, kind, text.encode()) for (index, kind), text in found]
        try:
            match how:
                case "create":
                    await self.snms.create(record)
                case "update":
                    await self.snms.update(record)
                case "batch":
                    await self.snms.batch_create([record])
                case "delete":
                    await self.snms.delete(handle)
                case "json":
                    await self.json.create(handle, values, overwrite=True)
                case "json_put":
                    await self.json.put_values(handle, values)
                case "json_delete":
                    await self.json.delete(handle)
        except (RuleBroken, Refused, NotPermitted):
            pass

    async def read_snms(self, handle):
        try:
            found = await self.snms.detail(handle)
        except SnmsRefused:
            return None
        return [(each.index, each.type, each.value.encode()) for each in found.attributes]

    async def read(self, client, handle):
        ask = client.get if isinstance(client, Client) else client.resolve
        try:
            found = await ask(handle)
        except HandleNotFound:
            return None
        # SNMS shows attributes; the HS_ADMIN value, by which others may change the record, is none.
        return [(v.index, v.type, v.data) for v in found.values if v.type != "HS_ADMIN"]

    async def agree(self, handle):
        expected = await self.read_snms(handle)
        for client in (self.json, self.udp, self.tcp):
            assert await self.read(client, handle) == expected

    async def close(self):
        for client in (self.snms, self.json, self.udp, self.tcp):
            await client.close()


@pytest.mark.timeout(300)
async def test_the_faces_agree_after_any_writes(node):
    faces = Faces(node)
    await faces.snms.create_template(Template("88.900.1", "t", ITEMS))
    loop = asyncio.get_running_loop()

    async def play(sequence):
        for how, handle, found in sequence:
            await faces.write(how, handle, found)
            await faces.agree(handle)

    @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
    @given(writes)
    def plays(sequence):
        asyncio.run_coroutine_threadsafe(play(sequence), loop).result(60)

    await asyncio.to_thread(plays)
    await faces.close()
