"""A client finds its request again by the id that it sent.

- Each HTTP face answers with the id that came, whether it succeeds plainly, streams, redirects or refuses.
- The entry of the journal has it, and so has the log line of a refusal.
"""

from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = "88.900.1/hello"
JSON = {"Content-Type": "application/json"}
ADMIN = {"Authorization": aiohttp.encode_basic_auth("301%3A0.NA/88.900", "idnode-demo")} | JSON


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory):
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0, "drain_timeout": 0.1}
    started = Node(Settings(data_dir=tmp_path_factory.mktemp("node"), **free), seed=1)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def http(node):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        yield session


@pytest.mark.parametrize("mode", ["failures", "all"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/api/handles/{HELLO}", 200),
        ("GET", f"/api/handles/{HELLO}?index=1", 200),
        ("GET", f"/{HELLO}", 302),
        ("GET", "/identityv2/data/detail?handle=88.900.1/hello", 200),
        ("GET", "/hrls/handles", None),
        ("POST", "/api/v1/identifiers/resolve", 200),
        ("POST", "/identity/token", 200),
        ("GET", "/nowhere/at/all", None),
    ],
)
async def test_a_clients_id_comes_back_from_each_face(node, http, method, path, status, mode):
    node.observation.switch(mode)
    body = b'["88.900.1/hello"]' if method == "POST" else None
    own = f"{mode}-{path[:40]}"
    headers = {"X-Request-Id": own} | (ADMIN if body else {})
    async with http.request(
        method, path, headers=headers, data=body, allow_redirects=False
    ) as answer:
        assert answer.headers["X-Request-Id"] == own
        assert status in {None, answer.status}
        await answer.read()  # a request is in the journal once it is answered whole
    if mode == "all":
        async with http.get(
            f"{url_of(node.addresses.admin)}/api/v1/journal/{quote(own, safe='')}"
        ) as told:
            assert (await told.json())["id"] == own


async def test_the_log_line_of_a_refusal_has_the_clients_id(http, caplog):
    with caplog.at_level("INFO"):
        async with http.get("/api/handles/88.900.1/hallo", headers={"X-Request-Id": "line-7"}):
            pass
    assert "line-7" in caplog.text
