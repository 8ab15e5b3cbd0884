"""The journal helps whoever cannot prove an identity, and keeps these promises.

- It says what lies at the index that the identity names, and at which indexes the record has secret keys.
- It says so over each face, also where there is no such value, no key, or no such record.
- The client learns nothing of it, and no key is in the entry.
"""

import json

import aiohttp
import pytest
import pytest_asyncio

from idnode.clients import aio, web
from idnode.clients.dialogues import Administrator, create
from idnode.clients.errors import ClientError
from idnode.clients.identity import SecretIdentity
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREFIX = "0.NA/88.900.1"
SECRET = "idnode-demo"
SECRET_INDEX = 301
VALUES = [HandleValue(1, "URL", b"https://x.example/")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    settings = Settings(data_dir=folder, handle_port=0, http_port=0, admin_port=0)
    started = Node(settings, seed=1)
    await started.start()
    yield started
    await started.stop()


async def latest(node):
    """Return the latest entry, whole, as the management port has it."""
    number = node.observation.journal.ring.last_number
    url = f"{url_of(node.addresses.admin)}/api/v1/journal/{number}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


async def over_json(node, index, handle, secret):
    credential = Credential(index, handle, secret)
    async with web.Client(url_of(node.addresses.http), credential) as client:
        await client.create("88.900.1/new", VALUES)


async def over_binary(node, index, handle, secret):
    identity = SecretIdentity(handle.encode(), index, secret.encode())
    async with aio.Client(node.addresses.handle_tcp) as client:
        await client.do(create(Administrator(identity), "88.900.1/new", VALUES))


@pytest.mark.parametrize(
    ("ask", "index", "handle", "told"),
    [
        (over_binary, 300, PREFIX, ["HS_PUBKEY", "301"]),
        (over_binary, 301, PREFIX, ["HS_SECKEY", "301"]),
        (over_json, 300, PREFIX, ["HS_PUBKEY", "301"]),
        (over_json, 200, PREFIX, ["HS_VLIST", "301"]),
        (over_json, 301, PREFIX, ["HS_SECKEY", "301"]),
        (over_json, 77, PREFIX, ["77", "301"]),
        (over_json, 1, "88.900.1/hello", ["88.900.1/hello", "HS_SECKEY"]),
        (over_json, 1, "88.900.1/nobody", ["88.900.1/nobody"]),
    ],
)
async def test_what_lies_at_the_index_is_told(node, ask, index, handle, told):
    right_index = index == SECRET_INDEX
    with pytest.raises(ClientError):
        await ask(node, index, handle, "another" if right_index else SECRET)
    entry = await latest(node)
    assert entry["why"]["rule"] in {"W-AUTH-FAILED", "W-HTTP-CREDENTIALS"}
    assert len(entry["near"]) == len(told)
    for miss, word in zip(entry["near"], told, strict=True):
        assert word in miss["en"]
        assert word in miss["zh"]
    answered = json.dumps(entry["answer"])
    assert "HS_SECKEY" not in answered
    assert "HS_PUBKEY" not in answered
    everything = json.dumps(entry)
    assert SECRET not in everything
    assert SECRET.encode().hex() not in everything
