"""A register that takes no more writes is visible to whoever asks, and to nobody else.

``/readyz`` stays ready, because reads go on, unless ``writes`` is asked for, in any spelling and with any value; the
gauge follows, and so does the reason that is told.
"""

import pytest
from aiohttp.test_utils import TestClient, TestServer

from idnode.node.ops import management, persistent_counters
from idnode.node.ops.health import Health, State
from idnode.node.ops.metrics import Facts, Metrics

REASONS = ("No space left on device", "Too many open files", "磁盘已满")
ASKING = (
    "?writes",
    "?writes=",
    "?writes=1",
    "?writes=true",
    "?writes=no",
    "?x=1&writes",
    "?writes&writes",
)
NOT_ASKING = ("", "?", "?write", "?writess", "?WRITES", "?x=writes", "#writes")


@pytest.fixture
async def node():
    health = Health("python")
    health.state = State.READY
    metrics = Metrics(Facts("1", "python", 1, 1), {kind: {} for kind in persistent_counters.KINDS})

    async def snapshot(name):
        return {"path": name}

    app = management.build(health, metrics, stats=dict, snapshot=snapshot)
    async with TestClient(TestServer(app)) as client:
        yield client, health


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("query", ASKING)
async def test_24_who_asks_for_writes_is_turned_away_with_the_reason(node, query, reason):
    client, health = node
    assert (await client.get(f"/readyz{query}")).status == 200
    health.read_unwritable(lambda: reason)
    refused = await client.get(f"/readyz{query}")
    told = await refused.json()
    assert (refused.status, told["writable"]) == (503, False)
    assert told["reason"] == reason
    assert (await client.head(f"/readyz{query}")).status == 503
    health.read_unwritable(lambda: None)
    assert (await client.get(f"/readyz{query}")).status == 200


@pytest.mark.parametrize("query", NOT_ASKING)
async def test_24_who_does_not_is_served(node, query):
    client, health = node
    health.read_unwritable(lambda: "No space left on device")
    ready = await client.get(f"/readyz{query}")
    assert (ready.status, (await ready.json())["writable"]) == (200, False)
    assert (await client.get("/livez")).status == 200


@pytest.mark.parametrize("state", [State.STARTING, State.DRAINING])
async def test_24_a_node_that_is_not_ready_is_not_for_writes_either(node, state):
    client, health = node
    health.state = state
    for query in ("", "?writes"):
        assert (await client.get(f"/readyz{query}")).status == 503
