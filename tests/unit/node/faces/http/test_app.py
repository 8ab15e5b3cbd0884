"""What the HTTP application answers when no handler is asked.

Promises: unknown paths, wrong methods, unreadable requests and unplanned errors are answered in JSON, without a
word about the inside; scripts of other origins may read answers, without credentials.
"""

import asyncio
import json
import logging

import pytest


async def raw(client, request):
    """Send bytes and return status, headers and body of what comes back."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
    body = await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), head, body


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/api", 404, "Unknown HTTP API endpoint GET /api"),
        ("GET", "/api/", 404, "Unknown HTTP API endpoint GET /api/"),
        ("GET", "/api/nothing", 404, "Unknown HTTP API endpoint GET /api/nothing"),
        ("PUT", "/api/site", 405, "Unknown HTTP API endpoint PUT /api/site"),
        ("TRACE", "/api/site", 405, "Unknown HTTP API endpoint TRACE /api/site"),
        ("PATCH", "/api/site", 501, "Unknown method PATCH"),
        ("PROPFIND", "/api/nothing", 501, "Unknown method PROPFIND"),
    ],
)
async def test_what_is_no_endpoint_is_said_in_json(client, method, path, status, message):
    async with client.request(method, path) as response:
        assert response.status == status
        assert response.headers["Content-Type"] == "application/json;charset=utf-8"
        assert await response.json() == {"responseCode": 4, "message": message}
        assert ("Allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/site HTTP/9.9\r\n\r\n",
        b"GET /api/site HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET /api/site HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /api/handles/" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_a_request_that_is_no_http_is_answered_in_json(client, request_bytes):
    status, head, body = await raw(client, request_bytes)
    assert status in {400, 414, 431}
    assert "application/json" in head
    assert json.loads(body)["responseCode"] == 4


async def test_an_unknown_expectation_is_refused_and_the_known_one_met(client):
    request = b"GET /api/site HTTP/1.1\r\nHost: x\r\nExpect: %b\r\n\r\n"
    status, head, body = await raw(client, request % b"miracles")
    assert (status, "application/json" in head) == (417, True)
    assert json.loads(body)["responseCode"] == 4
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request % b"100-continue")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_an_older_client_is_answered_and_let_go(house, client):
    await house.seed("88.900/a", [{"index": 1, "type": "T", "data": "x"}])
    status, head, body = await raw(client, b"GET /api/handles/88.900/a HTTP/1.0\r\n\r\n")
    assert (status, head.startswith("HTTP/1.0")) == (200, True)
    assert json.loads(body)["responseCode"] == 1


async def test_an_unplanned_error_is_logged_and_not_shown(house, client, caplog):
    def broken(_handle, **_options):
        raise RuntimeError("inner secret")

    house.parts["resolver"].resolve = broken
    async with house.serve(plain_http=True) as broken_client:
        for path in ("/api/handles/88.900/a", "/88.900/a"):
            async with broken_client.get(path, headers={"Accept": "text/html"}) as response:
                assert response.status == 500
                text = await response.text()
                assert json.loads(text)["responseCode"] == 2
                assert "secret" not in text
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert [code for _, code, *_ in house.observer.answers] == [2, 2]


async def test_scripts_of_other_origins_may_read_answers(house, client):
    origin = {"Origin": "https://app.example.org"}
    await house.seed("88.900/a", [{"index": 1, "type": "T", "data": "x"}])
    for path in ("/api/handles/88.900/a", "/api/handles/88.900/none", "/api/nothing"):
        async with client.get(path, headers=origin) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
            assert response.headers["Vary"] == "Origin"
            assert "Content-Length" in response.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in response.headers
    asked = {**origin, "Access-Control-Request-Method": "PUT"}
    async with client.options("/api/handles/88.900/a", headers=asked) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Methods"] == "GET,POST,HEAD,PUT,DELETE"
        assert response.headers["Access-Control-Max-Age"] == "86400"
    async with client.options("/api/handles/88.900/a") as response:
        assert response.headers["Allow"] == "GET, HEAD, POST, PUT, DELETE, OPTIONS"
        assert "Access-Control-Allow-Origin" not in response.headers
