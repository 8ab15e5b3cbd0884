"""The clock of a node in a test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from idnode.node.testing.node import Node

_PATH = "/api/v1/clock"


class Clock:
    """Moves the one clock that tokens, sessions, digests and TTLs of a node go by."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def now(self) -> datetime:
        """Return what it shows."""
        return datetime.fromisoformat(self._node.manage("GET", _PATH)["time"])

    def freeze(self) -> None:
        """Stop it where it is."""
        self._move(freeze=True)

    def set(self, at: datetime | str) -> None:
        """Set it to a time, in UTC unless that says otherwise; it goes on from there."""
        self._move(set=at.isoformat() if isinstance(at, datetime) else at)

    def advance(self, by: timedelta | float = 0.0, *, hours: float = 0, days: float = 0) -> None:
        """Move it forwards by seconds, hours and days, or back."""
        first = by.total_seconds() if isinstance(by, timedelta) else by
        self._move(advance=first + timedelta(hours=hours, days=days).total_seconds())

    def speed(self, factor: float) -> None:
        """Let it run so much faster."""
        self._move(speed=factor)

    def reset(self) -> None:
        """Go back to the time of the machine."""
        self._move(reset=True)

    def _move(self, **move: Any) -> None:
        self._node.manage("POST", _PATH, move)
