"""Progress bars on standard error, for whatever may take longer than a second."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

Show = Callable[[int, int], None]
"""Shows how much is done of how much; callable from any thread."""


def byte_progress(what: str) -> AbstractContextManager[Show]:
    """Give a function that shows bytes done of bytes in total.

    Nothing is shown before its first call, nor when standard error is no terminal.
    """
    return _progress(what, DownloadColumn())


def item_progress(what: str) -> AbstractContextManager[Show]:
    """Give a function that shows items done of items in total, as `byte_progress` does for bytes."""
    return _progress(what, MofNCompleteColumn())


@contextmanager
def _progress(what: str, amount: ProgressColumn) -> Iterator[Show]:
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), amount, TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(what, total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()
