"""Names which cores there are: what keeps index and listing, in Python objects or in compiled code.

Both keep the same promises (`tests/contract/test_register.py`). The compiled one exists only where the package was
built with a C compiler.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from idnode.registry.embedded.contents import Contents, PlainContents
from idnode.registry.embedded.storage.disk import Disk
from idnode.registry.embedded.storage.log import Log

try:
    from idnode.registry.embedded.native.compiled import NativeCore
except ImportError:
    NativeCore = None  # type: ignore[assignment,misc]


class Core(Protocol):
    """Opens the log of a folder, and makes contents to go with it."""

    name: str
    """What banner, metrics and statistics call it."""

    def open(
        self, folder: Path, *, segment_bytes: int, disk: Disk
    ) -> tuple[Log, Callable[[], Contents]]:
        """Return the log of a folder, and a function that makes empty contents for it.

        Raises:
            LogDamaged: Manifest, files and segment headers do not agree.
            OSError: The disk refused.

        """
        ...


class PythonCore:
    """Plain Python; needs nothing."""

    name = PlainContents.core

    def open(
        self, folder: Path, *, segment_bytes: int, disk: Disk
    ) -> tuple[Log, Callable[[], Contents]]:
        """Open the log; see `Core.open`."""
        log = Log.open(folder, segment_bytes=segment_bytes, disk=disk)
        return log, lambda: PlainContents(log)


PYTHON: Final = PythonCore()
CORES: Final[dict[str, Core]] = {PYTHON.name: PYTHON}
"""Every core that runs here, by name."""

if NativeCore is not None:
    CORES[NativeCore.name] = NativeCore()


def default_core() -> Core:
    """Return the compiled core where there is one, else the one in Python."""
    return CORES.get("native", PYTHON)
