"""The process around what is served: its event loop, its signals, its limits."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from idnode.node import open_files
from idnode.node.build import lost
from idnode.node.defaults import SettingsRefused
from idnode.node.ops import logs
from idnode.node.settings import Settings
from idnode.registry.handle.errors import RegistryError

try:
    import uvloop
except ImportError:  # where it does not exist, asyncio's own loop serves
    _new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_event_loop = uvloop.new_event_loop

_log = logging.getLogger(__name__)


def run_process(
    settings: Settings, serve: Callable[[logs.Folding], Coroutine[Any, Any, None]]
) -> None:
    """Run what serves until it returns, with the limits and the log that a node wants."""
    open_files.raise_limit()
    os.umask(0o077)  # what a node writes down is for its owner only
    folding = logs.configure(settings.log_format, settings.log_level)
    if (loss := lost()) is not None:
        _log.warning(loss)
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        runner.run(serve(folding))


def stop_at_signals() -> asyncio.Event:
    """Return an event that the first SIGTERM or SIGINT sets; the second ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def signalled(number: int) -> None:
        if stop.is_set():
            _log.warning("stopping at once, on a second signal")
            logging.shutdown()
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled, number)
    return stop


@contextmanager
def renewing_at_signal(renew: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Have the certificate read anew at SIGHUP while the block lasts, and say what became of it."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()

    async def work() -> None:
        try:
            await renew()
        except (SettingsRefused, RegistryError, OSError) as error:
            _log.error("SIGHUP: the certificate stays as it was: %s", error)  # said
        else:
            _log.info("SIGHUP: the certificate was read anew")

    def signalled() -> None:
        task = loop.create_task(work())
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    loop.add_signal_handler(signal.SIGHUP, signalled)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
