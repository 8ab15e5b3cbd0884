"""A challenge that waits for its answer (handle-protocol.md §6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from idnode.node.service.handle.sessions import Session
    from idnode.registry.handle.wire.challenge import Challenge
    from idnode.registry.handle.wire.message import Message
    from idnode.registry.handle.wire.versions import Version

_COST_BYTES: Final = 1024
"""Bytes that a challenge takes besides its request."""


@dataclass(slots=True)
class PendingChallenge:
    """A challenge under way: what was asked, in which version, and until when the answer counts."""

    number: int
    challenge: Challenge
    message: Message
    version: Version
    source: str
    deadline: float
    session: Session | None
    keyed: bool
    era: int

    @property
    def cost(self) -> int:
        """Bytes that it takes."""
        return _COST_BYTES + len(self.message.signed)
