"""A node on PostgreSQL with a near cache, beside another node on the same database that knows of no cache.

* The public is answered from it, over every face, and never told that there is nothing when there is.
* A key that another node took away opens nothing from then on, though the record it was in is still answered.
* What the node's own clients change is what they are answered.
* Whoever asks for an authoritative answer gets what is stored now, over the Handle protocol and over HTTP.
"""

import pytest

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.clients.errors import Refused
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin
from idnode.registry.handle.values import pack
from idnode.registry.handle.wire.constants import OpFlag
from idnode.registry.mutation import Create
from idnode.registry.postgres.address import Address
from idnode.registry.postgres.register import PostgresRegister

REGISTER_ENGINES = ("embedded",)
"""That is, nothing in place of what the settings name, which is PostgreSQL here."""

CLERK = b"88.900.1/clerk"
PART = b"88.900.1/part"
AUTHORITATIVE = OpFlag.AUTHORITATIVE | OpFlag.PUBLIC_ONLY
NOW, THEN = b"https://example.org/now", b"https://example.org/then"


@pytest.fixture
async def node(postgres, tmp_path, register_engine):
    del register_engine
    settings = Settings(
        data_dir=tmp_path / "data",
        register=postgres.empty(),
        near_cache="60s",
        handle_port=0,
        http_port=0,
        admin_port=0,
    )
    node = Node(settings, seed=1)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def elsewhere(node):
    """The same database, as another node sees it."""
    register = await PostgresRegister.open(Address(node.settings.register.get_secret_value()))
    yield register
    await register.close()


@pytest.fixture
async def json_api(node):
    """A client of nobody in particular."""
    async with web.Client(url_of(node.addresses.http)) as client:
        yield client


@pytest.fixture
async def administrator(node):
    credential = Credential(301, "0.NA/88.900", "idnode-demo")
    async with web.Client(url_of(node.addresses.http), credential) as client:
        yield client


def clerk_with(secret):
    """Return the packed record of somebody with a key, which is not for the public."""
    values = [
        HandleValue(1, "DESC", b"clerk"),
        HandleValue(300, "HS_SECKEY", secret, permissions=0x0C),
    ]
    return pack(values)


async def answered(client, handle):
    return (await client.query(Question(handle))).values


async def test_the_public_is_answered_from_it_over_every_face(node, elsewhere, json_api):
    assert await json_api.query(Question(PART)) is not None  # there is none, and that is not kept
    await elsewhere.submit([Create(PART, pack([HandleValue(1, "URL", THEN)]))])
    assert (await answered(json_api, PART))[0].data == THEN
    await elsewhere.submit([Create(PART, pack([HandleValue(1, "URL", NOW)]), overwrite=True)])
    assert (await answered(json_api, PART))[0].data == THEN
    answer = await json_api.query(Question(PART, op_flags=AUTHORITATIVE))
    assert answer.values[0].data == NOW
    for transport in (Transport.TCP, Transport.UDP):
        async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
            answer = await client.query(Question(PART), transport=transport)
            assert answer.values[0].data == THEN
            answer = await client.query(Question(PART, op_flags=AUTHORITATIVE), transport=transport)
            assert answer.values[0].data == NOW


async def test_own_writes_are_answered_at_once(json_api, administrator):
    await administrator.create(PART, (HandleValue(1, "URL", THEN),))
    for number in range(5):
        assert await answered(json_api, PART)
        data = b"%s/%d" % (NOW, number)
        await administrator.create(PART, (HandleValue(1, "URL", data),), overwrite=True)
        assert (await answered(json_api, PART))[0].data == data


async def test_a_key_that_another_node_took_away_opens_nothing(node, elsewhere, json_api):
    admin = AdminValue(Right.ALL, CLERK, 300)
    part = pack([HandleValue(1, "URL", THEN), HandleValue(100, "HS_ADMIN", encode_admin(admin))])
    await elsewhere.submit([Create(CLERK, clerk_with(b"former")), Create(PART, part)])
    assert (await answered(json_api, CLERK))[0].data == b"clerk"
    base = url_of(node.addresses.http)
    former = Credential(300, CLERK.decode(), "former")
    change = (HandleValue(1, "URL", NOW),)
    async with web.Client(base, former) as clerk:
        await clerk.put_values(PART, change, overwrite=True)
        await elsewhere.submit([Create(CLERK, clerk_with(b"new"), overwrite=True)])
        assert node.register.capabilities.public_lookup(CLERK).values == clerk_with(b"former")
        with pytest.raises(Refused):
            await clerk.put_values(PART, change, overwrite=True)
    async with web.Client(base, Credential(300, CLERK.decode(), "new")) as clerk:
        await clerk.put_values(PART, change, overwrite=True)
