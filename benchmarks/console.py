"""Measures what the console's journal page costs a node to whose journal 10,000 entries come each second.

``python -m benchmarks.console [TURNS]`` has a node in a process of its own add entries at that rate and do nothing else. In
turns nobody looks, somebody reads the stream that the page reads, and the page itself is open in Chromium. Printed is
the share of one core that the node used, by medians, and by how much more it is than in the turn before in which nobody
looked: that share is what is missing for answers, which have one core. A node that is busy with answers would tell the
same less clearly, since browser, generator and node then compete for the cores.

The page's own figure is how long it stood still at most: the longest time between two of its frames.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from socket import SHUT_RDWR
from threading import Thread
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from benchmarks.machine import scheduled_seconds
from benchmarks.node_process import connected
from idnode.node.addresses import told
from idnode.node.runtime import Node
from idnode.node.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ENTRIES_A_SECOND: Final = 10_000
TURNS: Final = 9
TURN_SECONDS: Final = 3

_REFUSED: Final = "88.900.1/refused"
_SHOWN_A_SECOND: Final = 200
_PAUSE_SECONDS: Final = 0.01
_FRAMES: Final = """() => {
  window.longest = 0;
  let last = performance.now();
  const frame = (now) => {
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
"""JavaScript that keeps the longest time between two frames, in milliseconds."""


async def serve(folder: Path) -> None:
    """Run the node, say where on standard output, and add entries until somebody ends the process."""
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    node = Node(Settings(data_dir=folder / "data", durability="none", **free), seed=1)
    await node.start()
    addresses = told(node.addresses)
    await asyncio.to_thread(_be_refused, str(addresses["http"]))
    print(json.dumps(addresses), flush=True)
    ring = node.observation.journal.ring
    (entry,) = ring
    loop = asyncio.get_running_loop()
    began, added = loop.time(), 0
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        due = int((loop.time() - began) * ENTRIES_A_SECOND)
        for _ in range(due - added):
            ring.add(entry)
        added = due


def _be_refused(url: str) -> None:
    """Ask for what is not there, which is kept."""
    connection = connected(url)
    connection.request("GET", f"/api/handles/{_REFUSED}")
    connection.getresponse().read()
    connection.close()


@contextmanager
def _node(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield the node's process and the address of its management."""
    command = [sys.executable, "-m", "benchmarks.console", "--node", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield process.pid, json.loads(process.stdout.readline())["admin"]
        finally:
            process.terminate()


def _share(pid: int) -> float:
    """Return the share of one core that a process uses during a turn."""
    before, began = scheduled_seconds(pid), time.perf_counter()
    time.sleep(TURN_SECONDS)
    return (scheduled_seconds(pid) - before) / (time.perf_counter() - began)


@contextmanager
def _streaming(admin: str) -> Iterator[None]:
    """Read the stream that the page reads while the block runs."""
    connection = connected(admin)
    connection.request("GET", f"/api/v1/journal/stream?most={_SHOWN_A_SECOND}")
    with connection.getresponse() as answer:
        reader = Thread(target=lambda: all(iter(answer.readline, b"")))
        reader.start()
        yield
        assert connection.sock is not None
        connection.sock.shutdown(SHUT_RDWR)
        reader.join()
    connection.close()


def _watched(page: Page, admin: str) -> None:
    with page.expect_response(lambda answer: "journal/stream" in answer.url):
        page.goto(f"{admin}/journal")
    page.locator("#counts", has_text="not shown live").wait_for()
    page.evaluate(_FRAMES)


def main(turns: int) -> None:
    """Measure, and print."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    shares: dict[str, list[float]] = defaultdict(list)
    longest: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="idnode-bench-") as name,
        _node(Path(name)) as (pid, admin),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="en")
        for _ in range(turns):
            shares["nobody looks"].append(_share(pid))
            with _streaming(admin):
                shares["the stream is read"].append(_share(pid))
            _watched(page, admin)
            shares["the page is open"].append(_share(pid))
            longest.append(float(page.evaluate("window.longest")))
            page.goto("about:blank")
        browser.close()
    for what, found in shares.items():
        more = [looked - alone for alone, looked in zip(shares["nobody looks"], found, strict=True)]
        print(
            f"{what:<19} {statistics.median(found):6.2%} of a core, {statistics.median(more):+.2%} "
            f"({min(more):+.2%} to {max(more):+.2%})"
        )
    still = f"median {statistics.median(longest):.0f} ms, most {max(longest):.0f} ms"
    print(f"the page stood still for at most: {still}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--node"]:
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else TURNS)
