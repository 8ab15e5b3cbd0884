"""A request that misses records is handled again once they are here, whatever the face.

* Its handler is called again, and its answer is the answer.
* A body that was read already cannot be read again: that is the handler's fault, and answered as such.
"""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from idnode.node.faces.handle_json.routes import Route
from idnode.node.faces.http.app import add_routes
from idnode.registry.errors import HandleNotFound
from idnode.registry.fetching import NotFetched


@pytest.fixture
async def client():
    called = []

    async def prefetch(_handles):
        called.append("fetched")

    async def look_up(request):
        called.append(request.method)
        if request.query.get("read"):
            await request.read()
        if "fetched" not in called:
            raise NotFetched([b"x"], prefetch)
        if request.query.get("refuse"):
            raise HandleNotFound
        return web.json_response(called)

    app = web.Application()
    add_routes(app, [Route("GET", "/x", look_up), Route("POST", "/x", look_up)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_request_is_handled_again(client):
    async with client.get("/x") as response:
        assert await response.json() == ["GET", "fetched", "GET"]


async def test_what_it_raises_then_is_answered(client):
    async with client.get("/x", params={"refuse": "1"}) as response:
        assert (response.status, (await response.json())["responseCode"]) == (404, 100)


async def test_a_body_that_was_not_read_is_there_for_the_second_time(client):
    async with client.post("/x", data=b"body") as response:
        assert await response.json() == ["POST", "fetched", "POST"]


async def test_a_body_that_was_read_is_not_handled_again(client):
    async with client.post("/x", params={"read": "1"}, data=b"body") as response:
        assert (response.status, (await response.json())["responseCode"]) == (500, 2)
