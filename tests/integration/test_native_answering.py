"""A node whose core is the compiled one keeps these promises.

- Metrics and lifetime volume count what native threads answered, each resolution once, also after a restart.
- A write is answered natively as soon as it is acknowledged: created, changed, deleted; so is a prefix.
- A prefix with a template is answered with what the template makes, over UDP and TCP, from its first moment on.
- With the setting ``udp_threads`` at 0, with ``workers`` at 2, or without the compiled core, the same is answered and counted.
"""

import re

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.clients.errors import HandleNotFound, NotResponsible
from idnode.clients.web import Client, Credential
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

ADMIN = Credential(301, "0.NA/88.900", "idnode-demo")


@pytest.fixture(params=["native", "udp_threads 0", "workers 2", "pure"])
async def built(request, tmp_path, monkeypatch):
    """A started node of each kind."""
    if request.param == "pure":
        monkeypatch.setenv("IDNODE_PURE", "1")
    else:
        pytest.importorskip(
            "idnode.node.faces.handle.native.responder", reason="the compiled core is not built"
        )
    settings = Settings(
        data_dir=tmp_path / "data",
        handle_port=0,
        http_port=0,
        admin_port=0,
        udp_threads=0 if request.param == "udp_threads 0" else 2,
        workers=2 if request.param == "workers 2" else 1,
    )
    node = Node(settings, seed=1)
    await node.start()
    yield node
    await node.stop()


async def resolutions(node):
    """Return how often each outcome stands in the metrics, over UDP, and how many durations do."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url_of(node.addresses.admin)}/metrics") as answer,
    ):
        text = await answer.text()
    counts = re.findall(
        r'idnode_resolutions_total\{face="handle_udp",outcome="(\w+)"\} (\S+)', text
    )
    timed = re.search(
        r'idnode_request_seconds_count\{face="handle_udp",operation="resolve"\} (\S+)', text
    )
    found = {outcome: float(count) for outcome, count in counts if float(count)}
    return found | {"timed": float(timed[1])}


async def test_each_resolution_is_counted_once(built):
    async with aio.Client(built.addresses.handle_tcp, transport=Transport.UDP) as client:
        for _ in range(5):
            await client.resolve("88.900.1/hello")
        for _ in range(3):
            with pytest.raises(HandleNotFound):
                await client.resolve("88.900.1/nothing")
    await built.stop()
    again = Node(built.settings, seed=1)
    await again.start()
    found = await resolutions(again)
    await again.stop()
    assert found == {"success": 5, "not_found": 3, "timed": 0}


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_a_write_is_answered_once_it_is_acknowledged(built, transport):
    async with (
        Client(url_of(built.addresses.http), ADMIN) as web,
        aio.Client(built.addresses.handle_tcp, transport=transport) as client,
    ):
        for number in range(20):
            for text in ("first", "second" * 100):
                await web.create(
                    f"88.900.1/written-{number}",
                    [HandleValue(1, "DESC", text.encode())],
                    overwrite=True,
                )
                answer = await client.resolve(f"88.900.1/written-{number}")
                assert answer.values[0].data == text.encode()
            await web.delete(f"88.900.1/written-{number}")
            with pytest.raises(HandleNotFound):
                await client.resolve(f"88.900.1/written-{number}")


async def test_a_new_prefix_is_answered_for_once_it_is_acknowledged(built):
    admin = AdminValue(handle=b"0.NA/88.900", index=301, permissions=Right.ALL)
    async with (
        Client(url_of(built.addresses.http), ADMIN) as web,
        aio.Client(built.addresses.handle_tcp, transport=Transport.UDP) as client,
    ):
        with pytest.raises(NotResponsible):
            await client.resolve("88.900.7/one")
        await web.create("0.NA/88.900.7", [HandleValue(100, "HS_ADMIN", encode_admin(admin))])
        with pytest.raises(HandleNotFound):
            await client.resolve("88.900.7/one")
        await web.create("88.900.7/one", [HandleValue(1, "URL", b"https://example.org/")])
        assert (await client.resolve("88.900.7/one")).values
        await web.delete("88.900.7/one")
        await web.delete("0.NA/88.900.7")
        with pytest.raises(NotResponsible):
            await client.resolve("88.900.7/one")


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_what_a_template_makes_is_answered_as_soon_as_there_is_one(built, transport):
    namespace = (
        '<namespace><template delimiter="@"><foreach><value data="${data}#${extension}"/></foreach>'
        "</template></namespace>"
    )
    prefix = "0.NA/88.900.1"
    async with (
        aio.Client(built.addresses.handle_tcp, transport=transport) as client,
        Client(url_of(built.addresses.http), ADMIN) as web,
    ):
        with pytest.raises(HandleNotFound):
            await client.resolve("88.900.1/hello@7")
        await web.put_values(prefix, [HandleValue(5, "HS_NAMESPACE", namespace.encode())])
        made = await client.resolve("88.900.1/hello@7")
        assert made.values[0].data == b"https://example.org/hello#7"
        await web.delete_values(prefix, [5])
        with pytest.raises(HandleNotFound):
            await client.resolve("88.900.1/hello@7")
