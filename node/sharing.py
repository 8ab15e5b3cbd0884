"""Brings what all nodes on one register sign with into the data directory of each, and into the register.

Keys are files, as they are on a node of its own. The first node that starts makes them and shares them; every later
one takes those. A node starts while no other one does, so there is one first.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final

from idnode.node.first_start.key_pairs import write_whole
from idnode.node.waiting import once_there

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from idnode.registry.register import Shared

_PRIVATE: Final = 0o600
_OF_ONE_NODE: Final = "https."
"""Begins the names of files about a node's own addresses."""


@asynccontextmanager
async def started_together(shared: Shared | None, keys: Path) -> AsyncIterator[None]:
    """Have a node start with the keys of the others, if there may be others.

    Raises:
        RegisterUnavailable: The register cannot be reached.
        OSError: The keys cannot be read or written.

    """
    if shared is None:
        yield
        return
    async with AsyncExitStack() as alone:
        starting = shared.starting
        await once_there(
            "other nodes to have started", lambda: alone.enter_async_context(starting())
        )
        found = await shared.files()
        await asyncio.to_thread(_write, keys, found)
        yield
        made = await asyncio.to_thread(_read, keys)
        await shared.keep({name: data for name, data in made.items() if name not in found})


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        path = folder / name
        if path.parent == folder and not (path.is_file() and path.read_bytes() == data):
            write_whole(path, data, _PRIVATE)


def _read(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in (*folder.glob("*.pem"), *folder.glob("*.key"))
        if not path.name.startswith(_OF_ONE_NODE)
    }
