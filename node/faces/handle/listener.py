"""Describes the TCP face as its connections see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from idnode.node.faces.handle.limits import TcpLimits
    from idnode.node.faces.handle.native_runs import NativeStream
    from idnode.node.faces.lending import Lender
    from idnode.node.interceptors.chain import Interceptors
    from idnode.node.service.events import Observer
    from idnode.node.service.handle.admission import Admission
    from idnode.registry.handle.clock import Clock

Of = TypeVar("Of")
"""A connection."""


class Listener(Protocol[Of]):
    """Describes what a connection asks of the face that accepted it."""

    receiver: Admission
    observer: Observer
    clock: Clock
    limits: TcpLimits
    connections: set[Of]
    native: NativeStream | None
    lender: Lender | None
    interceptors: Interceptors

    def joined(self, connection: Of) -> None:
        """Take in a connection."""

    def left(self, connection: Of) -> None:
        """Forget a connection."""
