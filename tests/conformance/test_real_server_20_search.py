"""pyhandle 1.5.0 finds handles by their values where reverse look-up is switched on.

Promises: its search takes patterns, restricts by prefix and by several keys; a wrong secret, and a node without
the setting, give its own errors.
"""

import asyncio

import pytest
from pyhandle.client.resthandleclient import RESTHandleClient
from pyhandle.handleexceptions import ReverseLookupException

from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings

USER = "301:0.NA/88.900.1"


@pytest.fixture
async def url(tmp_path, request):
    settings = Settings(
        data_dir=tmp_path,
        handle_port=0,
        http_port=0,
        admin_port=0,
        durability="none",
        reverse_lookup=request.param,
    )
    node = Node(settings, seed=1)
    await node.start()
    yield url_of(node.addresses.http)
    await node.stop()


def _search(url, secret="idnode-demo", **keys):
    client = RESTHandleClient.instantiate_for_read_and_search(
        url, USER, secret, allowed_search_keys=[]
    )
    return client.search_handle(**keys)


@pytest.mark.parametrize("url", [True], indirect=True)
async def test_it_finds_what_matches(url):
    def life():
        assert _search(url, URL="*EXAMPLE.org*") == ["88.900.1/hello"]
        assert _search(url, URL="https://example.org/hello") == ["88.900.1/hello"]
        assert _search(url, URL="*example.org*", DESC="*工业*") == ["88.900.1/hello"]
        assert _search(url, URL="*example.org*", DESC="nothing") == []
        assert _search(url, URL="*", prefix="88.900.2") == []
        assert _search(url, URL="example.org") == []
        with pytest.raises(ReverseLookupException, match="Authentication failed"):
            _search(url, "wrong", URL="*")

    await asyncio.to_thread(life)


@pytest.mark.parametrize("url", [False], indirect=True)
async def test_it_is_off_unless_switched_on(url):
    with pytest.raises(ReverseLookupException):
        await asyncio.to_thread(_search, url, URL="*")
