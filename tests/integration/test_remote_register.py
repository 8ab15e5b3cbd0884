"""A node over a register that is elsewhere, and sometimes cannot be reached.

* A record that cannot be fetched is response code 2 over the Handle protocol and HTTP status 503 over JSON, in a bulk
  answer for that handle alone, and a failure in SNMS' envelope; the next request is served again.
* A full write queue is response code 3 and HTTP status 503.
* The journal finds what a refused client probably meant.
* A request that is carried out again changes the register once.
"""

import aiohttp
import pytest

from idnode.clients import aio, web
from idnode.clients.answer import Question, Transport
from idnode.clients.errors import Refused
from idnode.clients.web_requests import Credential
from idnode.node.addresses import url_of
from idnode.registry.handle.model import HandleValue

REGISTER_ENGINES = ("fake",)

HELLO = "88.900.1/hello"
JSON_PATH = f"/api/handles/{HELLO}"
SNMS_PATH = f"/identityv2/data/detail?handle={HELLO}"
ANSWERS = {
    JSON_PATH: ((503, 2, None), (200, 1, None)),
    SNMS_PATH: ((200, None, -4), (200, None, 1)),
}
"""HTTP status, response code and SNMS' status: while the record cannot be had, and then."""

URL = HandleValue(1, "URL", b"https://example.org/1")


@pytest.fixture
async def json_api(node):
    credential = Credential(301, "0.NA/88.900.1", "idnode-demo")
    async with web.Client(url_of(node.addresses.http), credential) as client:
        yield client


@pytest.fixture
def unreachable(node):
    """The folded handles whose records cannot be had; that of the sample record is one."""
    node.register.unreachable.add(HELLO.upper().encode())
    return node.register.unreachable


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_it_is_told_over_the_handle_protocol(node, unreachable, transport):
    async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
        answer = await client.query(Question(HELLO.encode()), transport=transport)
        assert answer.response_code == 2
        unreachable.clear()
        answer = await client.query(Question(HELLO.encode()), transport=transport)
        assert answer.response_code == 1


async def test_it_is_told_in_the_form_of_each_api(node, unreachable):
    async with aiohttp.ClientSession(url_of(node.addresses.http)) as session:
        for path in JSON_PATH, SNMS_PATH, JSON_PATH, SNMS_PATH:
            async with session.get(path) as response:
                found = await response.json()
                told = response.status, found.get("responseCode"), found.get("status")
            failed, served = ANSWERS[path]
            assert told == (failed if unreachable else served)
            if path == SNMS_PATH:
                unreachable.clear()


async def test_a_bulk_answer_says_which_handles_cannot_be_had(json_api, unreachable):
    assert unreachable
    found = await json_api.resolve_many([HELLO, "0.NA/88.900.1", "88.900.1/none"])
    assert [answer.response_code for answer in found] == [2, 1, 100]


async def test_what_was_probably_meant_is_found_though_it_takes_many_look_ups(node):
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url_of(node.addresses.http)}/api/handles/88.900.1/hallo"):
            pass
        journal = f"{url_of(node.addresses.admin)}/api/v1/journal"
        async with session.get(f"{journal}/1") as response:
            assert (await response.json())["near"][0]["names"] == [HELLO]


async def test_a_full_queue_is_busy(node, json_api):
    node.register.busy = True
    with pytest.raises(Refused) as refused:
        await json_api.create("88.900.1/busy", [URL])
    assert refused.value.response_code == 3
    node.register.busy = False
    await json_api.create("88.900.1/busy", [URL])


async def test_a_change_is_made_once(node, json_api):
    before = len(node.register.submitted)
    await json_api.create("88.900.1/once", [URL])
    assert [each.handle for each in node.register.submitted[before:]] == [b"88.900.1/once"]
