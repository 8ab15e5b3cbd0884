"""Promises of both web clients, against a scripted HTTP server, and of the JSON forms under them.

* Both send the same request for the same call: path, parameters, body and Basic credential.
* Results are typed; each response code arrives as its class; an empty 401 is a failed authentication.
* Whatever the server sends is a result or a documented error; a lost connection, a short body, no HTTP, a
  closed port and silence have their own.
* A batch says what was accepted and which items were not; many handles get one answer each, in order.
* Values survive the way through JSON.
"""

import asyncio
import base64
import json
import threading
from contextlib import suppress

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idnode.clients import bulk, web, web_blocking, web_requests
from idnode.clients.answer import Question, Transport
from idnode.clients.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionFailed,
    ConnectionLost,
    HandleExists,
    HandleNotFound,
    MalformedAnswer,
    ServerBusy,
    TimedOut,
)
from idnode.clients.json_values import from_json, to_json
from idnode.clients.web_requests import Credential, HandlesPage, HttpResponse, Written
from idnode.registry.handle.model import HandleValue, Reference

URL = HandleValue(1, "URL", b"https://example.org/cup")
ADMIN = Credential(301, "0.NA/88.900.1", "idnode-demo")
HANDLE = "88.900.1/杯/../x?#%"
TARGET = "/api/handles/88.900.1%2F%E6%9D%AF%2F..%2Fx%3F%23%25"


class ScriptedHttp:
    """Answers each request with the next raw bytes, or closes when there are none; keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.requests: list[tuple[str, dict, bytes]] = []
        self.close_after = False
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait()

    def _run(self, ready):
        asyncio.set_event_loop(self._loop)
        self._writers = set()
        listener = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        ready.set()
        self._loop.run_forever()
        listener.close()
        for writer in self._writers:
            writer.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((first, headers, body))
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                writer.write(answer)
                if self.close_after:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def http(status, body, content_type="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture
def server():
    scripted = ScriptedHttp()
    yield scripted
    scripted.close()


class Blocking:
    def run(self, base, scenario, **settings):
        with web_blocking.Client(base, ADMIN, **settings) as client:
            found = scenario(client)
            return list(found) if hasattr(found, "__next__") else found


class Asyncio:
    def run(self, base, scenario, **settings):
        async def go():
            async with web.Client(base, ADMIN, **settings) as client:
                found = scenario(client)
                if hasattr(found, "__aiter__"):
                    return [page async for page in found]
                return await found

        return asyncio.run(go())


@pytest.fixture(params=[Blocking(), Asyncio()], ids=["blocking", "asyncio"])
def client(request):
    return request.param


def test_getting_a_record(server, client):
    server.answers = [http(200, {"responseCode": 1, "handle": HANDLE, "values": [to_json(URL)]})]
    answer = client.run(
        server.base, lambda c: c.get(HANDLE, indexes=(1, 2), types=("URL", "备 注"))
    )
    assert answer.values == (URL,)
    assert answer.transport is Transport.HTTP
    assert answer.handle == HANDLE.encode()
    first, headers, _ = server.requests[0]
    assert first == f"GET {TARGET}?index=1&index=2&type=URL&type=%E5%A4%87%20%E6%B3%A8 HTTP/1.1"
    expected = base64.b64encode(b"301%3A0.NA/88.900.1:idnode-demo").decode()
    assert headers["authorization"] == f"Basic {expected}"


@pytest.mark.parametrize(
    ("call", "first_line", "body"),
    [
        (
            lambda c: c.create(HANDLE, [URL]),
            f"PUT {TARGET}?overwrite=false",
            {"values": [to_json(URL)]},
        ),
        (
            lambda c: c.put_values(HANDLE, [URL]),
            f"PUT {TARGET}?index=various&overwrite=true",
            {"values": [to_json(URL)]},
        ),
        (lambda c: c.delete(HANDLE), f"DELETE {TARGET}", None),
        (lambda c: c.delete_values(HANDLE, [2, 3]), f"DELETE {TARGET}?index=2&index=3", None),
    ],
)
def test_writing(server, client, call, first_line, body):
    server.answers = [http(201, {"responseCode": 1, "handle": HANDLE})]
    assert client.run(server.base, call) == Written(HANDLE, created=True)
    first, _, sent = server.requests[0]
    assert first == f"{first_line} HTTP/1.1"
    assert (json.loads(sent) if sent else None) == body


def test_listing_page_by_page(server, client):
    def page(handles):
        return http(200, {"responseCode": 1, "prefix": "p", "totalCount": "3", "handles": handles})

    server.answers = [page(["p/A", "p/B"]), page(["p/C"])]
    pages = client.run(server.base, lambda c: c.pages("p", page_size=2))
    assert list(pages) == [HandlesPage(("p/A", "p/B"), 3), HandlesPage(("p/C",), 3)]
    assert [first.split()[1] for first, _, _ in server.requests] == [
        f"/api/handles?prefix=p&page={number}&pageSize=2" for number in (0, 1)
    ]


def test_a_batch_in_msgpack(server, client):
    failures = [{"position": 1, "code": 101, "message": "exists", "handle": "x/2"}]
    server.answers = [http(200, {"accepted": 1, "failed": 1, "failures": failures})]
    items = [bulk.item("x/1", [URL]), bulk.item("x/2", [URL])]
    result = client.run(server.base, lambda c: c.batch(items, overwrite=True))
    assert result == bulk.BatchResult(1, (bulk.FailedItem(1, 101, "exists"),))
    first, headers, body = server.requests[0]
    assert first == "POST /api/v1/identifiers/batch?overwrite=true HTTP/1.1"
    assert headers["content-type"] == "application/msgpack"
    assert msgpack.unpackb(body)[0] == ["x/1", [[1, "URL", URL.data, 86400]]]


def test_a_refused_batch(server, client):
    server.answers = [http(503, {"responseCode": 3, "message": "later"})]
    with pytest.raises(ServerBusy):
        client.run(server.base, lambda c: c.batch([]))


def test_resolving_many(server, client):
    records = [
        {"handle": "x/1", "values": [[1, "URL", URL.data, 86400, 0], [2, "D", b"\xff", "2030-01-01T00:00:00Z", 5]]},
        {"handle": "x/2", "values": None, "code": 100, "message": "none"},
    ]  # fmt: skip
    server.answers = [http(200, msgpack.packb({"records": records}), "application/msgpack")]
    found, missing = client.run(server.base, lambda c: c.resolve_many(["x/1", "x/2"]))
    assert found.values[0] == URL
    assert found.values[1] == HandleValue(2, "D", b"\xff", 1893456000, 1, timestamp=5)
    assert (missing.response_code, missing.message) == (100, "none")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(404, {"responseCode": 100, "handle": "x"}), HandleNotFound),
        (http(409, {"responseCode": 101}), HandleExists),
        (http(401, b""), AuthenticationFailed),
        (http(502, b"<html>", "text/html"), MalformedAnswer),
        (http(200, [1]), MalformedAnswer),
        (http(200, {"responseCode": "1"}), MalformedAnswer),
        (http(200, {"responseCode": 1, "values": [{"index": 0}]}), MalformedAnswer),
        (b"SSH-2.0-OpenSSH\r\n\r\n", MalformedAnswer),
        (http(200, {"responseCode": 1, "values": []})[:-4], ConnectionLost),
    ],
)
def test_what_goes_wrong_has_its_class(server, client, answer, error):
    server.answers, server.close_after = [answer], True
    with pytest.raises(error):
        client.run(server.base, lambda c: c.get("x/y"))


def test_a_connection_lost_under_a_write_is_not_tried_again(server, client):
    with pytest.raises(ConnectionLost):
        client.run(server.base, lambda c: c.create("x/y", [URL]))
    assert len(server.requests) == 1


def test_silence_is_a_time_out(server, client):
    server.answers = [b""]
    with pytest.raises(TimedOut):
        client.run(server.base, lambda c: c.get("x/y"), timeout_seconds=0.1)


def test_a_closed_port_is_a_failed_connection(client):
    with pytest.raises(ConnectionFailed):
        client.run("http://127.0.0.1:1", lambda c: c.get("x/y"))


def test_the_blocking_client_replaces_a_connection_that_was_closed_while_idle(server):
    ok = http(200, {"responseCode": 1, "values": []})
    server.answers, server.close_after = [ok, ok], True
    with web_blocking.Client(server.base) as one:
        one.get("x/y")
        one.get("x/y")
    assert len(server.requests) == 2


def test_deleting_no_values_is_refused_before_it_deletes_the_record(server, client):
    with pytest.raises(ValueError, match="at least one"):
        client.run(server.base, lambda c: c.delete_values("x/y", []))
    assert server.requests == []


def test_secrets_are_in_no_representation():
    assert "idnode-demo" not in repr(ADMIN)


@pytest.mark.parametrize(
    "value",
    [
        URL,
        HandleValue(2, "X", b"\xff\x00", 60, 0, 0x0C, 0, (Reference("a/b", 3),)),
        HandleValue(3, "Y", b"", 1893456000, 1),
    ],
)
def test_values_survive_json(value):
    assert from_json(json.loads(json.dumps([to_json(value)]))) == (value,)


def test_a_value_that_no_item_can_say_is_refused():
    with pytest.raises(ValueError, match="permissions"):
        bulk.item("x/y", [HandleValue(1, "X", b"", permissions=0x0C)])


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["responseCode", "values", "index", "type", "data", "format", "value", "ttl",
             "handles", "totalCount", "accepted", "failures", "position", "code", "records"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
CALLS = [
    web_requests.resolution(Question(b"x/y")),
    web_requests.deletion(b"x/y"),
    web_requests.listing("x", page=0, page_size=1),
    bulk.batch([]),
    bulk.resolution([b"x/y"]),
]


@given(
    found=json_like,
    status=st.sampled_from([200, 201, 400, 401, 404, 500]),
    call=st.sampled_from(CALLS),
    encode=st.sampled_from(
        [lambda f: json.dumps(f).encode(), lambda f: repr(f).encode(errors="replace")]
    ),
)
def test_any_body_is_a_result_or_a_documented_error(found, status, call, encode):
    with suppress(ClientError):
        call.read(HttpResponse(status, encode(found)))


@given(body=st.binary(max_size=60), call=st.sampled_from(CALLS))
def test_any_bytes_are_a_result_or_a_documented_error(body, call):
    with suppress(ClientError):
        call.read(HttpResponse(200, body))
