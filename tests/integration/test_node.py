"""A node in this process keeps these promises.

- The sample identifier exists after the first start, and stays deleted once somebody deleted it.
- Everything that is bound is free again after a stop, and a start that fails leaves nothing behind.
- The management port tells readiness, statistics and metrics of this node.
- Secrets over plain HTTP count on loopback only, unless that is asked for.
"""

from functools import partial

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.bulk_listing import listing
from idnode.clients.errors import HandleNotFound, InvalidAdministrator, Refused
from idnode.clients.web import Client
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.binding import PortRefused
from idnode.node.defaults import SettingsRefused
from idnode.node.runtime import Node
from idnode.node.service.identifiers.credentials import Identity
from idnode.registry.errors import DataDirectoryInUse
from idnode.registry.fetching import fetched
from idnode.registry.handle.model import HandleValue

ADMIN = Credential(301, "0.NA/88.900", "idnode-demo")


@pytest.fixture
async def web(node):
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        yield client


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_the_sample_identifier_resolves(node, transport):
    async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
        answer = await client.resolve("88.900.1/hello")
    assert [value.type for value in answer.values] == ["URL", "DESC", "HS_ADMIN"]


async def test_a_deleted_sample_stays_deleted(node, web):
    await web.delete("88.900.1/hello")
    await node.stop()
    again = Node(node.settings, seed=1)
    await again.start()
    async with aio.Client(again.addresses.handle_tcp) as client:
        with pytest.raises(HandleNotFound):
            await client.resolve("88.900.1/hello")
    await again.stop()


async def test_a_stopped_node_can_be_started_on_the_same_ports(node):
    bound = node.addresses
    await node.stop()
    settings = node.settings.model_copy(
        update={
            "handle_port": bound.handle_tcp[1],
            "http_port": bound.http[1],
            "admin_port": bound.admin[1],
        }
    )
    again = Node(settings, seed=1)
    await again.start()
    assert again.addresses == bound
    await again.stop()


async def test_a_start_that_fails_leaves_nothing_behind(node, tmp_path):
    settings = node.settings.model_copy(
        update={"data_dir": tmp_path / "other", "http_port": node.addresses.http[1]}
    )
    with pytest.raises(PortRefused, match="--http-port"):
        await Node(settings, seed=1).start()
    other = Node(settings.model_copy(update={"http_port": 0}), seed=1)
    await other.start()
    await other.stop()


async def test_a_data_directory_serves_one_node(node):
    with pytest.raises(DataDirectoryInUse):
        await Node(node.settings, seed=1).start()


async def test_the_management_port_tells_about_this_node(node, web):
    await web.create("88.900.1/part", [HandleValue(1, "URL", b"https://example.org/")])
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:
        stats = await (await session.get("/api/v1/stats")).json()
        text = await (await session.get("/metrics")).text()
        assert (await session.get("/readyz")).status == 200
    assert stats["register"]["identifiers"] == 4
    assert stats["registrations"]["handle_json"] == {"success": 1}
    assert stats["prefixes"] == 2
    assert 'idnode_registrations_total{face="handle_json",outcome="success"} 1.0' in text
    assert 'idnode_identifiers{origin="written"} 4.0' in text
    assert 'idnode_connections{face="http"} 1.0' in text


async def test_listing_pages_by_cursor_as_spelled(web):
    for name in ("a", "B", "c"):
        await web.create(f"88.900.1/{name}", [HandleValue(1, "URL", b"https://example.org/")])
    first = await web.do(listing("88.900.1", limit=2))
    assert (first.handles, first.total) == (("88.900.1/a", "88.900.1/B"), 4)
    second = await web.do(listing("88.900.1", after=first.after, limit=2))
    assert second.handles == ("88.900.1/c", "88.900.1/hello")
    assert second.after is None


async def test_the_enterprise_lists_its_own_prefix_only(node):
    credential = Credential(301, "0.NA/88.900.1", "idnode-demo")
    async with Client(url_of(node.addresses.http), credential) as client:
        assert (await client.do(listing("88.900.1"))).handles == ("88.900.1/hello",)
        with pytest.raises(InvalidAdministrator):
            await client.do(listing("88.900"))


async def test_the_secret_of_the_settings_replaces_the_stored_one(node):
    await node.stop()
    settings = node.settings.model_validate(
        node.settings.model_dump() | {"secret": "sesame-of-mine"}
    )
    again = Node(settings, seed=1)
    await again.start()
    assert not again.demo_secret_works
    identity = Identity(b"0.NA/88.900", 301)
    verify = partial(again.services.credentials.verify_secret, identity, b"sesame-of-mine")
    assert await fetched(verify) == identity
    await again.stop()


async def test_a_prefix_that_kept_the_demo_secret_is_not_exposed(node, web):
    own = HandleValue(301, "HS_SECKEY", b"changed by hand", permissions=0x0C)
    await web.put_values("0.NA/88.900", [own])
    await node.stop()
    settings = node.settings.model_validate(
        node.settings.model_dump() | {"secret": "sesame-of-mine", "host": "0.0.0.0"}
    )
    with pytest.raises(SettingsRefused, match="demo secret still works"):
        await Node(settings, seed=1).start()


@pytest.mark.parametrize(("plain_credentials", "identifiers"), [(False, 0), (True, 1)])
async def test_secrets_over_plain_http_count_off_loopback_only_when_asked_for(
    node, plain_credentials, identifiers
):
    await node.stop()
    settings = node.settings.model_validate(
        node.settings.model_dump()
        | {"secret": "own", "host": "0.0.0.0", "plain_credentials": plain_credentials}
    )
    again = Node(settings, seed=1)
    await again.start()
    credential = Credential(301, "0.NA/88.900", "own")
    async with Client(url_of(again.addresses.http), credential) as client:
        try:
            found = len((await client.do(listing("88.900.1"))).handles)
        except Refused:
            found = 0
    assert found == identifiers
    await again.stop()
