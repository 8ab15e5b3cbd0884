"""Progress bars on standard error, for whatever may take longer than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Show = Callable[[int, int], None]
"""Shows how much is done of how much; callable from any thread."""


def byte_progress(what: str) -> AbstractContextManager[Show]:
    """Give a function that shows bytes done of bytes in total.

    Nothing is shown before its first call, nor when standard error is no terminal.
    """
    return _progress(what, in_bytes=True)


def item_progress(what: str) -> AbstractContextManager[Show]:
    """Give a function that shows items done of items in total, as `byte_progress` does for bytes."""
    return _progress(what, in_bytes=False)


@contextmanager
def _progress(what: str, *, in_bytes: bool) -> Iterator[Show]:
    if not sys.stderr.isatty():
        yield _show_nothing
        return
    from rich import progress  # noqa: PLC0415  # only where somebody looks
    from rich.console import Console  # noqa: PLC0415

    amount = progress.DownloadColumn() if in_bytes else progress.MofNCompleteColumn()
    columns = (
        progress.TextColumn(what),
        progress.BarColumn(),
        amount,
        progress.TimeRemainingColumn(),
    )
    bar = progress.Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()


def _show_nothing(_done: int, _total: int) -> None:
    """Stand for a bar that nobody would see."""
