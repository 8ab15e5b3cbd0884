"""Request lines that are not as they should be are read if they can be, and else refused in our words.

Promises: a path in UTF-8 as it was typed is the handle that it spells, on the first request of a connection and on a
later one; an unknown method is 501, too long a line 414, too long a header 431; no text of the parser that shows bytes
as Python writes them reaches anybody.
"""

import asyncio
import json

import pytest
from aiohttp.http_exceptions import LineTooLong

from idnode.node.faces.http.unreadable import refusal

HOST = b" HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
async def talk(client):
    """Return a function that sends bytes on one connection and returns status and JSON of the answer."""
    reader, writer = await asyncio.open_connection(client.host, client.port)

    async def talk(sent):
        writer.write(sent)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r")[0])
        return int(head.split()[1]), json.loads(await reader.readexactly(length))

    yield talk
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("suffix", ["苏州", "é", "a苏/%20b", "\u202e", "😀"])
async def test_a_path_as_it_was_typed_names_its_handle(talk, suffix):
    get = b"GET /api/handles/88.900/" + suffix.encode() + HOST + b"X-Note: \xe8\x8b\x8f\r\n\r\n"
    for _ in range(2):
        status, found = await talk(get)
        assert (status, found["responseCode"]) == (404, 100)
        assert found["handle"] == "88.900/" + suffix.replace("%20", " ")


async def test_a_body_that_begins_like_a_request_stays_as_it_is(talk, admin):
    head = b"PUT /api/handles/88.900/typed" + HOST
    head += f"Authorization: {admin['Authorization']}\r\n".encode()
    text = "GET /苏 HTTP/1.1\nx"
    body = json.dumps([{"index": 1, "type": "T", "data": text}], ensure_ascii=False).encode()
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert (await talk(head + body))[0] == 201
    _, found = await talk(b"GET /api/handles/88.900/typed" + HOST + b"\r\n")
    assert found["values"][0]["data"]["value"] == text


async def test_bytes_that_are_no_utf_8_are_no_handle(talk):
    status, found = await talk(b"GET /api/handles/88.900/\xe9" + HOST + b"\r\n")
    assert (status, found["responseCode"]) == (400, 102)


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [
        (b"FOO /api/site" + HOST + b"\r\n", 501, "Unknown method FOO"),
        (b"get /api/site" + HOST + b"\r\n", 501, "Unknown method get"),
        (b"X-Y.z /" + HOST + b"\r\n", 501, "Unknown method X-Y.z"),
        (b"\xff\xfe /" + HOST + b"\r\n", 400, "Bad HTTP message"),
        (b"A" * 9000 + b" /" + HOST + b"\r\n", 400, None),
        (b"GET /" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431, None),
        (b"GET http://[::1/x" + HOST + b"\r\n", 400, "Invalid URL"),
        (b"GET /a\tb" + HOST + b"\r\n", 400, "Invalid URL"),
        (b"GET /a b" + HOST + b"\r\n", 400, "Bad status line"),
        (b"GET /" + HOST + b"Host: x\r\n\r\n", 400, None),
        (b"GET /" + HOST + b"no colon\r\n\r\n", 400, None),
        (b"PUT /" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, None),
    ],
)
async def test_what_cannot_be_read_is_refused_in_our_words(talk, sent, status, text):
    found_status, found = await talk(sent)
    assert found_status == status
    assert text in {None, found["message"]}
    assert "b'" not in found["message"]
    assert "bytes" not in found["message"]
    assert found["responseCode"] == 4


def test_the_longest_line_and_header_have_bounds_of_their_own():
    line = LineTooLong(b"GET /aaaa...", 16_384)
    assert refusal(line, str(line), 8190) == (414, "URI Too Long")
    header = LineTooLong(b"aaaa...", 8190)
    assert refusal(header, str(header), 8190)[0] == 431
