"""Describes what an operation may know of, and keep with, the connection that brought the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from idnode.node.interceptors.exchange import note_identity

if TYPE_CHECKING:
    import asyncio

    from idnode.node.service.handle.pending import PendingChallenge
    from idnode.node.service.handle.sessions import Session
    from idnode.node.service.identifiers.credentials import Identity

Proof = Callable[[], Awaitable[None]]
"""Checks the proof of a claimed identity; raises `AuthenticationFailed`."""


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass(slots=True)
class Connection:
    """One TCP connection, or the source of one datagram; ``peer`` is its socket address.

    ``now`` is epoch seconds when the bytes being answered arrived: a face sets it once a read, so that no
    operation reads the clock. ``identity`` is who logged in here, for logins that last as long as the
    connection (handle-protocol.md §6.3).

    An operation gets the connection itself, or a view of it for one request: within a session, or with an
    identity that is claimed and will be proven by ``proof``, after everything else about the request has
    been found in order (handle-protocol.md §6.2). ``claimed``: the request is one that was challenged, and the
    identity is that of the answer. ``keyed``: the request carries the code of its session.

    ``own_session`` and ``own_challenge`` belong to a client that numbers its sessions itself, on each
    connection alike, as id-pointer does; other connections know nothing of them.
    """

    peer: tuple[Any, ...]
    stream: bool
    now: int = 0
    identity: Identity | None = None
    proof: Proof | None = None
    claimed: bool = False
    session: Session | None = None
    keyed: bool = False
    own_session: Session | None = None
    own_challenge: PendingChallenge | None = None
    origin: Connection | None = None
    turn: asyncio.Future[None] | None = None
    """Done once the last request that is carried out again has been: the next one waits for it."""
    room: Callable[[], Awaitable[None]] = _at_once
    """Waits until the peer has taken most of what was sent; for answers that have no end."""

    def within(self, session: Session, *, keyed: bool) -> Connection:
        """Return the view for a request that came within a session."""
        identity = session.identity if keyed and session.identity else self.identity
        if identity is not None:
            note_identity(identity.index, identity.handle)
        # Called for each request in a session, where `replace` would take as long as the rest of the gate.
        return Connection(
            self.peer,
            self.stream,
            self.now,
            identity,
            session=session,
            keyed=keyed,
            own_session=self.own_session,
            own_challenge=self.own_challenge,
            origin=self.origin or self,
            room=self.room,
        )

    def claiming(self, identity: Identity, proof: Proof | None) -> Connection:
        """Return the view for a request of whoever claims this identity; without a proof it is known."""
        note_identity(identity.index, identity.handle)
        return replace(
            self, identity=identity, proof=proof, claimed=True, origin=self.origin or self
        )

    @property
    def whole(self) -> Connection:
        """The connection itself."""
        return self.origin or self

    @property
    def source(self) -> str:
        """The peer's address without its port: what bounds for one source count by."""
        return str(self.peer[0]) if self.peer else ""
