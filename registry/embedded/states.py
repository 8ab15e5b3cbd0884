"""States of an embedded register: keep what it holds in a folder, and have that again later.

A state is links to the log's segments, sealed for it, with a manifest, and the image of the contents at that time.
It takes no room of its own but the image's ten bytes an identifier, whatever is written or compacted later.

To return to it, the log goes on behind those segments, and the contents, loaded beside the present ones, replace
them in place, in one step for whoever reads. The log's manifest is what decides after a crash.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from threading import Thread
from typing import Final

from idnode.registry.embedded import image
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.recovery import replay
from idnode.registry.embedded.storage.disk import DISK, sync_folder
from idnode.registry.embedded.storage.kept import keep, kept_in
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.writer import RegisterWriter
from idnode.registry.errors import LogDamaged

FREE_SECONDS: Final = 1.0
"""Time after which the bytes of what a return gave up are freed, in a thread of their own."""

_logger: Final = logging.getLogger(__name__)


class EmbeddedStates:
    """Keeps and restores states; ``empty`` makes contents to be filled, ``resting`` holds compaction back."""

    def __init__(  # noqa: PLR0913  # the parts of one register, by name
        self,
        log: Log,
        contents: Contents,
        writer: RegisterWriter,
        *,
        empty: Callable[[], Contents],
        resting: Callable[[], AbstractAsyncContextManager[None]],
        before_change: Callable[[], None],
    ) -> None:
        self._log = log
        self._contents = contents
        self._writer = writer
        self._empty = empty
        self._resting = resting
        self._before_change = before_change

    async def save(self, folder: Path) -> None:
        """Keep the present state in an empty (or new) folder; see `States.save`."""
        await self._alone(lambda: self._writer.call(lambda: self._save(folder)))

    def _save(self, folder: Path) -> None:
        """Keep everything logged, all of which is applied; runs in the writer's thread."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FileExistsError(f"{folder} is not empty")
        self._before_change()
        keep(self._log, folder)
        image.save(folder, self._contents, self._log.mark())
        sync_folder(DISK, folder.parent)

    async def restore(self, folder: Path) -> None:
        """Return to the state that a folder holds; see `States.restore`."""
        await self._alone(lambda: self._restore(folder))

    async def _alone(self, turn: Callable[[], Awaitable[None]]) -> None:
        async with self._resting():
            await self._writer.alone(turn)

    async def _restore(self, folder: Path) -> None:
        before = self._contents.prefix_handles()
        found, held = await self._writer.call(lambda: self._turn_back(folder))
        self._contents.take_over(found)
        after = self._contents.prefix_handles()
        changed = [key for key in before | after if before.get(key) != after.get(key)]
        self._contents.notify(changed)
        await self._writer.call(self._log.release)
        # Later, because a file system that frees much lets nobody sync meanwhile.
        asyncio.get_running_loop().call_later(FREE_SECONDS, _free, held)

    def _turn_back(self, folder: Path) -> tuple[Contents, list[int]]:
        """Have the log go on behind the state; runs in the writer's thread.

        Returns the contents, and descriptors of what is given up.
        """
        kept = kept_in(folder, self._log)
        found = self._from_image(folder)
        self._before_change()
        held = self._log.turn_back(kept, folder)
        if found is None:
            found = self._empty()
            replay(self._log, found, None)
        return found, held

    def _from_image(self, folder: Path) -> Contents | None:
        found = self._empty()
        try:
            return found if image.load(folder, found) is not None else None
        except LogDamaged as error:  # another core has written it, for example
            _logger.warning("the state's image is of no use, reading its log: %s", error)
            return None


def _free(descriptors: list[int]) -> None:
    Thread(target=_close, args=(descriptors,), name="register free", daemon=True).start()


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        DISK.close(descriptor)
