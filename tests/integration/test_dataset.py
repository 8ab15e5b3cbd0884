"""A node with the Suzhou data set keeps these promises on every face.

- A random identifier of the 6.5 billion resolves over UDP, TCP, JSON, bulk and SNMS, to the same values, as soon as the
  node is ready; its neighbours do not.
- Creating over one is refused (101) unless asked for; changes, deletions and new records are seen by every face, and
  after a restart.
- Native code, where there is some, answers like Python.
- Pages of a listing are found anywhere; the enterprise's own administrator may list and write.
- Metrics and statistics tell computed and written identifiers apart.
- `idnode serve --dataset suzhou` prints an identifier that resolves; `idnode dataset` needs no node.
"""

import re
from pathlib import Path
from random import Random

import aiohttp
import pytest

from idnode.clients import aio, blocking
from idnode.clients.answer import Question, Transport
from idnode.clients.bulk import item
from idnode.clients.bulk_listing import listing
from idnode.clients.errors import (
    HandleExists,
    HandleNotFound,
    InsufficientPermission,
    Refused,
    ValuesNotFound,
)
from idnode.clients.web import Client
from idnode.clients.web_requests import Credential
from idnode.clients.web_requests import listing as numbered_page
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.datasets.suzhou.dataset import Suzhou
from idnode.registry.handle.model import HandleValue

ADMIN = Credential(301, "0.NA/88.900", "idnode-demo")
OWN = [HandleValue(1, "URL", b"https://example.org/own")]


@pytest.fixture
async def start(tmp_path):
    """Return a function that starts a node with the data set, after stopping the one before."""
    nodes = []

    async def start():
        if nodes:
            await nodes[-1].stop()
        settings = Settings(
            data_dir=tmp_path / "data", dataset="suzhou", handle_port=0, http_port=0, admin_port=0
        )
        nodes.append(Node(settings, seed=1))
        await nodes[-1].start()
        return nodes[-1]

    yield start
    await nodes[-1].stop()


@pytest.fixture
async def node(start):
    return await start()


@pytest.fixture
def suzhou(node):
    return node.dataset.dataset


async def _answers(node, handle):
    """Return what each face answers: index, type and data of the values, or None."""
    found = {}
    for transport in (Transport.UDP, Transport.TCP):
        async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
            found[transport.value] = await client.resolve(handle)
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        found["json"] = await client.get(handle)
        (found["bulk"],) = await client.resolve_many([handle])
    return {
        face: [(value.index, value.type, bytes(value.data)) for value in answer.values]
        for face, answer in found.items()
    }


async def _absent_everywhere(node, handle):
    for transport in (Transport.UDP, Transport.TCP):
        async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
            with pytest.raises(HandleNotFound):
                await client.resolve(handle)
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        with pytest.raises(HandleNotFound):
            await client.get(handle)
        (answer,) = await client.resolve_many([handle])
        assert answer.response_code == 100


async def _snms_detail(node, handle):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        response = await session.get("/identityv2/data/detail", params={"handle": handle})
        return await response.json()


async def test_random_identifiers_resolve_alike_on_every_face(node, suzhou):
    for handle in suzhou.sample(5, Random(3)):
        prefix, _, suffix = handle.partition(b"/")
        identifiers = suzhou.identifiers(prefix)
        answers = await _answers(node, handle.decode())
        assert answers["udp"] == answers["tcp"] == answers["json"] == answers["bulk"]
        assert len(answers["udp"]) == int.from_bytes(
            identifiers.values(identifiers.position(suffix))[:4], "big"
        )
        detail = await _snms_detail(node, handle.decode())
        assert detail["status"] == 1
        shown = {value["index"]: value["data"]["value"] for value in detail["data"]["value"]}
        assert shown[2000] == answers["json"][2][2].decode()
        assert detail["data"]["templateVersion"] == answers["json"][1][2].decode()


async def test_neighbours_resolve_nowhere(node, suzhou):
    handle = suzhou.handle(123_456_789).decode()
    await _absent_everywhere(node, handle[:-1] + str((int(handle[-1]) + 1) % 10))
    assert (await _snms_detail(node, handle[:-1]))["status"] != 1


async def test_writing_over_them_is_seen_by_every_face_and_after_a_restart(start):
    node = await start()
    suzhou = node.dataset.dataset
    changed, overwritten, deleted = (
        suzhou.handle(rank).decode() for rank in (10**9, 2 * 10**9, 3 * 10**9)
    )
    before = (await _answers(node, changed))["udp"]
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        for handle in (changed, overwritten):
            with pytest.raises(HandleExists):
                await client.create(handle, OWN)
        result = await client.batch([item(changed, OWN), item(overwritten, OWN)])
        assert [failure.code for failure in result.failures] == [101, 101]
        await client.put_values(changed, OWN)
        result = await client.batch([item(overwritten, OWN)], overwrite=True)
        assert result.accepted == 1
        await client.delete(deleted)
        with pytest.raises(HandleNotFound):
            await client.delete(deleted)
    own = [(1, "URL", b"https://example.org/own")]
    for _ in range(2):
        for answer in (await _answers(node, changed)).values():
            assert answer == own + before
        for answer in (await _answers(node, overwritten)).values():
            assert answer == own
        await _absent_everywhere(node, deleted)
        assert (await _snms_detail(node, deleted))["status"] != 1
        node = await start()
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        await client.create(deleted, OWN)
    assert set(map(tuple, (await _answers(node, deleted)).values())) == {tuple(own)}


async def unhome(node, prefix):
    """Have a prefix live here no more, as the node's administrator."""
    headers = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")}
    async with (
        aiohttp.ClientSession(url_of(node.addresses.http), headers=headers) as session,
        session.delete(f"/api/prefixes/0.NA/{prefix}") as answer,
    ):
        assert answer.status == 200


async def test_native_answers_are_those_of_python(node, suzhou):
    await node.dataset.native
    handles = suzhou.sample(300, Random(4))
    changed, deleted, kept, *_ = (handle.decode() for handle in handles)
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        await client.create(changed, OWN, overwrite=True)
        await client.delete(deleted)
    async with (
        aio.Client(node.addresses.handle_tcp) as udp,
        aio.Client(node.addresses.handle_tcp, transport=Transport.TCP) as tcp,
        Client(url_of(node.addresses.http)) as web,
    ):
        for handle in [*handles, handles[2].lower(), handles[2][:-1], handles[2] + b"0"]:
            question = Question.of(handle)
            answers = [await client.query(question) for client in (udp, tcp, web)]
            assert len({answer.response_code for answer in answers}) == 1
            assert answers[0].values == answers[1].values
            assert [v.data for v in answers[0].values] == [v.data for v in answers[2].values]
        some = await udp.resolve(kept, indexes=(2001,), types=("TEMPLATE",))
        assert [value.index for value in some.values] == [1001, 2001]
        with pytest.raises(ValuesNotFound):
            await udp.resolve(kept, indexes=(7,))
        with pytest.raises(HandleNotFound):
            await udp.resolve(deleted)
        assert [value.data for value in (await udp.resolve(changed)).values] == [OWN[0].data]
        async with Client(url_of(node.addresses.http), ADMIN) as client:
            await client.create(deleted, OWN)
        await unhome(node, kept.partition("/")[0])
        assert (await udp.resolve(deleted)).values
        with pytest.raises(Refused) as refused:
            await udp.resolve(kept)
        assert refused.value.response_code == 301


async def test_pages_are_found_anywhere(node, suzhou):
    enterprise = max(suzhou.enterprises, key=lambda each: each.volume)
    prefix = enterprise.prefix.decode()
    identifiers = suzhou.identifiers(enterprise.prefix)
    credential = Credential(301, f"0.NA/{prefix}", "idnode-demo")
    async with Client(url_of(node.addresses.http), credential) as client:
        await client.create(f"{prefix}/own", OWN)
        for page in (0, 1, 1_000_000, enterprise.volume // 10):
            found = await client.do(numbered_page(prefix, page=page, page_size=10))
            places = range(page * 10, min(page * 10 + 10, enterprise.volume))
            expected = [identifiers.handle(place).decode() for place in places]
            if page == enterprise.volume // 10:
                expected.append(f"{prefix}/OWN")
            assert list(found.handles) == expected
        first = await client.do(listing(prefix, limit=3))
        assert first.total == enterprise.volume + 1
        second = await client.do(listing(prefix, after=first.after, limit=3))
        assert [*first.handles, *second.handles] == [
            identifiers.handle(place).decode() for place in range(6)
        ]


async def test_an_enterprise_writes_under_its_own_prefix_only(node):
    credential = Credential(301, "0.NA/88.903.9", "idnode-demo")
    async with Client(url_of(node.addresses.http), credential) as client:
        await client.create("88.903.9/own", OWN)
        with pytest.raises(Refused):
            await client.create("88.903.10/own", OWN)


async def test_a_prefix_leaves_by_unhoming_not_by_deletion_while_it_has_identifiers(node, suzhou):
    handle = suzhou.handle(suzhou.enterprises[5].start).decode()
    prefix = suzhou.enterprises[5].prefix.decode()
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        with pytest.raises(InsufficientPermission):
            await client.delete(f"0.NA/{prefix}")
    await unhome(node, prefix)
    async with aio.Client(node.addresses.handle_tcp) as client:
        with pytest.raises(Refused) as refused:
            await client.resolve(handle)
    assert refused.value.response_code == 301


async def test_prefix_handles_name_this_node(node):
    own = (await _answers(node, "0.NA/88.900"))["tcp"]
    theirs = (await _answers(node, "0.NA/88.907.1"))["tcp"]
    assert own[0] == theirs[0]
    assert own[0][1] == "HS_SITE"
    assert [index for index, *_ in theirs] == [1, 2, 100, 200, 300]


async def test_metrics_and_statistics_tell_origins_apart(node):
    async with Client(url_of(node.addresses.http), ADMIN) as client:
        await client.delete(node.dataset.dataset.handle(5).decode())
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as session:
        text = await (await session.get("/metrics")).text()
        stats = await (await session.get("/api/v1/stats")).json()
    written = stats["register"]["identifiers"]
    assert written < 10
    assert f'idnode_identifiers{{origin="written"}} {float(written)}' in text
    (virtual,) = re.findall(r'idnode_identifiers\{origin="virtual"\} (\S+)', text)
    assert float(virtual) == 6_499_999_999
    assert stats["dataset"] == {
        "name": "suzhou",
        "seed": 2021,
        "identifiers": 6_499_999_999,
        "enterprises": 4160,
    }
    total = sum(sum(counts.values()) for counts in stats["registrations"].values())
    assert total < 10


@pytest.fixture(scope="module")
def standing(launch_shared):
    """A node in a process of its own, which no test writes on or stops."""
    return launch_shared("--dataset", "suzhou")


def test_a_random_identifier_resolves_within_the_first_minute(standing):
    node = standing
    for transport in ("udp", "tcp", "http"):
        handle = node.run("dataset", "sample").stdout.strip()
        answer = node.run("resolve", handle, "--transport", transport)
        assert answer.returncode == 0, answer.stderr
        assert "TEMPLATE" in answer.stdout


def test_the_banner_prints_an_identifier_that_resolves(served):
    node = served("--dataset", "suzhou,seed=7")
    (command,) = re.findall(r"^  (\S+ resolve 88\.9(?!00)\S+ .*)$", node.output.text, re.MULTILINE)
    words = command.split()
    answer = node.run(*words[1:])
    assert answer.returncode == 0, answer.stderr
    rank = node.run("dataset", "rank", words[2], "--dataset", "suzhou,seed=7").stdout
    again = node.run("dataset", "handle", rank.strip(), "--dataset", "suzhou,seed=7").stdout
    assert again.strip() == words[2]


def test_the_memory_of_a_node_with_the_data_set_stays_small(standing):
    node = standing
    with blocking.Client(tuple(node.ready["handle_udp"])) as client:
        for handle in Suzhou().sample(3000, Random(2)):
            client.resolve(handle)
    status = Path(f"/proc/{node.process.pid}/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
    assert int(kilobytes) < 300_000
