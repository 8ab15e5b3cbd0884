"""A node with something to show, and a browser that looks at it: it reports whatever a page complains about."""

import asyncio
import contextlib
import importlib.util
import shutil
from pathlib import Path

import axe_core_python
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from idnode.node.addresses import told
from idnode.node.runtime import Node
from idnode.node.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(axe_core_python.__file__).with_name("axe.min.js")
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


def _life():
    """Return the module that gives a node something to show, as pictures of the console have it."""
    path = Path(__file__).parents[3] / "deploy/screenshots/life.py"
    spec = importlib.util.spec_from_file_location("life", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory):
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("console"),
        durability="none",
        handle_port=0,
        http_port=0,
        admin_port=0,
        allow_reset=True,
        auto_approve=False,
        drain_timeout=0.1,
    )
    started = Node(settings, seed=1)
    await started.start()
    await asyncio.to_thread(_life().live, told(started.addresses))
    yield started
    await started.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        await running.close()


class Looking:
    """A page of the console, with all that it complained about and every host that it asked."""

    def __init__(self, page, base):
        self.page = page
        self.base = base
        self.complaints = []
        self.asked = set()
        self.clicks = 0
        page.on(
            "console", lambda said: said.type in {"error", "warning"} and self.complain(said.text)
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.add(request.url))

    def complain(self, text):
        self.complaints.append(text)

    async def open(self, path=""):
        await self.page.goto(f"{self.base}/{path}")

    async def click(self, locator):
        """Click as a person does, and count it."""
        self.clicks += 1
        await locator.click()

    @property
    def elsewhere(self):
        """What was asked of anybody but the management port."""
        return [url for url in self.asked if not url.startswith((f"{self.base}/", "data:"))]


@pytest.fixture
def look(node, browser):
    """Return a context with a fresh page in a language, of a width; it ends without a complaint, or fails."""

    @contextlib.asynccontextmanager
    async def looking(language="en-US", viewport=DESK):
        context = await browser.new_context(locale=language, viewport=viewport)
        context.set_default_timeout(15_000)
        try:
            seen = Looking(await context.new_page(), told(node.addresses)["admin"])
            yield seen
            assert seen.complaints == []
            assert seen.elsewhere == []
        finally:
            await context.close()

    return looking
