"""Loopback is no fence for a browser: a node keeps pages of others out.

Promises: a name that was made to resolve to loopback (DNS rebinding) is refused on the HTTP and the management port;
while demo secrets work only loopback and named origins may read answers; nothing on the management port changes by
what a form can send.
"""

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings

NAMED = "https://app.example.org"
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}


@pytest.fixture
async def build(tmp_path):
    nodes = []

    async def start(**settings):
        found = Settings(
            data_dir=tmp_path / str(len(nodes)),
            handle_port=0,
            http_port=0,
            admin_port=0,
            **settings,
        )
        nodes.append(Node(found, seed=1))
        await nodes[-1].start()
        return url_of(nodes[-1].addresses.http), url_of(nodes[-1].addresses.admin)

    yield start
    for node in nodes:
        await node.stop()


async def test_other_pages_are_kept_out(build):
    http, admin = await build(cors_origins=NAMED, host_names="node.lan")
    async with aiohttp.ClientSession() as session:

        async def ask(url, method="GET", **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            async with session.request(method, url, headers=named) as answer:
                body = await answer.read()
                return answer.status, answer.headers, body

        paths = (
            "/api/handles/88.900.1/hello",
            "/api/nothing",
            "/88.900.1/hello?noredirect",
            "/docs",
        )
        for url in [http + path for path in paths] + [admin + "/metrics", admin + "/livez"]:
            status, headers, _body = await ask(url, Host="evil.example:8000")
            assert (status, headers["Content-Type"].split(";")[0]) == (403, "application/json")
        for host in (
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1",
            "127.1.2.3:80",
            "[::1]:8000",
            "node.lan:1",
        ):
            assert (await ask(http + paths[0], Host=host))[0] == 200
            assert (await ask(admin + "/livez", Host=host))[0] == 200
        for origin, allowed in (
            (NAMED, True),
            ("http://localhost:3000", True),
            ("https://evil.example", False),
            ("null", False),
        ):
            status, headers, _body = await ask(http + paths[0], Origin=origin)
            assert (status, "Access-Control-Allow-Origin" in headers) == (200, allowed)
            _status, headers, _body = await ask(
                http + paths[0], "OPTIONS", Origin=origin, **PREFLIGHT
            )
            assert ("Access-Control-Allow-Methods" in headers) == allowed
        for path in (
            "/api/v1/snapshots",
            "/api/v1/prefixes/88.900.1/disable",
            "/api/v1/enterprises",
        ):
            assert (await ask(admin + path, "POST", Content_Type="text/plain"))[0] == 415


async def test_every_origin_may_read_once_no_secret_is_known(build):
    headers = {"Origin": "https://anywhere.example"}
    for settings, allowed in (({}, False), ({"secret": "known to us alone"}, True)):
        http, _admin = await build(**settings)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{http}/api/handles/88.900.1/hello", headers=headers) as answer,
        ):
            assert ("Access-Control-Allow-Origin" in answer.headers) == allowed
