"""The SNMS clients hide the token, ask for a new one when it has expired, and know partial failure.

Both clients have the same calls; the blocking one runs in a thread of its own here.
"""

import asyncio
import inspect

import pytest

from idnode.clients import snms as aio_client
from idnode.clients import snms_blocking
from idnode.clients.snms_answers import (
    Attribute,
    Identifier,
    ItemOutcome,
    NotLoggedIn,
    NotPermitted,
    RuleBroken,
    Template,
    TemplateItem,
)
from idnode.clients.snms_requests import Account
from idnode.node.addresses import url_of

DEMO = Account("demo", "idnode-demo")
PUMP = Template("88.900.1", "pump", (TemplateItem("型号", "model", 2000, required=True),))


def pump(handle, text="IS80"):
    return Identifier(handle, "pump", (Attribute(2000, "model", text),))


@pytest.fixture
def base(snms):
    return url_of(snms.addresses.http)


def test_both_clients_have_the_same_calls():
    def calls(client):
        return {
            name: str(inspect.signature(found))
            for name, found in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_")
        }

    assert calls(aio_client.Client) == calls(snms_blocking.Client)


@pytest.mark.parametrize("digested", [True, False])
async def test_a_session_of_an_enterprise(base, digested):
    account = Account("demo", "idnode-demo", digested=digested)
    async with aio_client.Client(base, account) as client:
        await client.create_template(PUMP)
        found = await client.template("88.900.1", "pump")
        assert (found.items[0].id_index, found.handle) == (2000, "88.900.1/tpl-pump")
        await client.create(pump("88.900.1/a"))
        outcomes = await client.batch_create(
            [pump("88.900.1/b"), pump("88.900.1/a"), pump("88.900.2/x")]
        )
        assert [each.accepted for each in outcomes] == [True, False, False]
        assert outcomes[1] == ItemOutcome("88.900.1/a", "标识已存在")
        await client.update(pump("88.900.1/a", "IS100"))
        detail = await client.detail("88.900.1/a")
        assert detail.version == "pump"
        assert Attribute(2000, "model", "IS100") in detail.attributes
        gone = await client.batch_delete(["88.900.1/a", "88.900.1/none"])
        assert [each.accepted for each in gone] == [True, False]
        assert (await client.prefixes()).rows[0]["entPrefix"] == "88.900.1"
        assert await client.upload(b"%PDF-1.7", "a.pdf") > 0


async def test_an_expired_token_is_renewed_without_a_word(base, clock):
    async with aio_client.Client(base, DEMO, clock=clock) as client:
        await client.create_template(PUMP)
        clock.ahead += 25 * 3600
        await client.create(pump("88.900.1/a"))
        assert (await client.detail("88.900.1/a")).version == "pump"


async def test_refusals_are_told_apart(base):
    async with aio_client.Client(base, DEMO) as client:
        with pytest.raises(RuleBroken, match="模板不存在") as broken:
            await client.template("88.900.1", "none")
        assert broken.value.status == -2
        with pytest.raises(NotPermitted):
            await client.create(pump("88.900.2/x"))
    async with aio_client.Client(base, Account("demo", "wrong")) as client:
        with pytest.raises(RuleBroken, match="用户名/密码错误！"):
            await client.detail("88.900.1/hello")


async def test_a_token_that_is_refused_twice_is_told(base, monkeypatch):
    async with aio_client.Client(base, DEMO) as client:

        def useless():
            client._token = "useless"
            yield from ()

        monkeypatch.setattr(client, "_new_token", useless)
        with pytest.raises(NotLoggedIn):
            await client.template("88.900.1", "pump")


async def test_the_blocking_client_does_the_same(base):
    def session():
        with snms_blocking.Client(base, DEMO) as client:
            client.create_template(PUMP)
            outcomes = client.batch_create([pump("88.900.1/a"), pump("88.900.1/a")])
            client.host("88.900.1")
            return [each.accepted for each in outcomes], client.detail("88.900.1/a")

    accepted, detail = await asyncio.to_thread(session)
    assert accepted == [True, False]
    assert detail.attributes[-1].value == "IS80"


async def test_a_batch_over_the_bound_is_refused_before_it_is_sent(base):
    async with aio_client.Client(base, DEMO) as client:
        with pytest.raises(ValueError, match="2000"):
            await client.batch_create([pump("88.900.1/a")] * 2001)
