"""Describes what this installation is: its version, and which core it runs."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Final

from idnode.node.defaults import pure_python_forced
from idnode.registry.engines import core_of

DISTRIBUTION: Final = "idnode"


@cache
def version() -> str:
    """Return the installed version, `unknown` for a copy that was never installed."""
    try:
        return installed_version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def core() -> str:
    """Return which core answers: `python`, or `native` where the compiled one is built in, and wanted."""
    return core_of(pure=pure_python_forced())


def lost() -> str | None:
    """Return one line that says what this installation lacks, ``None`` if nothing that was not given up."""
    if core() == "native" or pure_python_forced():
        return None
    return (
        "the compiled core was not built (no C compiler at installation): bulk registration runs at about 1/15 "
        "of its speed, and the event loop answers over UDP; install gcc, then idnode again"
    )
