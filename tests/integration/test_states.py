"""A running node that may be reset keeps these promises, with each core.

- A reset returns to the state of the first start: over UDP, TCP, the JSON API and SNMS, natively and in Python, and
  nothing written since is answered; what is written afterwards is.
- Connections stay; tokens, sessions of the JSON API and challenges are void.
- The clock, the faults, the enterprises and what lives here return, too.
- States are kept, listed, returned to in any order and forgotten by name.
- What was changed of a data set is as computed again.
- Without the setting, and off loopback, nobody can reset, and is told how one could.
- A random enterprise can be written to at once by all it was given.
- A node that was killed within a return is in the state that was asked for once it serves again.
"""

import base64
import json
from urllib.parse import quote

import aiohttp
import pytest

from idnode.clients import aio, dialogues
from idnode.clients.answer import Transport
from idnode.clients.identity import SecretIdentity
from idnode.node.addresses import url_of
from idnode.node.ops.states import FIRST_START
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.node.states import refusal_of
from idnode.registry.directory.errors import DirectoryUnavailable
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.resolution import Query, encode_query

CORES = ("native", "python")
REGISTER_ENGINES = ("embedded",)
"""The only one that keeps states."""
LOG_IN = {"username": "demo", "password": "idnode-demo"}


@pytest.fixture(params=CORES)
async def started(request, tmp_path, monkeypatch):
    """Starts nodes in one data directory, one at a time."""
    if request.param == "python":
        monkeypatch.setenv("IDNODE_PURE", "1")
    running = []

    async def start(**options):
        for node in running:
            await node.stop()
        running.clear()
        free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
        node = Node(
            Settings(data_dir=tmp_path / "data", **(free | {"allow_reset": True} | options)), seed=1
        )
        await node.start()
        running.append(node)
        return Driver(node)

    yield start
    for node in running:
        await node.stop()


async def asked(client, handle):
    """Return the response code of a resolution over the binary protocol."""
    reply = await client.ask(OpCode.RESOLUTION, encode_query(Query(handle.encode())))
    return reply.messages[0].response_code


class Driver:
    """Talks to a node over every face, over connections that it keeps."""

    def __init__(self, node):
        self.node = node
        self.session = aiohttp.ClientSession(headers={"Connection": "keep-alive"})

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.session.close()

    async def manage(self, method, path, body=None):
        url = url_of(self.node.addresses.admin) + path
        async with self.session.request(method, url, json=body or {}) as response:
            return response.status, await response.json()

    async def reset(self, **body):
        status, found = await self.manage("POST", "/api/v1/reset", body)
        assert status == 200, found
        return found["milliseconds"]

    async def snms(self, path, body=None, token=""):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        method = "GET" if body is None else "POST"
        url = url_of(self.node.addresses.http) + path
        async with self.session.request(method, url, json=body, headers=headers) as response:
            return await response.json()

    async def codes(self, handle):
        """Return the response codes of a handle over UDP, TCP and the JSON API."""
        found = set()
        for transport in (Transport.UDP, Transport.TCP):
            async with aio.Client(self.node.addresses.handle_tcp, transport=transport) as client:
                found.add(await asked(client, handle))
        url = f"{url_of(self.node.addresses.http)}/api/handles/{handle}"
        async with self.session.get(url) as response:
            found.add((await response.json())["responseCode"])
        return found

    async def put(self, handle, data="x", secret="idnode-demo", identity="301:0.NA/88.900"):
        url = f"{url_of(self.node.addresses.http)}/api/handles/{handle}?overwrite=true"
        pair = f"{quote(identity, safe='')}:{secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        body = [{"index": 1, "type": "URL", "data": data}]
        async with self.session.put(url, json=body, headers=headers) as response:
            return response.status


async def test_a_reset_returns_to_the_first_start_over_every_face(started):
    async with await started() as driver:
        assert await driver.put("88.900.1/a") == 201
        assert await driver.put("88.900.1/hello", "changed") == 200
        assert await driver.codes("88.900.1/a") == {1}
        before = driver.node.register.stats().identifiers
        assert await driver.reset() > 0
        assert await driver.codes("88.900.1/a") == {100}
        assert await driver.codes("88.900.1/hello") == {1}
        assert driver.node.register.stats().identifiers == before - 1
        stored = driver.node.register.lookup(b"88.900.1/hello").values
        assert b"changed" not in stored
        assert await driver.put("88.900.1/a") == 201
        assert await driver.codes("88.900.1/a") == {1}


async def test_connections_stay_and_what_was_proven_is_void(started):
    async with await started() as driver:
        token = (await driver.snms("/identity/token", LOG_IN))["data"]["token"]
        assert (await driver.snms("/snms/api/prefix/page", token=token))["status"] == 1
        identity = SecretIdentity(b"0.NA/88.900", 301, b"idnode-demo")
        where = driver.node.addresses.handle_tcp
        async with aio.Client(where, transport=Transport.TCP) as client:
            assert await asked(client, "88.900.1/hello") == 1
            held = driver.node.services.web_sessions.open()
            await driver.reset()
            assert await asked(client, "88.900.1/hello") == 1
            assert driver.node.services.web_sessions.find(held.session_id) is None
            value = HandleValue(1, "URL", b"x")
            making = dialogues.create(
                dialogues.Administrator(identity), "88.900.1/b", [value], overwrite=False
            )
            await client.do(making)
        found = await driver.snms("/snms/api/prefix/page", token=token)
        assert (found["status"], found["message"]) == (-1, "未登录或登录已失效")
        token = (await driver.snms("/identity/token", LOG_IN))["data"]["token"]
        assert (await driver.snms("/snms/api/prefix/page", token=token))["status"] == 1


async def test_clock_faults_and_enterprises_return(started):
    async with await started() as driver:
        status, alone = await driver.manage("POST", "/api/v1/enterprises", {"random": True})
        assert status == 201
        await driver.manage("POST", "/api/v1/clock", {"advance": 1000})
        fault = {"name": "f", "action": {"kind": "delay", "seconds": 0}}
        status, found = await driver.manage("POST", "/api/v1/faults", fault)
        assert status == 200, found
        await driver.manage("POST", "/api/v1/states/busy")
        await driver.reset()
        assert alone["prefix"].encode() not in driver.node.services.authority.homed
        assert not (await driver.manage("GET", "/api/v1/clock"))[1]["moved"]
        faults = (await driver.manage("GET", "/api/v1/faults"))[1]["items"]
        assert "f" not in {row["name"] for row in faults}
        assert (await driver.manage("GET", "/api/v1/enterprises"))[1]["total"] == 1
        assert (await driver.snms("/identity/token", _login(alone)))["status"] != 1
        await driver.reset(state="busy")
        assert alone["prefix"].encode() in driver.node.services.authority.homed
        assert round((await driver.manage("GET", "/api/v1/clock"))[1]["offset"]) == 1000
        faults = (await driver.manage("GET", "/api/v1/faults"))[1]["items"]
        assert "f" in {row["name"] for row in faults}
        assert (await driver.snms("/identity/token", _login(alone)))["status"] == 1


def _login(enterprise):
    return {key: enterprise[key] for key in ("username", "password")}


async def test_states_are_kept_listed_loaded_and_forgotten(started):
    async with await started() as driver:
        await driver.put("88.900.1/a")
        status, kept = await driver.manage("POST", "/api/v1/states/one")
        assert (status, kept["name"]) == (201, "one")
        assert (await driver.manage("POST", "/api/v1/states/one"))[0] == 409
        await driver.put("88.900.1/b")
        await driver.reset()
        status, found = await driver.manage("POST", "/api/v1/states/one/load")
        assert (status, list(found)) == (200, ["milliseconds"])
        assert await driver.codes("88.900.1/a") == {1}
        assert await driver.codes("88.900.1/b") == {100}
        rows = (await driver.manage("GET", "/api/v1/states"))[1]["items"]
        assert [row["name"] for row in rows] == ["first-start", "one"]
        assert (await driver.manage("DELETE", "/api/v1/states/one"))[0] == 200
        for method, path, code in (
            ("DELETE", "/api/v1/states/one", 404),
            ("POST", "/api/v1/states/one/load", 404),
            ("DELETE", "/api/v1/states/first-start", 409),
            ("POST", "/api/v1/states/.hidden", 400),
        ):
            assert (await driver.manage(method, path))[0] == code, path
        assert (await driver.manage("POST", "/api/v1/reset", {"state": "../x"}))[0] == 404
        assert (await driver.manage("POST", "/api/v1/reset", {"stat": "x"}))[0] == 400


async def test_a_state_serves_after_a_restart_on_other_ports(started):
    async with await started() as driver:
        await driver.put("88.900.1/a")
    async with await started() as driver:
        await driver.reset()
        assert await driver.codes("88.900.1/a") == {100}
        stored = driver.node.register.lookup(b"0.NA/88.900").values
        assert driver.node.services.site.site in stored
        assert await driver.put("88.900.1/a") == 201


async def test_changes_of_a_data_set_are_taken_back(started):
    async with await started(dataset="suzhou") as driver:
        handle = driver.node.dataset.sample(1)
        computed = driver.node.register.lookup(handle.encode())
        count = driver.node.register.count_computed()
        assert await driver.put(handle, "changed") == 200
        assert driver.node.register.count_computed() == count - 1
        await driver.reset()
        assert driver.node.register.lookup(handle.encode()) == computed
        assert driver.node.register.count_computed() == count
        assert await driver.codes(handle) == {1}


async def test_without_the_setting_nobody_can_reset(node):
    async with Driver(node) as driver:
        for method, path in (
            ("POST", "/api/v1/reset"),
            ("GET", "/api/v1/states"),
            ("POST", "/api/v1/states/a"),
            ("POST", "/api/v1/states/a/load"),
            ("DELETE", "/api/v1/states/a"),
        ):
            status, found = await driver.manage(method, path)
            assert status == 403
            assert "--allow-reset" in found["message"]


def test_off_loopback_nobody_can_reset():
    settings = Settings(host="192.0.2.1", allow_reset=True, secret="of-our-own")
    assert "loopback" in refusal_of(settings)
    assert refusal_of(Settings(allow_reset=True)) is None


async def test_a_random_enterprise_can_be_written_to_by_all_it_was_given(node):
    async with Driver(node) as driver:
        drawn = [
            (await driver.manage("POST", "/api/v1/enterprises", {"random": True}))[1]
            for _ in range(2)
        ]
        assert drawn[0]["prefix"] != drawn[1]["prefix"]
        for one in drawn:
            assert list(one) == ["prefix", "identity", "secret", "username", "password"]
            handle = one["prefix"] + "/a"
            status = await driver.put(handle, secret=one["secret"], identity=one["identity"])
            assert status == 201
            assert await driver.codes(handle) == {1}
            assert (await driver.snms("/identity/token", _login(one)))["status"] == 1


@pytest.mark.parametrize("reached", ["nothing", "register"])
async def test_a_return_that_was_cut_short_is_carried_out_at_the_next_start(
    started, monkeypatch, reached
):
    async with await started() as driver:
        await driver.manage("POST", "/api/v1/enterprises", {"random": True})
        await driver.put("88.900.1/a")
        token = (await driver.snms("/identity/token", LOG_IN))["data"]["token"]
        if reached == "nothing":
            note = driver.node.settings.data_dir / "returning.json"
            note.write_text(json.dumps({"state": FIRST_START}))
        else:

            async def refuse(_source):
                raise DirectoryUnavailable("cut short")

            monkeypatch.setattr(driver.node.parts.directory, "restore", refuse)
            assert (await driver.manage("POST", "/api/v1/reset"))[0] >= 500
    async with await started() as driver:
        assert await driver.codes("88.900.1/a") == {100}
        assert (await driver.manage("GET", "/api/v1/enterprises"))[1]["total"] == 1
        assert (await driver.snms("/snms/api/prefix/page", token=token))["status"] == -1
        assert await driver.put("88.900.1/a") == 201
