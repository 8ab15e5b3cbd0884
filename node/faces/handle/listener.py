"""Describes what a connection of the Handle protocol stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from idnode.node.faces.handle.limits import TcpLimits
    from idnode.node.faces.handle.native_runs import NativeStream
    from idnode.node.interceptors.chain import Interceptors
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.receiver import Receiver
    from idnode.node.service.overload import Overload, Turns
    from idnode.registry.handle.clock import Clock


class Listener(Protocol):
    """Describes what a connection asks of the face that accepted it."""

    receiver: Receiver
    observer: Observer
    clock: Clock
    limits: TcpLimits
    connections: set[Any]
    native: NativeStream | None
    interceptors: Interceptors
    turns: Turns
    overload: Overload

    def joined(self, connection: Any) -> None:
        """Take in a connection."""

    def left(self, connection: Any) -> None:
        """Forget a connection."""
