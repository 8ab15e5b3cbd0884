"""The management port has an address and a token of its own.

- Where the node is on a network, management stays on loopback; off loopback it asks for its token: 401 in its own form,
  for every path but those of probes, and for none that is wrong.
- Commands take the token from the environment, a file, or the URL.
"""

import base64

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings

TOKEN = "a-token-of-ours"


@pytest.fixture
async def build(tmp_path):
    nodes = []

    async def start(**settings):
        ports = dict.fromkeys(("handle_port", "http_port", "admin_port"), 0)
        found = Settings(data_dir=tmp_path / str(len(nodes)), secret="own", **ports, **settings)
        nodes.append(Node(found, seed=1))
        await nodes[-1].start()
        return nodes[-1].addresses

    yield start
    for node in nodes:
        await node.stop()


async def test_management_has_its_own_address(build):
    bound = await build(host="0.0.0.0", plain_credentials=True)
    assert bound.http[0] == "0.0.0.0"
    assert bound.admin[0] == "127.0.0.1"
    async with aiohttp.ClientSession() as session:
        assert (await session.get(url_of(bound.admin) + "/metrics")).status == 200


async def test_without_the_token_nothing_but_probes_is_answered(build):
    bound = await build(admin_host="0.0.0.0", admin_token=TOKEN)
    admin = url_of(bound.admin)
    basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
    wrong = (
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic no base64"},
        {"Authorization": TOKEN},
    )
    async with aiohttp.ClientSession() as session:
        for path in ("/livez", "/readyz"):
            assert (await session.get(admin + path)).status == 200
        for path in ("/", "/metrics", "/api/v1/stats", "/api/v1/reviews", "/nowhere"):
            for headers in wrong:
                answer = await session.get(admin + path, headers=headers)
                said = await answer.json()
                assert (answer.status, said["path"]) == (401, path)
                assert "admin_token" in said["message"]
                assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        snapshot = {"name": "one"}
        refused = await session.post(admin + "/api/v1/snapshots", json=snapshot)
        assert refused.status == 401
        for right in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"Basic {basic}"):
            headers = {"Authorization": right}
            assert (await session.get(admin + "/metrics", headers=headers)).status == 200
            assert (await session.get(admin + "/nowhere", headers=headers)).status == 404


@pytest.mark.parametrize("register_engine", ["embedded"], indirect=True)  # others take no snapshots
def test_commands_take_the_token(served, monkeypatch, tmp_path):
    node = served("--admin-token", TOKEN)
    (tmp_path / "token").write_text(TOKEN)
    refused = node.run("fault", "list")
    assert refused.returncode == 1
    assert "asks for its token" in refused.stderr
    url = node.ready["admin"].replace("//", f"//:{TOKEN}@")
    assert node.run("fault", "list", "--admin", url).returncode == 0
    assert TOKEN not in node.run("fault", "list", "--admin", f"http://:{TOKEN}@127.0.0.1:1").stderr
    monkeypatch.setenv("IDNODE_ADMIN_TOKEN", TOKEN)
    assert node.run("snapshot", "one").returncode == 0
    monkeypatch.delenv("IDNODE_ADMIN_TOKEN")
    monkeypatch.setenv("IDNODE_ADMIN_TOKEN_FILE", str(tmp_path / "token"))
    for command in (("tail",), ("fixtures", "dump"), ("wait",)):
        done = node.run(*command)
        assert done.returncode == 0, done.stderr
