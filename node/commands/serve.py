"""`idnode serve`: run a node until a signal stops it."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from idnode.node.addresses import write_ready_file
from idnode.node.build import core
from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.process import renewing_at_signal, run_process, stop_at_signals
from idnode.node.commands.progress import byte_progress
from idnode.node.data_directory import KEYS
from idnode.node.defaults import notify_socket
from idnode.node.exposure import check_exposure
from idnode.node.first_start.key_pairs import MadeAhead
from idnode.node.imports import imports_kept
from idnode.node.ops import logs
from idnode.node.ops.readiness_notice import ReadinessNotice
from idnode.node.settings import Loaded, Settings

_log = logging.getLogger(__name__)


def run(
    loaded: Loaded,
    *,
    tree: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Run the tree of nodes in this topology instead."),
    ] = None,
) -> None:
    """Run a node until SIGTERM or Ctrl-C; a second one stops it at once."""
    settings = loaded.settings
    if tree is not None:
        from idnode.node.commands.tree import run_tree  # noqa: PLC0415  # only for a tree

        run_tree(settings, tree, (), None)
        return
    check_exposure(settings)
    run_process(settings, partial(_serve, settings))


async def _started(start: Coroutine[Any, Any, None], stop: asyncio.Event) -> bool:
    """Return whether a node has started before it was to stop: it may wait for a database."""
    starting, stopping = asyncio.ensure_future(start), asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        _log.info("stopping before it was ready")
        starting.cancel()
    stopping.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    return not starting.cancelled()


async def _serve(settings: Settings, folding: logs.Folding) -> None:
    needed = 1 + settings.demo_enterprise
    keys = MadeAhead(0 if (settings.data_dir / KEYS).exists() else needed)
    with imports_kept():  # most of a start, and keys are made meanwhile
        from idnode.node.banner import banner  # noqa: PLC0415
        from idnode.node.runtime import Node  # noqa: PLC0415

    stop = stop_at_signals()
    seed = secrets.randbits(64) if settings.seed is None else settings.seed
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
    notice = ReadinessNotice(notify_socket())
    with byte_progress("reading the log") as bar:
        node = Node(settings, seed=seed, progress=bar, make_key=keys)
        node.every_second(lambda: logs.report_folded(folding))
        node.every_second(notice.alive)
        if not await _started(node.start(), stop):
            return
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
        with renewing_at_signal(node.renew_certificate):
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
