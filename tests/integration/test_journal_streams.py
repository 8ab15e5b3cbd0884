"""Live streams of the journal give up their places.

- Readers that have gone hold none, though no entry comes that would show it, whichever kind of stream they read.
"""

import aiohttp
import pytest
import pytest_asyncio

from idnode.node.addresses import url_of
from idnode.node.ops import journal

pytestmark = pytest.mark.timeout(60)


@pytest_asyncio.fixture
async def session(node):
    async with aiohttp.ClientSession(url_of(node.addresses.admin)) as found:
        yield found


@pytest.mark.parametrize("query", ["", "?most=100"])
async def test_readers_that_have_gone_hold_no_place(session, query, monkeypatch):
    monkeypatch.setattr(journal, "PING_SECONDS", 0.05)
    url = f"/api/v1/journal/stream{query}"
    readers = [await session.get(url) for _ in range(journal.STREAMS_MAX)]
    assert [reader.status for reader in readers] == [200] * journal.STREAMS_MAX
    async with session.get(url) as one_more:
        assert one_more.status == 503
    for reader in readers:
        reader.close()
    status = 503
    while status == 503:  # until the next look at each of them
        async with session.get(url) as again:
            status = again.status
    assert status == 200
