"""A node refers what others answer for, over each face, and our clients and commands follow.

Promises: over UDP, TCP and JSON a handle below a delegated prefix is answered with code 302 and its sites, a prefix
handle with 303; a browser is sent to the other node's own page unless it wants to see values; `idnode trace` names each
hop and its node, and writes JSON and SVG; `idnode resolve --follow` prints what is at the end, also over HTTP.
"""

import asyncio
import json
import shutil
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from typer.testing import CliRunner

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.node.addresses import url_of
from idnode.node.cli import application
from idnode.node.commands.failure import CommandFailed
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.values import pack
from idnode.registry.mutation import Create

URL = HandleValue(1, "URL", b"https://example.org/cup")
ADMIN = HandleValue(100, "HS_ADMIN", encode_admin(AdminValue(Right.ALL, b"0.NA/88.950", 200)))


@pytest.fixture
async def nodes(tmp_path, register_engine, made_keys):
    """Return a node that delegates 88.950 to another one, and that one."""
    started = []
    for name, prefix in (("top", "88.900"), ("below", "88.950")):
        settings = Settings(
            data_dir=tmp_path / name,
            durability="none",
            handle_port=0,
            http_port=0,
            admin_port=0,
            prefix=prefix,
            name=name,
            site_http=True,
        )
        shutil.copytree(made_keys, settings.data_dir / "keys")
        started.append(Node(settings, seed=1))
        await started[-1].start()
    top, below = started
    site = HandleValue(1, "HS_SITE.PREFIX", below.services.site.site)
    made = (Create(b"0.NA/88.950.7", pack([ADMIN])), Create(b"88.950.7/cup", pack([URL])))
    await below.register.submit(made)
    await top.register.submit((Create(b"0.NA/88.950", pack([site])),))
    yield top, below
    for node in started:
        await node.stop()


def invoke(*arguments):
    found = CliRunner().invoke(application(list(arguments)), list(arguments))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


async def test_every_face_refers_alike(nodes):
    top, below = nodes
    question = Question(b"88.950.7/cup")
    async with (
        aio.Client(top.addresses.handle_tcp) as client,
        web.Client(url_of(top.addresses.http)) as http,
    ):
        answers = [
            await client.query(question),
            await client.query(question, transport=Transport.TCP),
            await http.query(question),
        ]
        assert [answer.response_code for answer in answers] == [302] * 3
        assert [answer.values[0].type for answer in answers] == ["HS_SITE"] * 3
        assert {answer.values[0].data for answer in answers} == {below.services.site.site}
        prefix = await client.query(Question(b"0.NA/88.950.7"))
        assert (prefix.response_code, prefix.values[0].type) == (303, "HS_SITE.PREFIX")
        assert (await client.resolve("88.950.7/cup", follow=True)).values[0].data == URL.data


async def test_a_browser_is_sent_to_the_other_node(nodes):
    top, below = nodes
    base = url_of(top.addresses.http)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{base}/88.950.7/cup?x=1", allow_redirects=False) as response:
            assert response.status == 307
            there = url_of(below.addresses.http)
            assert response.headers["Location"] == f"{there}/88.950.7/cup?x=1"
        async with session.get(f"{base}/88.950.7/cup?noredirect") as response:
            assert response.status == 300
            assert "answered for elsewhere" in await response.text()


async def test_a_trace_shows_each_hop(nodes, tmp_path):
    top, _below = nodes
    server = "{}:{}".format(*top.addresses.handle_tcp)
    arguments = ["trace", "88.950.7/cup", "--server", server, "--svg", str(tmp_path / "a.svg")]
    shown = await asyncio.to_thread(invoke, *arguments)
    assert (shown.exit_code, ";; ANSWERED: 2 hops" in shown.stdout) == (0, True), shown.stdout
    ET.parse(tmp_path / "a.svg")  # our own picture
    told = await asyncio.to_thread(invoke, *arguments, "--json")
    hops = json.loads(told.stdout)["hops"]
    assert [(hop["node"], hop["response_code"]) for hop in hops] == [("top", 302), ("below", 1)]
    nothing = await asyncio.to_thread(invoke, "trace", "88.950.7/none", "--server", server)
    assert (nothing.exit_code, ";; NOT FOUND: below answers" in nothing.stdout) == (1, True)


@pytest.mark.parametrize("transport", ["udp", "tcp", "http"])
async def test_resolving_follows(nodes, transport):
    top, _below = nodes
    address = top.addresses.http if transport == "http" else top.addresses.handle_tcp
    arguments = ["--server", "{}:{}".format(*address), "--transport", transport]
    found = await asyncio.to_thread(invoke, "resolve", "88.950.7/cup", "--follow", *arguments)
    assert "https://example.org/cup" in found.stdout
    referred = await asyncio.to_thread(invoke, "resolve", "88.950.7/cup", *arguments)
    assert (referred.exit_code, "service_referral (302)" in referred.stdout) == (1, True)
    assert "HS_SITE" in referred.stdout


async def test_a_dead_end_is_named(nodes):
    top, below = nodes
    await below.stop()
    server = "{}:{}".format(*top.addresses.handle_tcp)
    with pytest.raises(CommandFailed, match="dead end: below does not answer"):
        await asyncio.to_thread(invoke, "resolve", "88.950.7/cup", "--follow", "--server", server)
