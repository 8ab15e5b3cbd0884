"""A stream of the journal that was asked for at most so many entries a second sends lists, and counts what it left out."""

import json

import aiohttp
import pytest

from idnode.clients import aio
from idnode.clients.errors import ClientError
from idnode.node.addresses import url_of

FLOOD = 500


async def test_a_stream_of_at_most_so_many_counts_what_it_left_out(node):
    ring = node.observation.journal.ring
    asked = {"most": 200, "refused": "true"}
    async with (
        aiohttp.ClientSession(url_of(node.addresses.admin)) as session,
        session.get("/api/v1/journal/stream", params=asked) as answer,
    ):
        async with aio.Client(node.addresses.handle_tcp) as client:
            with pytest.raises(ClientError):
                await client.resolve("88.900.1/hallo")
        entry = ring.get(str(ring.last_number))
        for _ in range(FLOOD):
            ring.add(entry)
        shown = left_out = events = 0
        while shown + left_out <= FLOOD:
            line = await answer.content.readline()
            if line.startswith(b"data:"):
                found = json.loads(line.removeprefix(b"data:"))
                assert len(found["items"]) <= 200
                shown += len(found["items"])
                left_out += found["left_out"]
                events += 1
        assert shown + left_out == FLOOD + 1
        assert shown < FLOOD / 2
        assert events < shown
