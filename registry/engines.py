"""The engines of the register: one row each. Nothing else names a class of an engine.

A register is chosen by a name (`embedded`) or by a URL, whose scheme is the name.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from idnode.registry.embedded.copying import EmbeddedCopying
from idnode.registry.embedded.core import PYTHON, default_core
from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.lock import DirectoryLock
from idnode.registry.embedded.options import Durability, RegisterOptions
from idnode.registry.embedded.register import EmbeddedRegister
from idnode.registry.errors import UnknownEngine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from idnode.registry.copying import CopyingEnd
    from idnode.registry.embedded.core import Core
    from idnode.registry.register import Progress, Register

    Opener = Callable[[str, "Opening"], Awaitable[Register]]

_log: Final = logging.getLogger(__name__)

DEFAULT: Final = "embedded"
POSTGRESQL: Final = "postgresql"


@dataclass(frozen=True, slots=True)
class Opening:
    """Holds what an engine may need to know; it takes what concerns it.

    ``folder`` is where it may keep files. ``durability`` and ``interval_seconds`` say when a write is acknowledged
    (`Durability`). ``verify`` has everything read and checked at the opening. ``pure`` forbids compiled code. ``committed`` is to be called after each commit with its seconds
    and its mutations, ``progress`` while the opening takes long. Public resolution may be answered with records that
    were read ``near_seconds`` ago, and from ``replicas`` (a URL) that are not more than ``stale_max`` seconds behind.
    """

    folder: Path
    durability: str = Durability.COMMIT
    interval_seconds: float = 0.1
    segment_bytes: int = SEGMENT_SPAN_BYTES
    verify: bool = False
    pure: bool = False
    committed: Callable[[float, int], None] | None = None
    progress: Progress | None = None
    near_seconds: float = 0.0
    replicas: str = ""
    stale_max: float = 2.0


def engine_of(register: str) -> str:
    """Return the name of the engine that a setting means.

    Raises:
        UnknownEngine: There is none of that name.

    """
    name = register.partition("://")[0]
    if name not in ENGINES:
        raise UnknownEngine(name, ENGINES)
    return name


async def open_register(register: str, opening: Opening) -> Register:
    """Open the register that a setting means.

    Raises:
        UnknownEngine: It names no engine.
        RegistryError: The engine cannot open it: `DataDirectoryInUse`, `LogDamaged`, `RegisterUnavailable` …
        OSError: The disk or the network refused.

    """
    return await ENGINES[engine_of(register)](register, opening)


def is_remote(register: str) -> bool:
    """Return whether a register is named by the URL of a database."""
    return register.partition("://")[0] == POSTGRESQL


async def copying_end(place: str) -> CopyingEnd:
    """Return one end of a copy: the register at a URL, or that in a folder.

    Raises:
        RegistryError: It cannot be opened.
        OSError: The disk or the network refused.

    """
    if is_remote(place):
        from idnode.registry.postgres.address import Address  # noqa: PLC0415  # as for opening
        from idnode.registry.postgres.copying import PostgresCopying  # noqa: PLC0415

        return await PostgresCopying.open(Address(place))
    return await EmbeddedCopying.open(Path(place))


def core_of(*, pure: bool) -> str:
    """Return the name of the core that embedded registers have here: `native`, or `python` where that is not built."""
    return _core(pure=pure).name


def _core(*, pure: bool) -> Core:
    return PYTHON if pure else default_core()


async def _open_embedded(_register: str, opening: Opening) -> Register:
    options = RegisterOptions(
        durability=Durability(opening.durability),
        interval_seconds=opening.interval_seconds,
        segment_bytes=opening.segment_bytes,
        commit_observer=opening.committed,
        verify=opening.verify,
        core=_core(pure=opening.pure),
    )
    opened = await EmbeddedRegister.open(opening.folder, options, opening.progress)
    recovered = opened.recovered
    if recovered.cut_bytes:
        _log.warning(
            "a torn tail of %d bytes was cut off the log (%s)",
            recovered.cut_bytes,
            recovered.cut_reason,
        )
    read = f"{recovered.records} log records read"
    _log.info(
        "%d identifiers, %s in %.2f s",
        opened.stats().identifiers,
        "index loaded and the log not read (--verify reads it)" if recovered.from_image else read,
        recovered.seconds,
    )
    return opened


async def _open_postgres(register: str, opening: Opening) -> Register:
    # Whoever keeps identifiers on this machine loads no database driver.
    from idnode.registry.postgres.address import Address  # noqa: PLC0415
    from idnode.registry.postgres.public import PublicReading  # noqa: PLC0415
    from idnode.registry.postgres.register import PostgresRegister  # noqa: PLC0415

    address = Address(register)
    relaxed = Durability(opening.durability) is not Durability.COMMIT
    replicas = Address(opening.replicas) if opening.replicas else None
    reading = PublicReading(opening.near_seconds, replicas, opening.stale_max)
    # Keys and counters beside the folder are those of one node, wherever its register is.
    await asyncio.to_thread(opening.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(opening.folder)
    opened = await PostgresRegister.open(
        address,
        relaxed=relaxed,
        observer=opening.committed,
        closed=lock.release,
        public=reading if opening.near_seconds or replicas else None,
    )
    _log.info("%d identifiers in %s", opened.stats().identifiers, address.shown)
    return opened


ENGINES: Final[dict[str, Opener]] = {DEFAULT: _open_embedded, POSTGRESQL: _open_postgres}
"""How a register is opened, by the name of its engine."""
