"""A node on three PostgreSQL servers that Patroni keeps loses nothing that it has acknowledged.

- Whichever leader is killed, however often: what writers on every face were told is there. Meanwhile they are told to
  come again, and nothing else; they write again within the time that Patroni waits, and some seconds. A node that
  starts meanwhile waits.
- While the standbys stand still nothing is acknowledged, and reads go on; what they missed is lost to nobody when one
  of them takes over afterwards.
- The same with a leader that acknowledges by itself does lose some; otherwise these tests would prove nothing.

The variable ``FAILOVERS`` says how many leaders are killed; without it nothing here runs, since it takes many minutes.
"""

import asyncio
import importlib.util
import itertools
import logging
import os
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from idnode.clients import aio, snms, web
from idnode.clients.bulk import item
from idnode.clients.dialogues import Administrator, create
from idnode.clients.errors import ServerBusy
from idnode.clients.identity import SecretIdentity
from idnode.clients.request import Schedule
from idnode.clients.snms_answers import (
    Attribute,
    Identifier,
    NodeFailed,
    RuleBroken,
    Template,
    TemplateItem,
)
from idnode.clients.snms_requests import Account
from idnode.clients.web_requests import Credential
from idnode.registry.handle.model import HandleValue

pytestmark = [
    pytest.mark.crash,
    pytest.mark.timeout(1500),
    pytest.mark.skipif("FAILOVERS" not in os.environ, reason="takes minutes: set FAILOVERS=2"),
]

FAILOVERS = int(os.environ.get("FAILOVERS", "2"))
BACK_SECONDS = 10
"""Time that everything has to go on after Patroni has found out."""

PATIENCE_SECONDS = 120

_log = logging.getLogger(__name__)

URL = HandleValue(1, "URL", b"https://example.org/1")
SECRET = "idnode-demo"
CREDENTIAL = Credential(301, "0.NA/88.900.1", SECRET)


def _module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def cluster():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not (found and shutil.which("patroni") and shutil.which("etcd")):
        if "REQUIRE_TOOLS" in os.environ:
            pytest.fail("patroni and etcd are not installed")
        pytest.skip("needs postgresql, patroni and etcd-server")
    made = _module("patroni_cluster").PatroniCluster(found[-1])
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture
def node(cluster, served):
    cluster.sql(cluster.leader(), "CREATE DATABASE idnode")
    return served("--register", cluster.url("idnode"))


class Writers:
    """Writers on every face; each knows what it was told."""

    def __init__(self, node):
        self._ready = node.ready
        self.acknowledged = []
        self.told = Counter()
        self.last = 0.0
        self._numbers = itertools.count()
        self._tasks = []

    async def __aenter__(self):
        self._loop = asyncio.get_running_loop()
        self._json = web.Client(self._ready["http"], CREDENTIAL, timeout_seconds=120)
        self._tcp = aio.Client(
            tuple(self._ready["handle_tcp"]), schedule=Schedule(stream_seconds=120)
        )
        self._administrator = Administrator(SecretIdentity(b"0.NA/88.900.1", 301, SECRET.encode()))
        self._snms = snms.Client(self._ready["http"], Account("demo", SECRET), timeout_seconds=120)
        with suppress(NodeFailed, RuleBroken):  # the second writers of a node find it
            items = (TemplateItem("型号", "model", 2000, required=True),)
            await self._snms.create_template(Template("88.900.1", "pump", items))
        return self

    async def __aexit__(self, *_):
        await self.rest()
        for client in (self._json, self._tcp, self._snms):
            await client.close()

    def write(self):
        """Begin to write on every face."""
        faces = (self.by_json, self.by_bulk, self.by_handle_protocol, self.by_snms)
        self._tasks = [self._loop.create_task(self._for_ever(face)) for face in faces]

    async def rest(self):
        """Write no more, and forget what has no answer yet."""
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
        self._tasks = []

    async def _for_ever(self, face):
        while True:
            try:
                self.acknowledged += await face()
                self.last = self._loop.time()
                self.told[face.__name__, "ok"] += 1
            except (ServerBusy, NodeFailed):
                self.told[face.__name__, "come again"] += 1
                await asyncio.sleep(0.05)

    def _next(self):
        return b"88.900.1/%d" % next(self._numbers)

    async def by_json(self):
        handle = self._next()
        await self._json.create(handle, (URL,))
        return [handle]

    async def by_bulk(self):
        handles = [self._next() for _ in range(50)]
        result = await self._json.batch([item(handle.decode(), (URL,)) for handle in handles])
        assert result.accepted == 50
        return handles

    async def by_snms(self):
        handle = self._next()
        attribute = Attribute(2000, "model", "IS80-65")
        await self._snms.create(Identifier(handle.decode(), "pump", (attribute,)))
        return [handle]

    async def by_handle_protocol(self):
        handle = self._next()
        await self._tcp.do(create(self._administrator, handle, (URL,)))
        return [handle]

    async def went_on(self, since):
        """Return after how many seconds something was acknowledged again."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.last <= since:
                for task in self._tasks:
                    if task.done():
                        task.result()  # raises what its client was told instead of to come again
                await asyncio.sleep(0.05)
        return self.last - since


@pytest.fixture(autouse=True)
def told(request, cluster, node):
    """Log what everybody says when a test fails, while they are still there to say it."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        _log.error("%s\n%s", cluster.told(), node.output.text)


async def lost(cluster, acknowledged):
    """Return what was acknowledged and is not there."""
    name = await asyncio.to_thread(cluster.settle)
    connection = await asyncpg.connect(cluster.url("idnode", name))
    try:
        rows = await connection.fetch("SELECT folded FROM record")
    finally:
        await connection.close()
    return set(acknowledged) - {row[0] for row in rows}


async def started_late(served, cluster, folder):
    """Start a further node on the cluster."""
    folder.mkdir()
    return await asyncio.to_thread(served, "--register", cluster.url("idnode"), folder=folder)


async def resolves(node, handle):
    """Return whether a node resolves a handle."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{node.ready['http']}/api/handles/{handle.decode()}") as answer,
    ):
        return answer.status == 200


async def test_killed_leaders_take_nothing_acknowledged_along(cluster, node, served, tmp_path):
    patroni_seconds = _module("patroni_cluster").TTL_SECONDS
    back = []
    async with Writers(node) as writers:
        writers.write()
        late = None
        for _ in range(FAILOVERS):
            await writers.went_on(asyncio.get_running_loop().time())
            leader = await asyncio.to_thread(cluster.settle)
            await asyncio.to_thread(cluster.kill, leader)
            killed = asyncio.get_running_loop().time()
            if late is None:  # a node that starts while there is no leader waits for one
                late = asyncio.create_task(started_late(served, cluster, tmp_path / "late"))
            # What was acknowledged in the moment of the kill does not count as going on.
            back.append(1 + await writers.went_on(killed + 1))
            cluster.revive(leader)
        await writers.rest()
        assert await resolves(await late, writers.acknowledged[-1])
        gone = await lost(cluster, writers.acknowledged)
        _log.info(
            "%d acknowledged, %d lost, back after %s s, %s",
            *(len(writers.acknowledged), len(gone), [round(each, 1) for each in back]),
            dict(writers.told),
        )
        assert not gone
        faces = {face for face, told in writers.told if told == "ok"}
        assert faces == {"by_json", "by_bulk", "by_handle_protocol", "by_snms"}
        assert max(back) <= patroni_seconds + BACK_SECONDS


async def test_nothing_is_acknowledged_without_a_standby(cluster, node):
    loop = asyncio.get_running_loop()
    async with Writers(node) as writers:
        writers.write()
        await writers.went_on(loop.time())
        leader = await asyncio.to_thread(cluster.settle)
        others = [name for name in cluster.ports if name != leader]
        for name in others:
            cluster.pause(name)
        before = len(writers.acknowledged)
        seen = before
        async with asyncio.timeout(PATIENCE_SECONDS):
            while seen != len(writers.acknowledged) or seen == before == 0:
                seen = len(writers.acknowledged)
                await asyncio.sleep(0.5)
        for _ in range(20):
            assert await resolves(node, writers.acknowledged[0])
        still = len(writers.acknowledged)
        await asyncio.sleep(1)
        assert len(writers.acknowledged) == still
        await asyncio.to_thread(cluster.kill, leader)
        for name in others:
            cluster.resume(name)
        await writers.went_on(loop.time())
        cluster.revive(leader)
        await writers.rest()
        gone = await lost(cluster, writers.acknowledged)
        _log.info(
            "%d acknowledged, %d lost, %s", len(writers.acknowledged), len(gone), dict(writers.told)
        )
        assert not gone


async def test_a_leader_that_acknowledges_by_itself_loses_some(cluster, node):
    loop = asyncio.get_running_loop()
    cluster.sql(cluster.leader(), "ALTER DATABASE idnode SET synchronous_commit = local")
    await asyncio.to_thread(cluster.acknowledge_alone)
    node.stop()
    node.start()
    async with Writers(node) as writers:
        leader = await asyncio.to_thread(cluster.settle)
        others = [name for name in cluster.ports if name != leader]
        for name in others:
            cluster.pause(name)
        large = HandleValue(1, "DRAWING", os.urandom(60_000))
        async with web.Client(node.ready["http"], CREDENTIAL) as client:
            for number in range(400):  # more than the sockets between the servers hold
                handle = b"88.900.1/LARGE-%d" % number
                await client.create(handle, (large,))
                writers.acknowledged.append(handle)
        await asyncio.to_thread(cluster.kill, leader)
        for name in others:
            cluster.resume(name)
        writers.write()
        await writers.went_on(loop.time())
        await writers.rest()
        cluster.revive(leader)
        gone = await lost(cluster, writers.acknowledged)
        _log.info("%d acknowledged, %d lost", len(writers.acknowledged), len(gone))
        assert gone
