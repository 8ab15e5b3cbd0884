"""The clock of a running node keeps these promises.

- A token is refused once 24 hours have passed on the node's clock, at once and without waiting.
- A digested password counts by the date that the clock shows in Asia/Shanghai.
- Sessions of the JSON API and of the Handle protocol end when their time has passed there.
- Native answers go on, and carry the moved time.
- A move that is none is refused with what was wrong; the command line moves the clock, too.
"""

import asyncio
import base64
import hashlib

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.answer import Transport
from idnode.node.addresses import url_of
from idnode.node.commands.clock import seconds_of
from idnode.node.commands.failure import CommandFailed
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

DAY = 86_400
LOG_IN = {"username": "demo", "password": "idnode-demo"}


class Driver:
    """Talks to a node's HTTP and management ports."""

    def __init__(self, node, session):
        self._session = session
        self._http = url_of(node.addresses.http)
        self._admin = url_of(node.addresses.admin)

    async def clock(self, **move):
        """Move the clock, or read it; return status and body."""
        url = f"{self._admin}/api/v1/clock"
        request = self._session.post(url, json=move) if move else self._session.get(url)
        async with request as response:
            return response.status, await response.json()

    async def snms(self, path, body=None, token=""):
        """Return the envelope of an SNMS call."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        method = "GET" if body is None else "POST"
        url = self._http + path
        async with self._session.request(method, url, json=body, headers=headers) as response:
            return await response.json()

    async def http(self, method, path, **options):
        """Return status and body of a call of the JSON API."""
        async with self._session.request(method, self._http + path, **options) as response:
            return response.status, await response.json(content_type=None)


@pytest.fixture
async def driver(node):
    async with aiohttp.ClientSession() as session:
        yield Driver(node, session)


async def test_a_token_is_refused_once_a_day_has_passed(driver):
    token = (await driver.snms("/identity/token", LOG_IN))["data"]["token"]
    assert (await driver.snms("/snms/api/prefix/page", token=token))["status"] == 1
    assert (await driver.clock(advance=DAY - 60))[0] == 200
    assert (await driver.snms("/snms/api/prefix/page", token=token))["status"] == 1
    await driver.clock(advance=120)
    found = await driver.snms("/snms/api/prefix/page", token=token)
    assert (found["status"], found["message"]) == (-1, "未登录或登录已失效")


def digested(date):
    inner = hashlib.sha256(b"idnode-demo").hexdigest()
    return LOG_IN | {"password": hashlib.sha256(f"{inner}{date}".encode()).hexdigest()}


async def test_a_digest_counts_by_the_date_in_shanghai(driver):
    # One day of grace either way (snms_digest_days): at 23:59 the day after tomorrow is too far, at 00:01 it is not.
    await driver.clock(freeze=True)
    await driver.clock(set="2031-03-05T23:59:00+08:00")
    assert (await driver.snms("/identity/token/v1", digested("2031-03-07")))["status"] != 1
    await driver.clock(advance=120)
    assert (await driver.snms("/identity/token/v1", digested("2031-03-07")))["status"] == 1
    assert (await driver.snms("/identity/token/v1", digested("2031-03-04")))["status"] != 1


async def test_a_session_of_the_json_api_ends_when_its_time_has_passed(driver):
    basic = base64.b64encode(b"301%3A0.NA%2F88.900.1:idnode-demo").decode()
    headers = {"Authorization": f"Basic {basic}"}
    status, opened = await driver.http("POST", "/api/sessions", headers=headers)
    assert status == 201, opened
    session = {"Authorization": f'Handle sessionId="{opened["sessionId"]}"'}
    assert (await driver.http("GET", "/api/sessions/this", headers=session))[0] == 200
    await driver.clock(advance=8 * DAY)
    status, found = await driver.http("GET", "/api/sessions/this", headers=session)
    assert status != 200 or not found.get("authenticated"), found


async def native_expiry(node):
    """Return the expiration that an answer over UDP carries."""
    message = encode_response(
        1, 0, 0x01000000, 0xFFFF, 0, encode_query(Query(b"88.900.1/hello", (), ()))
    )
    request = Envelope(2, 11, 0, 2, 11, 0, 7, 0, len(message)).encode() + message
    loop = asyncio.get_running_loop()
    answer = loop.create_future()

    class Once(asyncio.DatagramProtocol):
        def datagram_received(self, data, _addr):
            answer.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(
        Once, remote_addr=tuple(node.addresses.handle_udp)
    )
    transport.sendto(request)
    try:
        return decode_message((await asyncio.wait_for(answer, 30))[20:]).expiration
    finally:
        transport.close()


async def test_answers_over_udp_carry_the_moved_time(node, driver):
    before = await native_expiry(node)
    await driver.clock(advance=10 * DAY)
    assert 9 * DAY < await native_expiry(node) - before < 11 * DAY
    await driver.clock(reset=True)
    assert abs(await native_expiry(node) - before) < DAY


async def test_resolutions_over_each_transport_go_on(node, driver):
    await driver.clock(speed=3600)
    for transport in (Transport.UDP, Transport.TCP):
        async with aio.Client(node.addresses.handle_tcp, transport=transport) as client:
            assert (await client.resolve("88.900.1/hello")).values


@pytest.mark.parametrize(
    ("move", "words"),
    [
        ({"advance": "soon"}, "advance"),
        ({"freeze": True, "advance": 3}, "one of freeze"),
        ({"set": "yesterday"}, "set"),
        ({"set": -5}, "1970"),
        ({"speed": 0}, "speed"),
        ({"speed": 1e9}, "speed"),
        ({"jump": 3}, "jump"),
        ({"advance": -3e9}, "1970"),
    ],
)
async def test_a_move_that_is_none_is_refused_and_moves_nothing(driver, move, words):
    status, found = await driver.clock(**move)
    assert status == 400
    assert words in found["message"]
    assert (await driver.clock())[1]["moved"] is False


async def test_a_page_in_a_browser_cannot_move_it(driver, node):
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{url_of(node.addresses.admin)}/api/v1/clock",
            data=b'{"reset": true}',
            headers={"Content-Type": "text/plain"},
        ) as response,
    ):
        assert response.status in {403, 415}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("25h", 90_000), ("1d12h", 129_600), ("-15m", -900), ("0.5s", 0.5), ("2w", 1_209_600)],
)
def test_durations_are_read(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "5 h", "1x", "--3h", "3hh"])
def test_what_is_no_duration_is_said_to_be_none(text):
    with pytest.raises(CommandFailed, match="duration"):
        seconds_of(text)


def test_the_command_moves_the_clock(served):
    node = served()
    shown = node.run("clock", "advance", "25h")
    assert shown.returncode == 0, shown.stderr
    assert "+90000 s" in shown.stdout
    assert "frozen" in node.run("clock", "freeze").stdout
    assert node.run("clock", "advance", "-1h").returncode == 0
    assert node.run("clock", "set", "2031-01-01T00:00:00Z").stdout.startswith("2031-01-01T00:00:00")
    assert "time of the machine" in node.run("clock", "reset").stdout
