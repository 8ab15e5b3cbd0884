"""A node is what fixture files say.

- Given at the start, they are there when the node is ready, over every face, and a reset returns to them.
- Given twice, nothing changes, and the answer says so; what differs is changed, and only that.
- Any mistake changes nothing; it is told with file, line and field, also one that only the node can know.
- What a node tells of itself is given to another one and told by that one again; secrets are not in it.
- A start with mistaken files is refused.
"""

import asyncio
import contextlib
import json

import aiohttp
import pytest

from idnode.node.defaults import SettingsRefused
from idnode.node.runtime import Node
from idnode.node.settings import Settings

PATH = "/api/v1/fixtures"

FACTORY = """\
[[enterprises]]
name = "示例齿轮厂"
prefix = "88.900.7"
username = "gear"
password = "gear-secret"

[[prefixes]]
prefix = "88.900.8"
username = "gear"

[[accounts]]
username = "auditor"
password = "audit-secret"
role = "reviewer"

[[templates]]
prefix = "88.900.7"
version = "gear-1"
items = [{ name = "模数", type = "module", index = 2000, required = true }]

[[identifiers]]
handle = "88.900.7/G-1"
values = [{ index = 1, type = "URL", data = "https://example.org/g1", ttl = 60 }]

[[identifiers]]
handle = "88.900.8/G-2"
values = [{ index = 1, type = "HS_SECKEY", data = "hidden-away" }]

[[faults]]
name = "busy"
on = false
action = { kind = "response_code", code = 2 }
"""


class Driver:
    """Talks to a node's management port and JSON API."""

    def __init__(self, node, session):
        self.node = node
        self.session = session
        self.http = f"http://127.0.0.1:{node.addresses.http[1]}"
        self.admin = f"http://127.0.0.1:{node.addresses.admin[1]}"

    async def give(self, *files):
        body = {"files": [{"name": name, "text": text} for name, text in files]}
        async with self.session.post(self.admin + PATH, json=body) as response:
            return response.status, await response.json()

    async def told(self, prefix=""):
        async with self.session.get(self.admin + PATH, params={"prefix": prefix}) as response:
            assert response.content_type == "application/x-ndjson"
            return await response.text()

    async def record(self, handle):
        async with self.session.get(f"{self.http}/api/handles/{handle}") as response:
            return (await response.json()).get("values")

    async def token(self, username, password):
        body = {"username": username, "password": password}
        async with self.session.post(self.http + "/identity/token", json=body) as response:
            return (await response.json())["status"]


@contextlib.asynccontextmanager
async def running(folder, **options):
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0, "durability": "none"}
    node = Node(Settings(data_dir=folder, **free, **options), seed=1)
    await node.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Driver(node, session)
    finally:
        await node.stop()


@pytest.fixture
def factory(tmp_path):
    path = tmp_path / "factory.toml"
    path.write_text(FACTORY, encoding="utf-8")
    return path


@pytest.mark.parametrize("register_engine", ["embedded"], indirect=True)  # others keep no states
async def test_a_node_begins_with_fixtures_and_a_reset_returns_to_them(tmp_path, factory):
    async with running(tmp_path / "data", fixtures=str(factory), allow_reset=True) as driver:
        (url, _admin) = await driver.record("88.900.7/G-1")
        assert (url["data"]["value"], url["ttl"]) == ("https://example.org/g1", 60)
        assert await driver.token("gear", "gear-secret") == 1
        assert await driver.token("auditor", "audit-secret") == 1
        changed = FACTORY.replace("example.org/g1", "example.org/other")
        status, report = await driver.give(("factory.toml", changed))
        assert (status, report["changed"]) == (200, True)
        assert report["identifiers"] == {"added": 0, "changed": 1, "unchanged": 1}
        assert report["enterprises"] == {"added": 0, "changed": 0, "unchanged": 1}
        async with driver.session.post(driver.admin + "/api/v1/reset", json={}) as response:
            assert response.status == 200
        (url, _admin) = await driver.record("88.900.7/G-1")
        assert url["data"]["value"] == "https://example.org/g1"


async def test_giving_twice_changes_nothing_and_says_so(tmp_path):
    async with running(tmp_path / "data") as driver:
        _, first = await driver.give(("factory.toml", FACTORY))
        before = await driver.told(), await driver.record("88.900.7/G-1")
        _, second = await driver.give(("factory.toml", FACTORY))
        assert first.pop("changed")
        assert not second.pop("changed")
        for kind, counts in first.items():
            assert second[kind] == {"added": 0, "changed": 0, "unchanged": counts["added"]}
        assert (await driver.told(), await driver.record("88.900.7/G-1")) == before
        assert driver.node.observation.faults.named("busy").on is False


MISTAKES = {
    '[[enterprises]]\nname = "x"\nprefix = "88.901.7"\nusername = "g"\npassword = "p"\n': "3: enterprises[0].prefix",
    '[[enterprises]]\nname = "x"\nprefix = "88.900.1"\nusername = "g"\npassword = "p"\n': "3: enterprises[0].prefix",
    '[[enterprises]]\nname = "x"\nprefix = "88.900.7"\nusername = "g"\n': "1: enterprises[0].password",
    '[[prefixes]]\nprefix = "88.900.7"\nusername = "g"\n': "3: prefixes[0].username",
    '[[accounts]]\nusername = "g"\n': "1: accounts[0].password",
    '[[templates]]\nprefix = "88.900.7"\nversion = "1"\n': "2: templates[0].prefix",
    '[[identifiers]]\nhandle = "77.1/x"\nvalues = []\n': "2: identifiers[0].handle",
    '[[identifiers]]\nhandle = "0.NA/88.900.1"\nvalues = []\n': "2: identifiers[0].handle",
    '[[identifiers]]\nhandle = "88.900.1/x"\nvalues = [\n { index = 1, type = "a", data = { format = "hex", value = "g" } } ]\n': "3: identifiers[0].values[0].data",
    '[[accounts]]\nusername = "g"\npassword = "p"\n[[accounts]]\nusername = "g"\npassword = "p"\n': "5: accounts[1].username",
}


async def test_mistakes_that_only_the_node_can_know_change_nothing(tmp_path):
    good = '{"identifiers": [{"handle": "88.900.1/good", "values": []}]}\n'
    async with running(tmp_path / "data") as driver:
        before = await driver.told()
        for text, place in MISTAKES.items():
            status, answer = await driver.give(("good.ndjson", good), ("bad.toml", text))
            assert (status, answer["message"].startswith(f"bad.toml:{place}: ")) == (400, True), (
                answer
            )
            assert answer["problems"][0]["file"] == "bad.toml"
        assert await driver.told() == before


async def test_a_node_tells_what_another_one_can_be_given(tmp_path):
    async with running(tmp_path / "first") as driver:
        await driver.give(("factory.toml", FACTORY))
        told = await driver.told()
        only = await driver.told("88.900.7")
    for secret in ("gear-secret", "audit-secret", "idnode-demo", "hidden-away"):
        assert secret not in told
    assert [list(json.loads(line)) for line in only.splitlines()] == [
        ["enterprises"],
        ["templates"],
        ["identifiers"],
    ]
    async with running(tmp_path / "second") as driver:
        status, answer = await driver.give(("told.ndjson", told))
        assert status == 400  # passwords are told by nobody
        assert "a new account needs one" in answer["message"]
        known = told.replace('"username":"gear"', '"username":"gear","password":"p"', 1)
        known = known.replace('"username":"auditor"', '"username":"auditor","password":"p"')
        status, _ = await driver.give(("told.ndjson", known))
        assert status == 200
        assert await driver.told() == told


async def test_two_who_give_at_once_get_what_one_would(tmp_path):
    async with running(tmp_path / "data") as driver:
        found = await asyncio.gather(*(driver.give(("f.toml", FACTORY)) for _ in range(4)))
        assert [status for status, _ in found] == [200] * 4
        assert sorted(answer["changed"] for _, answer in found) == [False, False, False, True]


async def test_a_start_with_mistakes_is_refused(tmp_path, factory):
    factory.write_text(FACTORY.replace("88.900.7/G-1", "no-slash"), encoding="utf-8")
    node = Node(
        Settings(
            data_dir=tmp_path / "data",
            handle_port=0,
            http_port=0,
            admin_port=0,
            fixtures=str(factory),
        ),
        seed=1,
    )
    with pytest.raises(SettingsRefused, match=r"factory.toml:22: identifiers\[0\].handle: "):
        await node.start()
    assert not node.health.ready
