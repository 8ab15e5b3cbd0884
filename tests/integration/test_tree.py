"""A whole tree in one process, as users run it: five nodes of Suzhou, a recursive one among them.

Promises: each identifier of the data set is found from the top and through the recursive node, over UDP, TCP and HTTP,
and is what the node that answers for it says itself; a second question is answered from the cache; bare prefixes
answer with HS_SITE; the nodes are told apart in one exposition and below ``/nodes/<name>``; one node stopped leaves the
others, is said to be not ready, and its known identifiers go on as stale until it is back; the tree is drawn.
"""

import asyncio
import json
import shutil
from functools import partial
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import aiohttp
import pytest
import pytest_asyncio
from pyhandle.client.resthandleclient import RESTHandleClient
from typer.testing import CliRunner

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.clients.tracing.trace import End
from idnode.node.addresses import url_of
from idnode.node.cli import application
from idnode.node.service.docking.epp import Command, read_response, write_command
from idnode.node.service.docking.senders import authorization_of
from idnode.node.settings import Settings
from idnode.node.tree.certificates import BROKEN
from idnode.node.tree.topology import Topology
from idnode.node.tree.up import running_tree
from idnode.registry.datasets.choice import make, make_share
from idnode.registry.fetching import fetched
from idnode.registry.handle.clock import MovableClock
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack, unpack
from idnode.registry.handle.wire.constants import OpFlag
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.message import decode_message
from idnode.registry.handle.wire.resolution import decode_answer
from idnode.registry.mutation import Create

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODES = (
    {"name": "top", "role": "national", "prefix": "88", "title": "示例国家顶级节点"},
    {"name": "environment", "role": "secondary", "prefix": "88.909", "industry": "环保"},
    {"name": "equipment", "role": "secondary", "prefix": "88.912"},
    {"name": "equipment-1", "role": "enterprise", "prefix": "88.912.1"},
    {"name": "recursive", "role": "recursive", "handle_port": 0},
)
RANDOM_HANDLES = 1000
VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture(scope="module")
def clock():
    return MovableClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory, made_keys, clock):
    folder = tmp_path_factory.mktemp("tree")
    topology = Topology(name="Suzhou", admin_port=0, dataset="suzhou", node=NODES)
    for node in topology.node:
        shutil.copytree(made_keys, folder / "nodes" / node.name / "keys")
    base = (
        Settings(  # whoever asks here shares the loop with the nodes, so they would seem overloaded
            data_dir=folder, durability="none", ready_file=folder / "ready.json", shed_delay=0
        )
    )
    async with running_tree(topology, base, seed=1, clock=clock) as (tree, admin):
        yield tree, url_of(admin), json.loads((folder / "ready.json").read_bytes())


@pytest.fixture(scope="module")
def tree(running):
    return running[0]


@pytest.fixture(scope="module")
def admin(running):
    return running[1]


def client(tree, name):
    return aio.Client(tree.nodes[name].addresses.handle_tcp)


def sample(only, count, seed=7):
    return make_share(f"suzhou,only={only}").sample(count, Random(seed))


async def get(url):
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, dict(response.headers), await response.text()


async def post(url):
    async with aiohttp.ClientSession() as session, session.post(url, json={}) as response:
        return response.status, await response.json()


async def test_three_hops_to_an_enterprise_and_then_the_cache(tree):
    (handle,) = sample("88.912.1", 1, seed=70)
    counted = tree.nodes["recursive"].recursion.counters
    before = dict(counted.answers)
    async with client(tree, "top") as top, client(tree, "recursive") as recursive:
        trace = await top.trace(Question(handle), await top.place())
        assert [hop.node for hop in trace.hops] == ["top", "equipment", "equipment-1"]
        answers = [await recursive.resolve(handle) for _ in range(2)]
    assert [answer.values for answer in answers] == [trace.answer.values] * 2
    assert not answers[0].authoritative
    assert [counted.answers[known] - before[known] for known in ("miss", "hit")] == [1, 1]


async def test_every_hop_says_what_the_node_that_answers_says(tree):
    """Random identifiers: through the recursive node, from the top, and as the data set has them."""
    handles = sample("88.909+88.912", RANDOM_HANDLES)
    whole = make("suzhou")
    async with client(tree, "recursive") as recursive, client(tree, "top") as top:
        for start in range(0, len(handles), 20):
            some = handles[start : start + 20]
            through = await asyncio.gather(*(recursive.resolve(handle) for handle in some))
            for handle, answer in zip(some, through, strict=True):
                owner = whole.enterprise(handle.partition(b"/")[0])
                name = {b"88.909": "environment", b"88.912": "equipment"}[owner.node.prefix]
                name = "equipment-1" if owner.prefix == b"88.912.1" else name
                resolve = tree.nodes[name].services.resolver.resolve
                said = await fetched(partial(resolve, handle))
                assert answer.values == unpack(said)
        for handle in handles[:50]:
            trace = await top.trace(Question(handle))
            assert trace.end is End.ANSWERED
            assert trace.answer.values == (await recursive.resolve(handle)).values


async def test_the_recursive_node_answers_over_every_transport(tree):
    (handle,) = sample("88.909", 1, seed=8)
    async with (
        client(tree, "recursive") as binary,
        web.Client(url_of(tree.nodes["recursive"].addresses.http)) as http,
    ):
        answers = [
            await binary.resolve(handle, transport=Transport.TCP),
            await binary.resolve(handle, transport=Transport.UDP),
            await http.get(handle),
        ]
    assert answers[0].values == answers[1].values
    assert [v.data for v in answers[2].values] == [v.data for v in answers[0].values]
    base = url_of(tree.nodes["recursive"].addresses.http)
    status, headers, _ = await get(f"{base}/api/handles/{handle.decode()}")
    assert (status, headers["X-Idnode-Cache"]) == (200, "hit")
    status, _, body = await get(f"{base}/api/v1/trace?handle={handle.decode()}")
    assert (status, json.loads(body)["hops"][0]["cache"]) == (200, "hit")
    status, _, _ = await get(f"{base}/api/v1/trace")
    assert status == 400


async def test_bare_prefixes_answer_with_their_sites(tree):
    async with client(tree, "recursive") as recursive:
        for prefix in ("88.912", "88.912.1", "88.909.3", "88"):
            answer = await recursive.resolve(prefix, types=("HS_SITE",))
            assert [value.type for value in answer.values] == ["HS_SITE"]
        root = await recursive.resolve("0.NA/0.NA")
        assert root.values[0].type == "HS_SITE"
        nothing = await recursive.query(Question(b"88.912.99999/x"))
        assert nothing.response_code == 100


async def test_a_real_client_finds_the_site_of_a_prefix(tree):
    """id-pointer-sdk 2.3.1 asks a recursive node for HS_SITE of a bare prefix: its bytes, with a prefix of ours."""
    lines = (VECTORS / "handle-wire.jsonl").read_text(encoding="utf-8").splitlines()
    (captured,) = (
        bytes.fromhex(row["hex"])
        for row in map(json.loads, lines)
        if row["name"] == "idp-resolver/factory-by-prefix/request-resolution"
    )
    asked = captured.replace(b"88.1000.2", b"88.912.10")
    expires = asked[36:40]  # of the header: when it was captured is long ago
    asked = asked.replace(expires, b"\xff\xff\xff\xff")
    reader, writer = await asyncio.open_connection(*tree.nodes["recursive"].addresses.handle_tcp)
    writer.write(asked)
    envelope = decode_envelope(await reader.readexactly(20))
    answer = decode_message(await reader.readexactly(envelope.message_length))
    writer.close()
    assert (envelope.request_id, answer.response_code) == (4, 1)
    handle, values = decode_answer(answer.body)
    (value,) = unpack(values)
    assert handle == b"88.912.10"
    resolver = tree.nodes["equipment"].services.resolver
    at_home = await fetched(partial(resolver.resolve, b"0.NA/88.912.10"))
    assert value.data in {each.data for each in unpack(at_home) if each.type == "HS_SITE"}


async def test_pyhandle_resolves_through_the_recursive_node(tree):
    (handle,) = sample("88.912", 1, seed=12)
    base = url_of(tree.nodes["recursive"].addresses.http)
    client_ = RESTHandleClient.instantiate_for_read_access(base)
    record = await asyncio.to_thread(client_.retrieve_handle_record, handle.decode())
    resolver = tree.nodes["equipment"].services.resolver
    said = unpack(await fetched(partial(resolver.resolve, handle)))
    texts = {value.type: value.data.decode() for value in said if value.type != "HS_ADMIN"}
    assert texts
    assert texts.items() <= record.items()
    assert record.keys() == {value.type for value in said}
    assert await asyncio.to_thread(client_.retrieve_handle_record, "88.912.1/none") is None


async def test_the_nodes_are_told_apart(tree, admin, running):
    _, _, text = await get(f"{admin}/metrics")
    names = {node["name"] for node in NODES}
    ready = [line for line in text.splitlines() if line.startswith("idnode_ready{")]
    assert sorted(ready) == sorted(f'idnode_ready{{node="{name}"}} 1.0' for name in names)
    assert text.count("# TYPE idnode_ready ") == 1
    assert 'idnode_recursive_answers_total{node="recursive",result="hit"}' in text
    status, _, body = await get(f"{admin}/nodes/equipment/api/v1/stats")
    assert (status, json.loads(body)["dataset"]["enterprises"]) == (200, 159)
    assert (await get(f"{admin}/nodes/none/livez"))[0] == 404
    assert set(running[2]["nodes"]) == names
    found = json.loads((await get(f"{admin}/tree"))[2])
    assert found["enterprises"] == 160 + 160
    assert [node["state"] for node in found["nodes"]] == ["ready"] * 5
    ET.fromstring((await get(f"{admin}/tree/graph.svg"))[2])  # our own picture


async def test_one_node_stopped_leaves_the_others(tree, admin, clock):
    handles = {
        name: sample(prefix, 1, seed=9)[0]
        for name, prefix in (("environment", "88.909"), ("equipment", "88.912"))
    }
    base = url_of(tree.nodes["recursive"].addresses.http)
    async with client(tree, "recursive") as recursive:
        before = await recursive.resolve(handles["environment"])
        (unknown,) = sample("88.909", 1, seed=10)
        assert await post(f"{admin}/tree/nodes/environment/stop") == (
            200,
            {"name": "environment", "state": "stopped"},
        )
        assert (await get(f"{admin}/readyz"))[0] == 503
        assert 'idnode_ready{node="environment"} 0.0' in (await get(f"{admin}/metrics"))[2]
        assert (await recursive.resolve(handles["equipment"])).succeeded
        clock.set(clock.now() + 90_000)
        stale = await recursive.resolve(handles["environment"])
        assert [v.data for v in stale.values] == [v.data for v in before.values]
        assert {value.ttl for value in stale.values} == {30}
        _, headers, _ = await get(f"{base}/api/handles/{handles['environment'].decode()}")
        assert (headers["X-Idnode-Cache"], "110" in headers["Warning"]) == ("stale", True)
        failed = await recursive.query(Question(unknown))
        assert (failed.response_code, "does not answer" in failed.message) == (2, True)
        assert (await post(f"{admin}/tree/nodes/environment/start"))[0] == 200
        clock.set(clock.now() + 60)
        after = await recursive.resolve(handles["environment"])
        assert after.values == before.values
        assert (await recursive.resolve(unknown)).succeeded
    assert (await get(f"{admin}/readyz"))[0] == 200
    assert (await post(f"{admin}/tree/nodes/none/stop"))[0] == 404


async def test_trusted_answers_are_said_to_be(tree, running):
    asked = OpFlag.TRUSTED_QUERY | OpFlag.PUBLIC_ONLY
    async with client(tree, "recursive") as recursive:
        for handle, trusted in (
            ("88.912.1/signed", True),
            ("88.909/signed", True),
            *((f"88.909/broken-{name}", False) for name in BROKEN),
            (sample("88.909", 1, seed=11)[0], False),
        ):
            answer = await recursive.query(Question.of(handle, op_flags=asked))
            assert answer.succeeded
            flags = answer.op_flags & (OpFlag.TRUSTED_QUERY | OpFlag.TRUSTED_RESULT)
            assert flags == OpFlag.TRUSTED_QUERY | OpFlag.TRUSTED_RESULT * trusted, handle
        plain = await recursive.query(Question(b"88.912.1/signed"))
        assert not plain.op_flags & OpFlag.TRUSTED_RESULT


async def test_the_commands_verify_and_sign(tree, running):
    folder = tree.nodes["top"].settings.data_dir.parent.parent
    server = "{}:{}".format(*tree.nodes["recursive"].addresses.handle_tcp)
    checked = ["--root", str(folder / "root.pem"), "--server", server]

    def invoke(*arguments):
        return CliRunner().invoke(application(list(arguments)), list(arguments))

    good = await asyncio.to_thread(invoke, "verify", "88.912.1/signed", *checked)
    assert (good.exit_code, good.stdout.count("✓")) == (0, 4), good.stdout
    bad = await asyncio.to_thread(invoke, "verify", "88.909/broken-revoked", "--json", *checked)
    links = json.loads(bad.stdout)["links"]
    assert (bad.exit_code, links[-1]["reason"]) == (1, "revoked")
    node = tree.nodes["equipment-1"]
    packed = pack([HandleValue(1, "URL", b"https://example.org/mine")])
    await node.register.submit((Create(b"88.912.1/mine", packed),))
    signed = await asyncio.to_thread(
        invoke,
        *("sign", "88.912.1/mine", "--issuer", "300:0.NA/88.912.1"),
        *("--key", str(node.settings.data_dir / "keys" / "88.912.1.private.pem")),
        *("--server", "{}:{}".format(*node.addresses.http)),
        *("--admin", "301:0.NA/88.912.1"),
    )
    assert "1 values signed" in signed.stdout, signed.output
    mine = await asyncio.to_thread(invoke, "verify", "88.912.1/mine", *checked)
    assert mine.exit_code == 0, mine.stdout


def manage(tree, name, path):
    return f"{url_of(tree.nodes[name].addresses.admin)}/nodes/{name}{path}"


async def enrol(tree, name, **wanted):
    async with aiohttp.ClientSession() as session:
        url = manage(tree, name, "/api/v1/enterprises")
        async with session.post(url, json={"random": True, **wanted}) as response:
            assert response.status in {200, 201}, await response.text()
            return (await response.json())["prefix"]


async def test_an_enterprise_enrolled_at_a_secondary_node_appears_at_the_top(tree):
    """Filed over EPP, passed, told by poll, in the directory, and resolvable from the top."""
    prefix = await enrol(tree, "environment")
    docking = tree.nodes["environment"].docking.docking
    for _ in range(2):  # what is filed in one turn is polled in it or in the next
        await docking.once()
    assert docking.filed[prefix] == {"state": "passed", "message": "审核通过"}
    top = url_of(tree.nodes["top"].addresses.http)
    status, headers, body = await get(f"{top}/iiidap/identifier/{prefix}")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "application/iiidap+json")
    name = json.loads(body)["node"]["name"]
    found = json.loads((await get(f"{top}/iiidap/names?name={name[:2]}*"))[2])
    assert prefix in {each["identifier"] for each in found["NodeSearchResults"]}
    assert (await get(f"{top}/iiidap/identifier/88.909.none"))[0] == 404
    async with client(tree, "top") as at_top:
        site = await at_top.resolve(prefix, types=("HS_SITE",))
        assert site.values[0].data == tree.nodes["environment"].services.site.site
        record = Create(f"{prefix}/made".encode(), pack([HandleValue(1, "URL", b"x")]))
        await tree.nodes["environment"].register.submit((record,))
        answer = await at_top.resolve(f"{prefix}/made", follow=True)
        assert answer.values[0].data == b"x"
    told = json.loads((await get(manage(tree, "top", "/api/v1/docking")))[2])
    assert "88.909" in told["reports"]
    told = json.loads((await get(manage(tree, "environment", "/api/v1/docking")))[2])
    assert told["filed"][prefix] == {"state": "passed", "message": "审核通过"}


async def file(tree, name, kind, *, as_prefix=None, **fields):
    node = tree.nodes[name]
    body = write_command(Command(kind, fields, "test"))
    prefix = as_prefix or node.settings.prefix
    signed = authorization_of(
        prefix, node.services.site.signing_key, body, node.docking._clock.now()
    )
    url = f"{url_of(tree.nodes['top'].addresses.http)}/epp"
    headers = {"Authorization": signed}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        return read_response(await response.read())


async def test_filings_are_refused_at_once_or_after_the_audit(tree):
    wrong = await file(
        tree, "equipment", "ent:check", shrUserId="88.909", entCrtType="1", entCrtCode="x"
    )
    assert wrong.code == 2201
    asked = {"shrPrefix": "88.912", "entCrCode": "no code", "entNameCn": "示例"}
    made = await file(tree, "equipment", "ent:create", **asked)
    named = {"shrPrefix": "88.912", "entId": made.data["entId"]}
    assert (await file(tree, "equipment", "prefix:create", **named, prefix="88.1.7")).code == 2306
    assert (
        await file(
            tree,
            "equipment",
            "prefix:create",
            shrPrefix="88.912",
            entId="E-0",
            prefix="88.912.9007",
        )
    ).code == 2303
    assert (await file(tree, "equipment", "ent:create", shrPrefix="88.912")).code == 2003
    assert (await file(tree, "equipment", "ent:delete")).code == 2000
    queue = tree.nodes["top"].docking.national.filings
    docking = tree.nodes["equipment"].docking.docking
    filed = await file(tree, "equipment", "prefix:create", **named, prefix="88.912.9007")
    assert filed.code == 1000
    await docking.once()
    assert docking.filed["88.912.9007"]["state"] == "refused"
    assert await queue.queued("88.912") == []
    async with client(tree, "top") as top:
        answer = await top.query(Question(b"0.NA/88.912.9007"))
        assert answer.response_code == 303


async def test_nobody_files_for_another(tree):
    answer = await file(tree, "equipment", "poll:req", as_prefix="88.909")
    assert answer.code == 2201
    status, _ = await post(f"{url_of(tree.nodes['top'].addresses.http)}/api/v1/reports")
    assert status == 401
