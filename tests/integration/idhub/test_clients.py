"""The Python clients of the IDHub API do the walk of the guide, asyncio and blocking; so does a user of the load test.

- They prove who they are when a token is needed, and again when it has expired.
- Refusals are errors of their own, with the node's code, text and members.
- A command makes an application identity and a group; the second port serves the same API.
"""

import asyncio
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.conftest import IDNODE

from idnode.clients import idhub, idhub_blocking
from idnode.clients.idhub_answers import (
    IdhubRefused,
    MetadataItem,
    MetadataTemplate,
    NotGranted,
    ObjectMissing,
)
from idnode.clients.idhub_requests import ApplicationIdentity
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_requests import Credential
from idnode.loadtests.applications import enterprise_prefix, register_application
from idnode.node.addresses import url_of

HANDLE = "88.900.1/P-1"
TEMPLATE = MetadataTemplate("pump", "泵", (MetadataItem("model", "型号", required=True),))


@pytest.fixture
async def idhub_node(idhub, identity):
    await identity(idhub, "88.900.1/App_demo")
    return idhub


def identity_of(key, handle="88.900.1/App_demo"):
    return ApplicationIdentity(
        handle, lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    )


async def test_the_asyncio_client_walks(idhub_node, app_key, clock):
    async with idhub.Client(url_of(idhub_node.addresses.http), identity_of(app_key)) as client:
        meta = await client.create_template(TEMPLATE)
        with pytest.raises(IdhubRefused) as refused:
            await client.create(HANDLE, meta, {"model": "A"})
        assert refused.value.code == 600
        assert await client.publish(meta, "88.900.1/META_no") == {
            "88.900.1/META_no": "元数据标识88.900.1/META_no不存在"
        }
        await client.create(HANDLE, meta, {"model": "A"})
        clock.advance(25 * 3600)
        await client.update(HANDLE, meta, {"model": "B"})
        await client.grant(HANDLE, everybody=True)
        assert (await client.retrieve(HANDLE)).values == {"model": "B"}
        assert (await client.template(meta))["metaState"] == 1
        page = await client.identifiers(meta)
        assert (page.total, page.rows[0]["handleName"]) == (1, HANDLE)
        await client.delete(HANDLE)
        with pytest.raises(ObjectMissing):
            await client.retrieve(HANDLE)
        await client.publish(meta, withdraw=True)
        await client.delete_templates([meta])
        assert (await client.templates()).total == 0
        with pytest.raises(IdhubRefused) as refused:
            await client.create_template(MetadataTemplate("", "n", TEMPLATE.items))
        assert refused.value.problems == {"metaCode": "入参metaCode不能为空"}


async def test_the_blocking_client_and_a_users_identity(idhub_node, app_key):
    base = url_of(idhub_node.addresses.http)

    def walk():
        with WebClient(base, Credential(301, "0.NA/88.900", "idnode-demo")) as administrator:
            loading = register_application(administrator, "0.NA/88.900")
        with idhub_blocking.Client(base, identity_of(app_key)) as client:
            meta = client.create_template(TEMPLATE)
            client.publish(meta)
            client.create(HANDLE, meta, {"model": "A"})
            with idhub_blocking.Client(base, loading) as other:
                with pytest.raises(NotGranted):
                    other.retrieve(HANDLE)
                client.grant(HANDLE, readers=[loading.handle])
                return other.retrieve(HANDLE).values

    assert await asyncio.to_thread(walk) == {"model": "A"}
    assert enterprise_prefix("0.NA/88.900.7") == "88.900.7"


async def test_a_command_makes_identities_and_the_second_port_serves_them(serve, tmp_path):
    node = await serve(idhub_port=0)
    assert node.addresses.idhub != node.addresses.http
    key = tmp_path / "app.pem"
    server = ["--server", url_of(node.addresses.http)]

    async def run(*arguments):
        done = await asyncio.to_thread(
            subprocess.run,
            [IDNODE, "application", *arguments, *server],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, said = await run("add", "88.900.1/App_gear", "--key", str(key), "--name", "齿轮")
    assert (code, said) == (0, f"88.900.1/App_gear registered; it signs challenges with {key}\n")
    code, said = await run("group", "88.900.1/Group_qa", "88.900.1/App_gear")
    assert (code, said) == (0, "88.900.1/Group_qa registered: 88.900.1/App_gear\n")
    code, said = await run("add", "88.900.1/gear", "--key", str(key))
    assert (code, "expected PREFIX/App_ID" in said) == (2, True)
    assert key.stat().st_mode & 0o777 == 0o600
    private = load_pem_private_key(key.read_bytes(), None)
    identity = identity_of(private, "88.900.1/App_gear")
    async with idhub.Client(url_of(node.addresses.idhub), identity) as client:
        assert await client.create_template(TEMPLATE)
        assert (await client.templates()).total == 1
