"""An HTTP port beyond its capacity keeps these promises.

- Whoever waited too long gets 503 with Retry-After and the code SERVER_BUSY, in JSON, parsed or not; it is counted, and the
  connection goes on.
- Whoever did not wait is answered; when nobody has waited for an interval, everybody is.
- What is not one plain GET beyond doubt is never refused unparsed: no half of a request, no body, no second one.
"""

import pytest

from idnode.node.faces.http.app import SHEDDING
from idnode.node.faces.http.shedding import Shedding
from idnode.node.service.events import NullObserver
from idnode.node.service.overload import Overload, Patience


class Waits:
    """Turns in which everything waits for as long as it is told."""

    seconds = 0.0
    now = 100.0

    def elapsed(self):
        return self.now

    def spares(self):
        return False

    def waited(self, now):
        return self.seconds


@pytest.fixture
def waits(client):
    """Return the waiting at a node that refuses at once what waits for over a second."""
    made, shedding = Waits(), client.server.app[SHEDDING]
    shedding.turns, shedding.overload = made, Overload(Patience(1.0, 0.0))
    return made


@pytest.fixture
def shedding():
    return Shedding(Waits(), Overload(), NullObserver())


async def test_whoever_waited_too_long_is_refused_and_may_ask_again(client, waits, house):
    assert (await client.get("/api/handles/88.900/absent")).status == 404
    waits.seconds = 2.0
    for method, headers in (("get", {}), ("post", {}), ("get", {"Origin": "http://a.example"})):
        answer = await getattr(client, method)("/api/handles/88.900/absent", headers=headers)
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert (await answer.json())["responseCode"] == 3
    assert client.server.app[SHEDDING].overload.shed == 3
    assert [code for _, code, _ in house.observer.answers].count(3) == 3
    waits.seconds = 0.0
    assert (await client.get("/api/handles/88.900/absent")).status == 404


GET = b"GET /api/handles/88.900.1/a HTTP/1.1\r\nHost: a\r\n"


def test_one_plain_get_is_refused_unparsed(shedding):
    found = shedding.at_once(GET + b"Connection: keep-alive\r\n\r\n", 2.0)
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"Content-Length: %d" % len(body) in head
    assert shedding.overload.shed == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GET,
        GET + b"\r\n" + GET + b"\r\n",
        GET + b"Content-Length: 4\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\n\r\n",
        GET + b"connection: Close\r\n\r\n",
        GET + b"Expect: 100-continue\r\n\r\n",
        GET.replace(b"GET", b"POST") + b"\r\n",
        GET.replace(b"/1.1", b"/1.0") + b"\r\n",
        GET + b"\r\nbody",
    ],
)
def test_anything_else_is_parsed_first(shedding, data):
    assert shedding.at_once(data, 2.0) == b""
    assert shedding.overload.shed == 0
