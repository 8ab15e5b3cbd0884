"""A headless Chromium, steered over its own protocol."""

import asyncio
import contextlib
import itertools
import re
import shutil

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_SECONDS = 60

UNTIL = """new Promise((resolve) => {
  const found = () => { try { return (%s); } catch { return null; } };
  const look = () => { const it = found(); if (it) { watch.disconnect(); resolve(typeof it === "object" ? true : it); } };
  const watch = new MutationObserver(look);
  watch.observe(document, {childList: true, subtree: true, attributes: true, characterData: true});
  look();
})"""


class Tab:
    """One page; collects what the console complains about."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting = {}
        self._loaded = asyncio.Event()
        self.complaints = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        async for message in self._socket:
            found = message.json()
            if "id" in found:
                self._waiting.pop(found["id"]).set_result(found)
            elif found["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif found["method"] == "Log.entryAdded":
                entry = found["params"]["entry"]
                if entry["level"] == "error":
                    self.complaints.append(entry["text"])
            elif found["method"] == "Runtime.exceptionThrown":
                self.complaints.append(found["params"]["exceptionDetails"]["text"])

    async def do(self, method, **parameters):
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        found = await asyncio.wait_for(answer, PATIENCE_SECONDS)
        assert "error" not in found, found
        return found["result"]

    async def open(self, url):
        for domain in ("Page", "Runtime", "Log"):
            await self.do(f"{domain}.enable")
        self._loaded.clear()
        await self.do("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE_SECONDS)

    async def run(self, script):
        """Return what a script, or its promise, comes to."""
        found = await self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression):
        """Return what an expression is once it is true."""
        return await self.run(UNTIL % expression)


@contextlib.asynccontextmanager
async def tab(folder):
    """Start a browser with its files in a folder, and open a page in it."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *flags, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank",
        stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port = None
        while port is None:
            line = await asyncio.wait_for(process.stderr.readline(), PATIENCE_SECONDS)
            port = re.search(rb"ws://127\.0\.0\.1:(\d+)/", line)
            assert line, "the browser ended"
        draining = asyncio.create_task(_drain(process.stderr))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{int(port[1])}") as session:
            async with session.get("/json/list") as answer:
                pages = [each for each in await answer.json() if each["type"] == "page"]
            async with session.ws_connect(
                pages[0]["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                yield Tab(socket)
        draining.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _drain(stream):
    while await stream.read(65536):
        pass
