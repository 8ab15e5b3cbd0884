"""Importing much at once, quickly."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Thread


@contextmanager
def imports_kept() -> Iterator[None]:
    """Import without the garbage collector walking all modules again and again.

    What is imported stays, so it is taken out of later collections, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def imported_beside(name: str | None) -> Iterator[None]:
    """Import a module in a thread beside what the block imports; it is there when the block ends.

    That is for one that does its work outside the interpreter while it is imported. Packages whose modules import
    each other, and that both sides need, are imported before: two threads in the midst of one could wait for each other.
    """
    if name is None:
        yield
        return
    for package in ("asyncio", "concurrent.futures", "json"):
        import_module(package)
    thread = Thread(target=import_module, args=(name,), name="imports")
    thread.start()
    try:
        yield
    finally:
        thread.join()
