"""`idnode check`: verify a data directory, or a snapshot, while no node runs on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from idnode.node.commands.failure import CommandFailed
from idnode.node.commands.progress import byte_progress
from idnode.node.data_directory import REGISTER
from idnode.registry.embedded import image
from idnode.registry.embedded.lock import DirectoryLock
from idnode.registry.embedded.storage.check import CheckReport, check
from idnode.registry.embedded.storage.position import Mark
from idnode.registry.errors import LogDamaged


def run(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Data directory, or the folder of a snapshot.")
    ],
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Cut a torn tail off, and say what was cut.")
    ] = False,
) -> None:
    """Verify every byte of a data directory; exit code 1 when something is wrong."""
    if not folder.is_dir():
        raise CommandFailed(f"{folder} is no directory")
    with _alone(folder) as log:
        clean = _clean_end(log)
        with byte_progress("checking") as progress:
            report = check(log, repair=repair, clean=clean, progress=progress)
    for line in _lines(report):
        typer.echo(line)
    if not report.healthy:
        raise CommandFailed(f"{folder} is damaged" if report.problems else f"{folder} is torn")


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """Give the folder of the log, held so that no node can start on it; a snapshot is left untouched."""
    log = folder / REGISTER
    if not log.is_dir():
        yield folder
        return
    lock = DirectoryLock(log)
    try:
        yield log
    finally:
        lock.release()


def _clean_end(log: Path) -> Mark | None:
    """Return where the log was closed last: what stands before that was acknowledged, and is never cut."""
    try:
        return image.read_mark(log)
    except LogDamaged as error:
        typer.echo(f"the index image is of no use, a start does without it: {error}")
        return None


def _lines(report: CheckReport) -> Iterator[str]:
    kind = "snapshot" if report.snapshot else "log"
    yield (
        f"{kind}: {report.segments} segments, {report.records} records "
        f"({report.puts} written, {report.deletes} deleted), {report.bytes} bytes"
    )
    for problem in report.problems:
        place = "" if problem.segment is None else f"segment {problem.segment}: "
        place += "" if problem.offset is None else f"offset {problem.offset}: "
        yield f"damaged: {place}{problem.reason}"
    if report.torn is not None:
        done = "cut off" if report.repaired else "a start cuts it off, and so does --repair"
        yield f"torn tail: {report.torn.bytes} bytes ({report.torn.reason}): {done}"
    if report.healthy:
        yield "nothing is wrong"
