"""Sessions: a key shared with a client, under which it asks many times (handle-protocol.md §7).

A session is found by its number. One that nobody used for as long as its client asked for is over. Opening one
takes no proof of anything, so they are bounded, for each source and in all; those whose identity was never
proven give way first, and among them the one unused for longest.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import SessionUnknown

if TYPE_CHECKING:
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.registry.handle.clock import Clock

COUNTER_WINDOW: Final = 200
"""How far a message's counter may lie behind the highest one seen (handle-protocol.md §7)."""

SESSION_SECONDS_MAX: Final = 86_400.0
"""Longest time for which a session may lie unused; what every known client asks for."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Most sessions of one source, and in all."""

    of_source: int = 1000
    in_all: int = 20_000


class Session:
    """One session.

    ``claimed`` is who the client said it is when it set the session up, ``identity`` who it proved to be
    since. ``cipher`` and ``key`` are empty until the client has sent its key (mode 2). ``answers`` counts
    the node's own messages that carry a code.
    """

    __slots__ = (
        "_highest",
        "_seen",
        "answers",
        "cipher",
        "claimed",
        "deadline",
        "era",
        "identity",
        "key",
        "number",
        "seconds",
        "source",
    )

    def __init__(
        self, number: int, cipher: int, key: bytes, claimed: Identity | None, seconds: float
    ) -> None:
        self.number = number
        self.cipher = cipher
        self.key = key
        self.claimed = claimed
        self.identity: Identity | None = None
        self.seconds = min(max(seconds, 1.0), SESSION_SECONDS_MAX)
        self.deadline = 0.0
        self.era = 0
        self.source = ""
        self.answers = 0
        self._highest = 0
        self._seen = 0

    def admits(self, counter: int) -> bool:
        """Return whether a message with this counter is new, and remember it."""
        ahead = counter - self._highest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, COUNTER_WINDOW) | 1) & _WINDOW_MASK
            self._highest = counter
            return True
        bit = 1 << -ahead
        if -ahead >= COUNTER_WINDOW or counter < 1 or self._seen & bit:
            return False
        self._seen |= bit
        return True

    def next_counter(self) -> int:
        """Return the counter of the node's next message."""
        self.answers += 1
        return self.answers


_WINDOW_MASK: Final = (1 << COUNTER_WINDOW) - 1


def _first_to_go(sessions: OrderedDict[int, Session], fresh: Session) -> Session:
    """Return the session of a crowded source that gives way to a fresh one."""
    for session in sessions.values():
        if session.identity is None and session is not fresh:
            return session
    return next(iter(sessions.values()))


class Sessions:
    """The sessions that live."""

    def __init__(self, clock: Clock, limits: SessionLimits | None = None) -> None:
        self._passed = clock.passed
        self._limits = limits or SessionLimits()
        self._era = 0
        self._sessions: dict[int, Session] = {}
        self._unproven: OrderedDict[int, Session] = OrderedDict()
        self._proven: OrderedDict[int, Session] = OrderedDict()
        self._of_source: dict[str, OrderedDict[int, Session]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def free_number(self) -> int:
        """Return a number that no session has and nobody can guess."""
        number = 0
        while not number or number in self._sessions:
            number = secrets.randbits(31)
        return number

    def start(self, session: Session) -> None:
        """Let a session's time begin, without its being found by number."""
        session.deadline = self._passed() + session.seconds
        session.era = self._era

    def add(self, session: Session, source: str) -> None:
        """Take in a session, opened by this source; others give way if need be."""
        self.start(session)
        session.source = source
        self._sessions[session.number] = session
        self._unproven[session.number] = session
        of_source = self._of_source.setdefault(source, OrderedDict())
        of_source[session.number] = session
        if len(of_source) > self._limits.of_source:
            self.end(_first_to_go(of_source, session))
        while len(self._sessions) > self._limits.in_all:
            crowd = self._unproven or self._proven
            self.end(next(iter(crowd.values())))

    def find(self, number: int) -> Session | None:
        """Return the session with this number, whose time begins anew.

        Raises:
            SessionUnknown: Its time is over.

        """
        session = self._sessions.get(number)
        if session is not None:
            try:
                self.use(session)
            except SessionUnknown:
                self.end(session)
                raise
            crowd = self._unproven if session.identity is None else self._proven
            if number in crowd:
                crowd.move_to_end(number)
        return session

    def use(self, session: Session) -> None:
        """Have a session's time begin anew.

        Raises:
            SessionUnknown: It is over.

        """
        now = self._passed()
        if session.deadline < now or session.era != self._era:
            raise SessionUnknown("The session's time is over")
        session.deadline = now + session.seconds

    def prove(self, session: Session, identity: Identity) -> None:
        """Note who is behind a session from now on."""
        session.identity = identity
        if self._unproven.pop(session.number, None) is session:
            self._proven[session.number] = session

    def end(self, session: Session) -> None:
        """Forget a session; one that is not known is fine."""
        number = session.number
        session.deadline = 0.0
        if self._sessions.get(number) is not session:
            return
        del self._sessions[number]
        self._unproven.pop(number, None)
        self._proven.pop(number, None)
        of_source = self._of_source[session.source]
        del of_source[number]
        if not of_source:
            del self._of_source[session.source]

    def void(self) -> None:
        """End every session, also those that connections hold."""
        self._era += 1
        for session in list(self._sessions.values()):
            self.end(session)
