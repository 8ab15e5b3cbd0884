"""From the files to the contents of the register: by the image of a clean stop, else by reading the log.

Replay uses the same `Contents.apply` as live writes. A core may read ahead by itself as far as nothing is unrecognised; what
an oddity means is always decided here, by `Log.scan`.

Why replay gives what was acknowledged: sequences have no gaps, the latest record of a handle is what it has, and a
deletion is a record like others. Compaction appends its copies as records of their own, before the segment goes, so
wherever a crash fell between the two the order of the log still tells the latest.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from idnode.registry.embedded import image
from idnode.registry.embedded.contents import Contents
from idnode.registry.embedded.storage.log import Log
from idnode.registry.embedded.storage.record import Record
from idnode.registry.embedded.storage.walk import Progress
from idnode.registry.errors import LogDamaged
from idnode.registry.handle.names import fold

REPLAY_ROWS: Final = 4096
"""Records replayed at once."""

_logger: Final = logging.getLogger(__name__)


class RecoveryReport(NamedTuple):
    """Describes how a register came up."""

    from_image: bool
    """Whether the image of a clean stop was good and enough; otherwise the log was read."""
    records: int
    """Records read from the log; 0 with an image."""
    cut_bytes: int
    """Bytes of a torn tail that were cut off."""
    cut_reason: str
    seconds: float


def recover(  # noqa: PLR0913  # the facts of one start, by name
    log: Log,
    folder: Path,
    empty: Callable[[], Contents],
    *,
    elapsed: Callable[[], float],
    progress: Progress | None = None,
    verify: bool = False,
) -> tuple[Contents, RecoveryReport]:
    """Return the contents that the log adds up to; afterwards the log takes records.

    ``empty`` makes contents to be filled, ``elapsed`` tells monotonic seconds. With ``verify`` the log is read even
    where there is an image, which then only says where the log ends.

    Raises:
        LogDamaged: The log is broken elsewhere than in a torn tail.
        OSError: The disk refused.

    """
    started = elapsed()
    contents = None if verify and _expect_end(log, folder) else _from_image(log, folder, empty)
    if contents is not None:
        contents.flush()
        return contents, RecoveryReport(
            from_image=True,
            records=0,
            cut_bytes=0,
            cut_reason="",
            seconds=elapsed() - started,
        )
    contents = empty()
    records = replay(log, contents, progress)
    # Not before: it names the end up to which a later attempt, too, must forgive nothing.
    image.remove(folder)
    log.sync()  # what survived a crash may be in the system's cache only
    contents.flush()
    return contents, RecoveryReport(
        from_image=False,
        records=records,
        cut_bytes=0 if log.cut is None else log.cut.bytes,
        cut_reason="" if log.cut is None else log.cut.reason,
        seconds=elapsed() - started,
    )


def _expect_end(log: Log, folder: Path) -> bool:
    """Have nothing forgiven before the end of the log that the image names; returns whether one does."""
    try:
        mark = image.read_mark(folder)
    except LogDamaged:
        return False
    if mark is not None:
        log.expect(mark)
    return mark is not None


def _from_image(log: Log, folder: Path, empty: Callable[[], Contents]) -> Contents | None:
    contents = empty()
    try:
        mark = image.load(folder, contents)
        if mark is None:
            return None
        log.resume(mark)
    except LogDamaged as error:
        _logger.warning("the index image is of no use, reading the log: %s", error)
        return None
    return contents


def replay(log: Log, contents: Contents, progress: Progress | None) -> int:
    """Apply the whole log to empty contents; returns how many records there are.

    Raises:
        LogDamaged: The log is broken elsewhere than in a torn tail.
        OSError: The tail could not be cut.

    """
    mark, count = contents.replay(progress)
    rows: list[Record] = []
    for record in log.scan(mark, progress if mark is None else None):
        rows.append(record)
        if len(rows) == REPLAY_ROWS:
            _apply(contents, rows)
            count += len(rows)
            rows = []
    if rows:
        _apply(contents, rows)
    return count + len(rows)


def _apply(contents: Contents, rows: list[Record]) -> None:
    contents.apply(
        [fold(row.handle) for row in rows],
        bytes(row.kind for row in rows),
        [row.place for row in rows],
        [row.size for row in rows],
    )
