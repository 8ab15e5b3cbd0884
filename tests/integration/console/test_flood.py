"""A flood of entries leaves the journal's page with 200 rows and at its ease; it says how many it does not show."""

import asyncio

import pytest
from tests.integration.console.conftest import CHROMIUM

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]


async def test_a_flood_leaves_the_page_at_its_ease(look, node):
    ring = node.observation.journal.ring
    async with look() as seen:
        page = seen.page
        async with page.expect_response(lambda answer: "journal/stream" in answer.url):
            await seen.open("journal")
        entry = next(iter(ring))
        for _ in range(200):
            for _ in range(100):
                ring.add(entry)
            await asyncio.sleep(0)
        await page.locator("#counts", has_text="not shown live").wait_for()
        assert await page.locator("#rows tr").count() <= 200
        await page.locator("#pause").click()
        assert await page.locator("#pause").inner_text() == "Go on"
