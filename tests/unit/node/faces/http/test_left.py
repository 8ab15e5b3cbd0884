"""A client that leaves while it is answered is nobody's fault.

* What writing to it raises is not logged as a failure, and not counted as one.
* Any other error of the handler is.
"""

import logging

import pytest
from aiohttp import ClientConnectionResetError, web
from aiohttp.test_utils import TestClient, TestServer

from idnode.node.faces.handle_json.routes import Route
from idnode.node.faces.http.app import add_routes


class Counting:
    """Counts what nobody planned."""

    def __init__(self):
        self.count = 0

    def answered(self, *_told):
        self.count += 1


@pytest.mark.parametrize(
    ("error", "unplanned"),
    [
        (ClientConnectionResetError("Cannot write to closing transport"), 0),
        (ConnectionResetError("a database is away"), 1),
        (ValueError("a fault of ours"), 1),
    ],
)
async def test_a_client_that_left_is_no_failure(caplog, error, unplanned):
    async def stream(_request):
        raise error

    observer, app = Counting(), web.Application()
    add_routes(app, [Route("GET", "/x", stream)], observer)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/x")).status in {400, 500}
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert (observer.count, len(errors)) == (unplanned, unplanned)
