"""The management app keeps these promises.

- Alive is answered whenever the process answers; ready only while the node wants traffic, with its core.
- Everything but the metrics is JSON, errors too.
- A snapshot is taken under a name that can be nothing but one folder, once.
"""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from idnode.node.ops import management, persistent_counters
from idnode.node.ops.health import Health, State
from idnode.node.ops.metrics import Facts, Metrics


@pytest.fixture
def health():
    return Health("python")


@pytest.fixture
async def client(health):
    metrics = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in persistent_counters.KINDS})
    taken = []

    async def snapshot(name):
        if name in taken:
            raise FileExistsError
        taken.append(name)
        return {"path": name}

    app = management.build(health, metrics, stats=lambda: {"identifiers": 3}, snapshot=snapshot)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize(
    ("state", "status"), [(State.STARTING, 503), (State.READY, 200), (State.DRAINING, 503)]
)
async def test_ready_follows_the_state_and_says_the_core(client, health, state, status):
    health.state = state
    response = await client.get("/readyz")
    assert response.status == status
    assert await response.json() == {
        "status": state.value,
        "core": "python",
        "writable": True,
    }
    assert (await client.get("/livez")).status == 200


async def test_metrics_are_served_as_text(client):
    response = await client.get("/metrics")
    assert response.content_type == "text/plain"
    assert "idnode_build_info" in await response.text()


async def test_statistics_are_json(client):
    assert await (await client.get("/api/v1/stats")).json() == {"identifiers": 3}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/x", 404), ("PUT", "/livez", 405)])
async def test_refusals_are_json_too(client, method, path, status):
    response = await client.request(method, path)
    assert response.status == status
    assert (await response.json())["path"] == path


async def test_a_snapshot_is_taken_once_under_its_name(client):
    first = await client.post("/api/v1/snapshots", json={"name": "2021-12-31.a"})
    assert (first.status, await first.json()) == (201, {"path": "2021-12-31.a"})
    again = await client.post("/api/v1/snapshots", json={"name": "2021-12-31.a"})
    assert again.status == 409


@pytest.mark.parametrize(
    "body",
    [{}, [], {"name": 1}, {"name": ""}, {"name": ".."}, {"name": "a/b"}, {"name": "a" * 101}],
)
async def test_a_name_that_could_be_more_than_a_folder_is_refused(client, body):
    assert (await client.post("/api/v1/snapshots", json=body)).status == 400


async def test_a_body_that_a_browser_page_could_send_is_refused(client):
    response = await client.post("/api/v1/snapshots", data=b'{"name": "a"}')
    assert response.status == 415


async def test_only_who_asks_for_writes_is_turned_away_when_they_are_refused(client, health):
    health.state = State.READY
    assert (await client.get("/readyz?writes")).status == 200
    health.read_unwritable(lambda: "No space left on device")
    assert (await client.get("/readyz")).status == 200
    refused = await client.get("/readyz?writes")
    assert refused.status == 503
    assert (await refused.json())["reason"] == "No space left on device"
