"""A node that starts while its database is away is alive and not ready, says what it waits for, and starts in the end.

- So it is with the register, and with a directory elsewhere.
- A signal ends the wait.
"""

import asyncio
import signal
import socket

import aiohttp
import pytest

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.postgres.address import Address

REGISTER_ENGINES = ("embedded",)
"""That is, nothing in place of what the settings name, which is PostgreSQL here."""

PATIENCE_SECONDS = 60


@pytest.fixture
async def proxy(postgres, cutting_proxy, register_engine):
    del register_engine
    async with cutting_proxy.CuttingProxy(postgres.port) as between:
        between.shut()
        yield between


@pytest.mark.parametrize("awaited", ["register", "directory"])
async def test_it_waits_for(awaited, postgres, proxy, tmp_path, caplog, monkeypatch):
    url = postgres.empty()
    away = url.replace(str(postgres.port), str(proxy.port))
    elsewhere = {
        "register": {"register": away},
        "directory": {"register": url, "directory_url": Address(away).directory_url()},
    }
    settings = Settings(
        data_dir=tmp_path, handle_port=0, http_port=0, admin_port=0, **elsewhere[awaited]
    )
    node = Node(settings, seed=1)
    starting = asyncio.create_task(node.start())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while f"waiting for the {awaited}" not in caplog.text:
                assert not starting.done(), starting.result()
                await asyncio.sleep(0.02)
        async with aiohttp.ClientSession(url_of(node._admin)) as session:
            for path, status in ("/livez", 200), ("/readyz", 503):
                async with session.get(path) as answer:
                    assert answer.status == status
        proxy.open = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await starting
        assert node.health.ready
        assert caplog.text.count("waiting for") == 1
    finally:
        proxy.open = True
        await asyncio.gather(starting, return_exceptions=True)
        await node.stop()


def test_a_signal_ends_the_wait(served):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://idnode@127.0.0.1:{silent.getsockname()[1]}/idnode"
        node = served.launched("--register", url)
        node.output.wait_for("waiting for the register")
        assert node.stop(signal.SIGTERM) == 0
