"""Work that would stall the event loop: proofs, signatures, key agreements.

It runs in few threads that give way to others, behind a bounded queue, so that a crowd that logs in with costly
proofs takes little from resolution but processor time that is left over; who comes when the queue is full is told
to come again.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from idnode.node.service.errors import NodeBusy
from idnode.registry.priority import give_way

if TYPE_CHECKING:
    from collections.abc import Callable

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

WAITING_MAX: Final = 512
"""Most pieces of work that wait or run; at some milliseconds each, the last one waits about two seconds."""

THREADS_MAX: Final = 4


class Offload:
    """A few threads and the queue in front of them; one processor is left to everything else."""

    def __init__(self, *, waiting_max: int = WAITING_MAX) -> None:
        threads = min(max((os.cpu_count() or 1) - 1, 1), THREADS_MAX)
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix="offload", initializer=give_way
        )
        self._waiting_max = waiting_max
        self.waiting = 0

    async def run(
        self,
        work: Callable[_Arguments, _Result],
        *arguments: _Arguments.args,
        **keywords: _Arguments.kwargs,
    ) -> _Result:
        """Return what ``work`` returns, or raise what it raises.

        Raises:
            NodeBusy: Too much waits already; nothing was done.

        """
        if self.waiting >= self._waiting_max:
            raise NodeBusy("Too many proofs wait to be checked")
        self.waiting += 1
        try:
            return await asyncio.wrap_future(self._executor.submit(work, *arguments, **keywords))
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Take no more work; what runs is finished."""
        self._executor.shutdown(wait=True, cancel_futures=True)
