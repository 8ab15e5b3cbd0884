"""Sessions of the JSON API: a number that stands for whoever proved to be somebody (handle-http-api.md §7).

Each session has a nonce that the client signs together with one of its own. It may sign in again in the same session,
each time with a nonce of its own that it did not use before, so that what was overheard is worth nothing.

A session is opened for everybody who is invited to sign in, so sessions are bounded: those in which nobody has
proven anything give way to one another, those in which somebody has to one another, in each the one unused for
longest.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.service.identifiers.credentials import Identity
    from idnode.registry.handle.clock import Clock

SESSION_SECONDS: Final = 1800.0
"""How long a session may lie unused, as in the original."""

NONCE_BYTES: Final = 16

SPENT_MAX: Final = 100
"""Most nonces of a client that one session remembers; after that it has a nonce of its own anew."""


@dataclass(frozen=True, slots=True)
class WebSessionLimits:
    """Most sessions in which nobody, and in which somebody, has proven who is there."""

    unproven: int = 10_000
    proven: int = 10_000


class Drawn(NamedTuple):
    """Holds what nobody can guess: a session's id, and a nonce in base64."""

    session_id: str
    nonce: str


def draw() -> Drawn:
    """Return a fresh id and nonce; the id has the original's form."""
    nonce = base64.b64encode(secrets.token_bytes(NONCE_BYTES)).decode()
    return Drawn(f"node0{secrets.token_hex(12)}", nonce)


class WebSession:
    """One session; ``identity`` is who proved to be there, ``spent`` are the client's nonces so far."""

    __slots__ = ("deadline", "identity", "nonce", "session_id", "spent")

    def __init__(self, drawn: Drawn) -> None:
        self.session_id, self.nonce = drawn
        self.identity: Identity | None = None
        self.deadline = 0.0
        self.spent: set[bytes] = set()


class WebSessions:
    """The sessions that live."""

    def __init__(
        self,
        clock: Clock,
        limits: WebSessionLimits | None = None,
        draw: Callable[[], Drawn] = draw,
    ) -> None:
        self._passed = clock.passed
        self._limits = limits or WebSessionLimits()
        self._draw = draw
        self._unproven: OrderedDict[str, WebSession] = OrderedDict()
        self._proven: OrderedDict[str, WebSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._unproven) + len(self._proven)

    def open(self, identity: Identity | None = None) -> WebSession:
        """Return a new session, in which somebody proved who is there, or nobody yet."""
        session = WebSession(self._draw())
        self._use(session)
        if identity is not None:
            session.identity = identity
            self._add(session, self._proven, self._limits.proven)
        else:
            self._add(session, self._unproven, self._limits.unproven)
        return session

    def find(self, session_id: str) -> WebSession | None:
        """Return the session with this id, whose time begins anew; None if there is none any more."""
        for crowd in (self._proven, self._unproven):
            session = crowd.get(session_id)
            if session is None:
                continue
            if session.deadline < self._passed():
                del crowd[session_id]
                return None
            crowd.move_to_end(session_id)
            self._use(session)
            return session
        return None

    def prove(self, session: WebSession, nonce: str, cnonce: bytes, identity: Identity) -> bool:
        """Note who signed the session's nonce and one of the client's, which is spent with that.

        Returns False, and notes nothing, when it is spent already or the session is over.
        """
        crowd = self._unproven if session.identity is None else self._proven
        if crowd.get(session.session_id) is not session or session.nonce != nonce:
            return False
        fingerprint = hashlib.sha256(cnonce).digest()
        if fingerprint in session.spent:
            return False
        del crowd[session.session_id]
        session.identity = identity
        session.spent.add(fingerprint)
        if len(session.spent) > SPENT_MAX:
            session.nonce = self._draw().nonce
            session.spent.clear()
        self._add(session, self._proven, self._limits.proven)
        return True

    def end(self, session: WebSession) -> None:
        """Forget a session."""
        for crowd in (self._proven, self._unproven):
            if crowd.get(session.session_id) is session:
                del crowd[session.session_id]

    def void(self) -> None:
        """End every session."""
        self._proven.clear()
        self._unproven.clear()

    def _use(self, session: WebSession) -> None:
        session.deadline = self._passed() + SESSION_SECONDS

    def _add(self, session: WebSession, crowd: OrderedDict[str, WebSession], bound: int) -> None:
        """Take a session into its crowd; those that are over, or too many, leave it."""
        crowd[session.session_id] = session
        now = self._passed()
        while len(crowd) > bound or next(iter(crowd.values())).deadline < now:
            crowd.popitem(last=False)
