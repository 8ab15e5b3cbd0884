"""`idnode serve`: run a node until a signal stops it."""

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import Callable
from contextlib import suppress

import typer

from idnode.node import open_files
from idnode.node.addresses import write_ready_file
from idnode.node.build import core, lost
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.progress import byte_progress
from idnode.node.data_directory import KEYS
from idnode.node.exposure import check_exposure
from idnode.node.first_start.key_pairs import MadeAhead
from idnode.node.imports import imports_kept
from idnode.node.ops import logs
from idnode.node.ops.readiness_notice import ReadinessNotice
from idnode.node.settings import Loaded, Settings, notify_socket

try:
    import uvloop
except ImportError:  # where it does not exist, asyncio's own loop serves
    _new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_event_loop = uvloop.new_event_loop

_log = logging.getLogger(__name__)


def run(loaded: Loaded) -> None:
    """Run a node until SIGTERM or Ctrl-C; a second one stops it at once."""
    settings = loaded.settings
    check_exposure(settings)
    open_files.raise_limit()
    os.umask(0o077)  # what the node writes down is for its owner only
    folding = logs.configure(settings.log_format, settings.log_level)
    if (loss := lost()) is not None:
        _log.warning(loss)
    with asyncio.Runner(loop_factory=_new_event_loop) as runner:
        runner.run(_serve(settings, folding))


async def _serve(settings: Settings, folding: logs.Folding) -> None:
    keys = MadeAhead(0 if (settings.data_dir / KEYS).exists() else 2)
    with imports_kept():  # most of a start, and keys are made meanwhile
        from idnode.node.banner import banner  # noqa: PLC0415
        from idnode.node.runtime import Node  # noqa: PLC0415

    stop = _stop_at_signals()
    seed = secrets.randbits(64) if settings.seed is None else settings.seed
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
    notice = ReadinessNotice(notify_socket())
    with byte_progress("reading the log") as bar:
        node = Node(settings, seed=seed, progress=bar, make_key=keys)
        node.every_second(lambda: logs.report_folded(folding))
        node.every_second(notice.alive)
        await node.start()
    try:
        typer.echo(
            banner(
                settings,
                node.addresses,
                seed=seed,
                demo_secret_works=node.demo_secret_works,
                sample=None if node.dataset is None else node.dataset.sample(seed),
            )
        )
        if settings.ready_file is not None:
            try:
                write_ready_file(settings.ready_file, node.addresses, core())
            except OSError as error:
                _log.warning("%s cannot be written: %s", settings.ready_file, error)
        notice.ready()
        await stop.wait()
        _log.info("stopping: not ready any more, answering what is under way")
    finally:
        notice.stopping()
        if settings.ready_file is not None:
            with suppress(OSError):
                settings.ready_file.unlink(missing_ok=True)
        await node.stop()
    _log.info("stopped")
    if node.log_failed:
        raise CommandFailed("the log failed while the node ran: see the runbook, IdnodeNotWritable")


def _stop_at_signals() -> asyncio.Event:
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
