"""Two nodes on one PostgreSQL, each with a data directory of its own.

- What is registered through one resolves through the other at once, over every face.
- A prefix that one learns of lives on the other within moments, and so does a template.
- A token of one is taken by the other; both sign with one key.
- Daily volumes that both put away at the same time are added up.
- A site record that names both as servers has each of them answer for every handle.
"""

import asyncio
from dataclasses import replace

import aiohttp
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
from idnode.registry.handle.types.hs_site import decode_site, encode_site

REGISTER_ENGINES = ("embedded",)
"""That is, nothing in place of what the settings name, which is PostgreSQL here."""

URL = HandleValue(1, "URL", b"https://example.org/1")
NODE = Credential(301, "0.NA/88.900", "idnode-demo")
ENTERPRISE = Credential(301, "0.NA/88.900.1", "idnode-demo")

PATIENCE_SECONDS = 30


@pytest.fixture
async def pair(postgres, tmp_path, register_engine):
    """Two nodes that start at once on one empty database."""
    del register_engine
    url = postgres.empty()
    nodes = [
        Node(
            Settings(
                data_dir=tmp_path / name, register=url, handle_port=0, http_port=0, admin_port=0
            ),
            seed=1,
        )
        for name in ("one", "other")
    ]
    await asyncio.gather(*(node.start() for node in nodes))
    yield nodes
    for node in nodes:
        await node.stop()


@pytest.fixture
def api():
    def on(node, credential=ENTERPRISE):
        return web.Client(url_of(node.addresses.http), credential)

    return on


async def test_what_one_registers_the_other_resolves_at_once(pair, api):
    one, other = pair
    async with api(one) as writing, api(other) as reading:
        for number in range(20):
            handle = b"88.900.1/made-%d" % number
            await writing.create(handle, (URL,))
            assert (await reading.query(Question(handle))).values[0].data == URL.data
    async with aio.Client(other.addresses.handle_udp) as client:
        for transport in (Transport.UDP, Transport.TCP):
            answer = await client.query(Question(b"88.900.1/made-7"), transport=transport)
            assert answer.response_code == 1
    async with (
        aiohttp.ClientSession(url_of(other.addresses.http)) as session,
        session.get("/88.900.1/made-3", allow_redirects=False) as response,
    ):
        assert response.status == 302


async def test_a_prefix_of_one_lives_on_the_other_within_moments(pair, api):
    one, other = pair
    admin = AdminValue(Right.ALL, b"0.NA/88.900", 200)
    value = HandleValue(100, "HS_ADMIN", encode_admin(admin))
    async with api(one, NODE) as writing, api(other, NODE) as following:
        await writing.create(b"0.NA/88.900.7", (value,))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await following.create(b"88.900.7/first", (URL,))
                except Refused:
                    await asyncio.sleep(0.05)
                else:
                    break
        assert (await writing.query(Question(b"88.900.7/first"))).response_code == 1


async def test_a_token_and_a_template_of_one_are_good_on_the_other(pair, call_on, template, record):
    one, other = pair
    caller = await call_on(one).login("demo")
    elsewhere = call_on(other)
    elsewhere.token = caller.token
    await caller.good("POST", "/snms/api/v5/template", template)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await elsewhere("POST", "/identityv2/data", record("88.900.1/pump-1"))
            if found["status"] == 1:
                break
            await asyncio.sleep(0.05)
    detail = await caller.good("GET", "/identityv2/data/detail", handle="88.900.1/pump-1")
    assert detail["handle"] == "88.900.1/pump-1"
    keys = [node.services.site.signing_key.private_numbers() for node in pair]
    assert keys[0] == keys[1]


async def test_volumes_that_both_put_away_at_once_add_up(pair):
    rounds = 30
    for number in range(rounds):
        for node in pair:
            node.parts.daily_counts.add(b"88.900.1", 1 + number, 2)
        await asyncio.gather(*(node.parts.save_daily_counts() for node in pair))
    made = sum(range(1, rounds + 1)) * len(pair)
    for node in pair:
        (volume,) = await node.parts.daily_counts.of_days("88.900.1")
        assert (volume.registrations, volume.resolutions) == (made, 2 * rounds * len(pair))


async def test_each_server_of_one_site_answers_for_every_handle(pair, api):
    one, _other = pair
    sites = [decode_site(node.services.site.site) for node in pair]
    both = encode_site(replace(sites[0], servers=sites[0].servers + sites[1].servers))
    async with api(one, NODE) as writing:
        await writing.put_values(b"0.NA/88.900.1", (HandleValue(1, "HS_SITE", both),))
        for number in range(8):
            await writing.create(b"88.900.1/hashed-%d" % number, (URL,))
    for node in pair:
        assert b"88.900.1" not in node.services.authority.placed
        async with aio.Client(node.addresses.handle_udp) as client:
            for number in range(8):
                answer = await client.query(Question(b"88.900.1/hashed-%d" % number))
                assert answer.response_code == 1
