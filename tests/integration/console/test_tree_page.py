"""The page of a tree, at the root of its management port.

- It shows the picture and each node with its state, in both languages, without a complaint; axe finds nothing; it fits a phone.
- A node's own pages are reached from it, ask that node, and lead back.
- A node is stopped and started there; programs still get JSON.
"""

import shutil

import aiohttp
import pytest
import pytest_asyncio
from tests.integration.console.conftest import AXE, CHROMIUM, PHONE, Looking

from idnode.node.addresses import url_of
from idnode.node.settings import Settings
from idnode.node.tree.topology import Topology
from idnode.node.tree.up import running_tree

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

NODES = (
    {"name": "top", "role": "national", "prefix": "88", "title": "示例国家顶级节点"},
    {"name": "equipment", "role": "secondary", "prefix": "88.912"},
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tree(tmp_path_factory, made_keys):
    folder = tmp_path_factory.mktemp("tree")
    topology = Topology(name="Suzhou", admin_port=0, node=NODES)
    for node in topology.node:
        shutil.copytree(made_keys, folder / "nodes" / node.name / "keys")
    base = Settings(data_dir=folder, durability="none", ready_file=folder / "ready.json")
    base = base.model_copy(update={"shed_delay": 0})  # the browser's steering shares the loop
    async with running_tree(topology, base, seed=1) as (_tree, admin):
        yield url_of(admin)


async def test_the_tree_is_shown_and_leads_to_its_nodes(tree, browser):
    for locale, title in (("en-US", "Tree"), ("zh-CN", "节点树")):
        context = await browser.new_context(locale=locale, viewport=PHONE)
        seen = Looking(await context.new_page(), tree)
        await seen.open()
        await seen.page.locator("#nodes tr", has_text="equipment").wait_for()
        assert await seen.page.locator("h1").inner_text() == title
        assert await seen.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert await seen.page.locator("#picture").evaluate(
            "(image) => image.decode().then(() => image.naturalWidth > 0)"
        )
        await seen.page.evaluate(AXE.read_text(encoding="utf-8"))
        assert (
            await seen.page.evaluate("async () => (await axe.run()).violations.map(({ id }) => id)")
            == []
        )
        await seen.page.get_by_role("link", name="equipment").click()
        await seen.page.locator("#addresses").get_by_text("http://").first.wait_for()
        assert "88.912" in await seen.page.locator("#credentials").inner_text()
        await seen.page.get_by_role("link", name=title, exact=True).click()
        await seen.page.locator("#nodes tr").first.wait_for()
        assert (seen.complaints, seen.elsewhere) == ([], [])
        await context.close()


async def test_a_node_is_stopped_and_started(tree, browser):
    context = await browser.new_context(locale="en-US")
    page = await context.new_page()
    await page.goto(tree)
    for change, state in (("Stop", "Stopped"), ("Start", "Ready")):
        await page.get_by_role("button", name=f"{change} equipment").click()
        await page.locator("#nodes tr", has_text="equipment").get_by_text(state).wait_for()
    await context.close()
    async with aiohttp.ClientSession(tree) as session, session.get("/") as answer:
        assert "/tree" in (await answer.json())["paths"]
