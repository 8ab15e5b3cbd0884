"""Sites of several servers in a tree, with each hash option.

Promises: every server of a site tells the same site record; a handle can be created at the server that its hash names, and
nowhere else (code 301); a walk from the top asks that server, and no other answers; one command lists all servers' handles; a
server that was stopped and started again is part of its site as before.
"""

import asyncio

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from idnode.clients import aio
from idnode.clients.answer import Question
from idnode.clients.dialogues import Administrator, create
from idnode.clients.errors import NotResponsible
from idnode.clients.identity import SecretIdentity
from idnode.clients.tracing.trace import End
from idnode.node.cli import application
from idnode.node.settings import Settings
from idnode.node.tree.topology import Topology
from idnode.node.tree.up import running_tree
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_site import decode_site, server_number

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITES = {"handle": "88.950", "suffix": "88.951", "prefix": "88.952"}
SERVERS = 2
URL = HandleValue(1, "URL", b"https://example.org")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tree(tmp_path_factory):
    nodes = [{"name": "top", "role": "national", "prefix": "88"}]
    nodes += [
        {"name": f"{kind}-{n}", "role": "secondary", "prefix": prefix, "hash": kind}
        for kind, prefix in SITES.items()
        for n in range(1, SERVERS + 1)
    ]
    base = Settings(data_dir=tmp_path_factory.mktemp("sites"), durability="none", shed_delay=0)
    topology = Topology(admin_port=0, node=nodes)
    async with running_tree(topology, base, seed=1) as (tree, _admin):
        yield tree


def client(tree, name):
    return aio.Client(tree.nodes[name].addresses.handle_tcp)


def administrator(prefix):
    return Administrator(SecretIdentity(f"0.NA/{prefix}".encode(), 301, b"idnode-demo"))


async def attempt(tree, name, prefix, handle):
    async with client(tree, name) as at:
        try:
            await at.do(create(administrator(prefix), handle, [URL]))
        except NotResponsible:
            return False
        return True


@pytest.mark.parametrize("kind", SITES)
async def test_the_server_of_the_hash_answers_and_no_other(tree, kind):
    prefix, names = SITES[kind], [f"{kind}-{n}" for n in range(1, SERVERS + 1)]
    sites = [tree.nodes[name].services.site.site for name in names]
    assert sites[0] == sites[1]
    site = decode_site(sites[0])
    assert len(site.servers) == SERVERS
    for number in range(6):
        handle = f"{prefix}/item-{number}"
        right = server_number(handle.encode(), site.hash_option, SERVERS)
        took = [await attempt(tree, name, prefix, handle) for name in names]
        assert took == [n == right for n in range(SERVERS)]
        async with client(tree, "top") as top, client(tree, names[1 - right]) as wrong:
            trace = await top.trace(Question.of(handle))
            refused = await wrong.query(Question.of(handle))
        assert (trace.end, trace.hops[-1].node) == (End.ANSWERED, names[right])
        assert f"server {right + 1} of 2 by the hash of" in trace.hops[-1].rule
        assert refused.response_code == 301


async def test_one_command_lists_every_server(tree):
    handles = [f"88.950/listed-{number}" for number in range(8)]
    for handle in handles:
        for name in ("handle-1", "handle-2"):
            await attempt(tree, name, "88.950", handle)
    server = "{}:{}".format(*tree.nodes["top"].addresses.handle_tcp)
    arguments = ["list", "88.950", "--every-server", "--server", server]
    arguments += ["--admin", "301:0.NA/88.950"]
    found = await asyncio.to_thread(CliRunner().invoke, application(arguments), arguments)
    assert set(handles) <= set(found.stdout.split())


async def test_a_server_comes_back_into_its_site(tree):
    before = tree.nodes["handle-2"].services.site.site
    await tree.stop_node("handle-2")
    await tree.start_node("handle-2")
    assert tree.nodes["handle-2"].services.site.site == before
    assert tree.nodes["handle-2"].services.site.number == 1
