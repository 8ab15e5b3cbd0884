"""What HTTP clients meet while more is asked than the node can answer; it keeps these promises.

- A request that is turned away gets 503, when to come again, and a body in the form of its face; each is counted.
- A plain GET is answered before it is parsed, on a connection that goes on; whatever is not plain is refused in order.
- The start of a request is told from what only looks like one; a body that nobody read ends the connection.
- Whoever is not turned away is answered as ever, and times count from the arrival, waits included.
"""

import asyncio
import json

import pytest

from idnode.node.faces.http.app import BUSY

EVERYBODY = 1.0

HEAD = b"HTTP/1.1 503 Service Unavailable\r\n"
HANDLE = b"GET /api/handles/88.900/absent HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LOOKS_SO = b"GET /api/handles/88.900/absent HTTP/1.1\r\n\r\n"
BUSY_TEXT = "More is asked than the node can answer; try again later"


@pytest.fixture
def queue(client):
    return client.server.app[BUSY].queue


@pytest.fixture
async def connect(client):
    """Return a function that connects to the node's HTTP port, once the connection waits for requests."""
    writers = []

    async def connect():
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writers.append(writer)
        writer.write(HANDLE)
        assert (await answer(reader))[0] == 404
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()


async def answer(reader):
    """Read one answer; return status, headers in small letters, and body."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r")[0])
        return int(head.split()[1]), head, json.loads(await reader.readexactly(length))


@pytest.mark.parametrize(
    ("method", "path", "face"),
    [
        ("GET", "/api/handles/88.900/absent", "handle_json"),
        ("PUT", "/api/handles/88.900/absent", "handle_json"),
        ("GET", "/88.900/absent", "handle_json"),
        ("POST", "/api/v1/identifiers/batch", "bulk"),
        ("POST", "/api/v1/identifiers/resolve", "bulk"),
        ("POST", "/identityv2/data/create", "snms"),
        ("GET", "/identityv2/data/detail", "snms"),
    ],
)
async def test_every_face_says_when_to_come_again(client, queue, method, path, face):
    queue.share = EVERYBODY
    async with client.request(method, path, data=b"{}" if method != "GET" else None) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        found = await response.json()
    if face == "snms":
        assert found == {"message": "系统繁忙", "status": -4, "data": None}
    else:
        assert found == {"responseCode": 3, "message": BUSY_TEXT}
    assert queue.turned_away == {face: 1}


async def test_a_plain_get_is_answered_at_once_and_the_connection_goes_on(connect, queue):
    reader, writer = await connect()
    for _ in range(3):
        queue.share = EVERYBODY
        writer.write(HANDLE)
        status, head, body = await answer(reader)
        assert (status, body["responseCode"]) == (503, 3)
        assert "retry-after: 1\r\n" in head
        assert "date" not in head  # it came from no handler
        queue.share = 0.0
        writer.write(HANDLE)
        assert (await answer(reader))[0] == 404
    assert queue.turned_away == {"handle_json": 3}


async def test_both_ways_to_turn_away_are_the_same_to_a_client(connect, queue):
    queue.share = 0.0
    reader, writer = await connect()
    queue.share = EVERYBODY
    writer.write(HANDLE)
    at_once = await answer(reader)
    writer.write(HANDLE.replace(b"Host", b"Origin: https://example.org\r\nHost"))
    parsed = await answer(reader)
    assert at_once[::2] == parsed[::2]
    assert "access-control-allow-origin" in parsed[1]


@pytest.mark.parametrize(
    "parts",
    [
        (b"GET /api/handles/88.900/absent HTTP/1.1\r\nHost: x", b"\r\n\r\n"),
        (b"PUT /api/handles/88.900/a HTTP/1.1\r\nHost: x\r\nContent-Length: 66\r\nX: ", LOOKS_SO),
    ],
)
async def test_what_follows_the_start_of_a_request_belongs_to_it(connect, queue, parts):
    reader, writer = await connect()
    first, second = parts
    writer.write(first)
    await asyncio.sleep(0.05)  # so that it comes apart; together it is answered the same
    queue.share = EVERYBODY
    writer.write(second)
    status, head, _ = await answer(reader)
    assert status == 503
    assert "date" in head
    assert queue.turned_away == {"handle_json": 1}


async def test_pipelined_requests_are_answered_in_order(connect, queue):
    reader, writer = await connect()
    queue.share = EVERYBODY
    writer.write(HANDLE * 3)
    for _ in range(3):
        assert (await answer(reader))[0] == 503
    assert queue.turned_away == {"handle_json": 3}


async def test_a_body_that_nobody_read_ends_the_connection(connect, queue):
    reader, writer = await connect()
    queue.share = EVERYBODY
    writer.write(b"PUT /api/handles/88.900/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{}")
    assert (await answer(reader))[0] == 503
    writer.write(b"1234567")
    async with asyncio.timeout(10):
        assert await reader.read() == b""


async def test_a_client_that_closes_gets_its_connection_closed(connect, queue):
    reader, writer = await connect()
    queue.share = EVERYBODY
    writer.write(HANDLE.replace(b"Host", b"Connection: close\r\nHost"))
    assert (await answer(reader))[0] == 503
    async with asyncio.timeout(10):
        assert await reader.read() == b""


async def test_a_share_is_turned_away_and_the_rest_answered(connect, queue):
    reader, writer = await connect()
    queue.share = 0.5
    found = []
    for _ in range(20):
        writer.write(HANDLE)
        found.append((await answer(reader))[0])
    assert sorted(found) == [404] * 10 + [503] * 10


async def test_refused_resolutions_are_told_as_busy(client, queue, house):
    queue.share = EVERYBODY
    async with client.get("/api/handles/88.900/absent"):
        pass
    assert house.observer.answers == [("resolve", 3, b"")]
    assert house.observer.resolutions == [(3, b"", 1)]
