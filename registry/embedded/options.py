"""Describes how a register is to behave, in one frozen table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from idnode.registry.embedded.core import Core, default_core
from idnode.registry.embedded.limits import SEGMENT_SPAN_BYTES
from idnode.registry.embedded.storage.disk import DISK, Disk
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX

SEGMENT_BYTES_MIN: Final = 512 << 10
"""Smallest segment: the largest record must fit into one."""

assert RECORD_BYTES_MAX + HANDLE_BYTES_MAX + 4096 <= SEGMENT_BYTES_MIN


class Durability(StrEnum):
    """When a write is acknowledged, and so what a crash of the machine may take back."""

    COMMIT = "commit"
    """After ``fdatasync``: nothing acknowledged is lost."""
    INTERVAL = "interval"
    """After the hand-over to the system; synced by a timer: a power failure may lose the last interval."""
    NONE = "none"
    """After the hand-over to the system; synced at a clean stop: a power failure may lose anything."""


@dataclass(frozen=True, slots=True)
class RegisterOptions:
    """The settings of one register.

    Raises:
        ValueError: A field is out of its bounds.

    """

    durability: Durability = Durability.COMMIT
    interval_seconds: float = 0.1
    """Longest time between two syncs under `Durability.INTERVAL`."""
    segment_bytes: int = SEGMENT_SPAN_BYTES
    """Bytes after which a segment of the log is sealed."""
    compact_dead_share: float = 0.5
    """Share of dead bytes from which a sealed segment is compacted; above 1 never."""
    commit_observer: Callable[[float, int], None] | None = None
    """Called after each commit group with its seconds (append and sync) and its mutations."""
    verify: bool = False
    """Whether the whole log is read at the start, even where an image would do."""
    core: Core = field(default_factory=default_core)
    """What keeps index and listing: the compiled core where there is one."""
    disk: Disk = DISK
    """What changes the files; tests and fault plans put a failing one here."""

    def __post_init__(self) -> None:
        if not SEGMENT_BYTES_MIN <= self.segment_bytes <= SEGMENT_SPAN_BYTES:
            raise ValueError(
                f"segment_bytes must be between {SEGMENT_BYTES_MIN} and {SEGMENT_SPAN_BYTES}"
            )
        if self.interval_seconds <= 0:
            raise ValueError("interval_seconds must be positive")
        if self.compact_dead_share <= 0:
            raise ValueError("compact_dead_share must be positive")
