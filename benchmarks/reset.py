"""How long a reset takes: of a node with so many written identifiers, to its first start and to a named state.

``python -m benchmarks.reset [IDENTIFIERS]`` starts a node in a folder of its own and prints medians of several resets.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from idnode.node.ops.states import FIRST_START
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.values import pack
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import Create

IDENTIFIERS: Final = 100_000
RESETS: Final = 5
VALUE: Final = pack([HandleValue(1, "URL", b"https://example.org/" + b"x" * 480)])


async def _write(node: Node, count: int) -> None:
    for start in range(0, count, BATCH_ITEMS_MAX):
        numbers = range(start, min(count, start + BATCH_ITEMS_MAX))
        await node.register.submit(
            [Create(b"88.900.1/%08d" % number, VALUE, overwrite=True) for number in numbers]
        )


async def _measure(count: int, folder: Path) -> None:
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    settings = Settings(data_dir=folder, allow_reset=True, **free)
    node = Node(settings, seed=1)
    await node.start()
    try:
        assert node.states is not None
        times: dict[str, list[float]] = {}
        await _write(node, count)
        await node.states.save("full")
        for _ in range(RESETS):
            await _write(node, count)
            times.setdefault("to the first start", []).append(await node.states.load(FIRST_START))
            await _write(node, count)
            times.setdefault(f"to {count} identifiers", []).append(await node.states.load("full"))
        for what, seconds in times.items():
            median, most = statistics.median(seconds) * 1000, max(seconds) * 1000
            print(f"{count} written, reset {what}: median {median:.1f} ms, most {most:.1f} ms")
    finally:
        await node.stop()


def main() -> None:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else IDENTIFIERS
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(count, Path(folder)))


if __name__ == "__main__":
    main()
