"""Challenges that wait for their answers (handle-protocol.md §6.1).

A challenge remembers the request it was made for, because the answer carries only a proof. It is good once and
for a minute. Answers may come over any connection, so a challenge is found by its number alone, which nobody
can guess. A client that numbers its own sessions gets its number back; such a challenge stays with its
connection.

Requests may be large and nobody has proven anything yet, so challenges are bounded in number and bytes, for
each source and in all; the oldest give way.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idnode.node.service.errors import ChallengeUnknown
from idnode.node.service.handle.pending import PendingChallenge
from idnode.registry.handle.wire.challenge import Challenge
from idnode.registry.handle.wire.constants import NONCE_BYTES, OpFlag
from idnode.registry.handle.wire.digest import digest_of
from idnode.registry.handle.wire.versions import digest_algorithm

if TYPE_CHECKING:
    from idnode.node.service.handle.connection import Connection
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.wire.envelope import Envelope
    from idnode.registry.handle.wire.message import Message
    from idnode.registry.handle.wire.versions import Version

CHALLENGE_SECONDS: Final = 60.0
"""How long an answer may take (handle-protocol.md §6.1)."""


@dataclass(frozen=True, slots=True)
class ChallengeLimits:
    """Most challenges and bytes of remembered requests: of one source, and in all."""

    of_source: int = 1000
    source_bytes: int = 8 << 20
    in_all: int = 20_000
    bytes_in_all: int = 64 << 20


class Challenges:
    """The challenges under way."""

    def __init__(self, clock: Clock, limits: ChallengeLimits | None = None) -> None:
        self._passed = clock.passed
        self._limits = limits or ChallengeLimits()
        self._pending: OrderedDict[int, PendingChallenge] = OrderedDict()
        self._of_source: dict[str, OrderedDict[int, PendingChallenge]] = {}
        self._source_bytes: dict[str, int] = {}
        self._bytes = 0
        self._era = 0

    def __len__(self) -> int:
        return len(self._pending)

    def issue(
        self, message: Message, envelope: Envelope, connection: Connection, version: Version
    ) -> PendingChallenge:
        """Return a fresh challenge for a request, to be answered in this version."""
        digest = digest_of(message.signed, digest_algorithm(version))
        session = connection.session
        own = session is None and envelope.session_id != 0 and connection.stream
        number = envelope.session_id if session is not None or own else self._free_number()
        pending = PendingChallenge(
            number,
            Challenge(secrets.token_bytes(NONCE_BYTES), digest),
            message,
            version,
            connection.source,
            self._passed() + CHALLENGE_SECONDS,
            session,
            connection.keyed,
            self._era,
        )
        if own or (session is not None and connection.whole.own_session is session):
            connection.whole.own_challenge = pending
        else:
            self._keep(pending)
        return pending

    def take(self, number: int, connection: Connection) -> PendingChallenge:
        """Return the challenge with this number, which is over with that.

        Raises:
            ChallengeUnknown: There is none, it was answered already, or its time is over.

        """
        whole = connection.whole
        own = whole.own_challenge
        if own is not None and own.number == number:
            whole.own_challenge = None
            pending: PendingChallenge | None = own
        else:
            pending = self._pending.get(number)
            if pending is not None:
                self._drop(pending)
        if pending is None or pending.deadline < self._passed() or pending.era != self._era:
            raise ChallengeUnknown("The challenge is unknown, answered or too old")
        return pending

    def void(self) -> None:
        """End every challenge under way, also those that connections hold."""
        self._era += 1
        for pending in list(self._pending.values()):
            self._drop(pending)

    def _free_number(self) -> int:
        number = 0
        while not number or number in self._pending:
            number = secrets.randbits(31)
        return number

    def _keep(self, pending: PendingChallenge) -> None:
        former = self._pending.get(pending.number)
        if former is not None:
            self._drop(former)
        source = pending.source
        self._pending[pending.number] = pending
        of_source = self._of_source.setdefault(source, OrderedDict())
        of_source[pending.number] = pending
        self._source_bytes[source] = self._source_bytes.get(source, 0) + pending.cost
        self._bytes += pending.cost
        self._make_room(source)

    def _make_room(self, source: str) -> None:
        limits, now = self._limits, self._passed()
        while self._pending:
            oldest = next(iter(self._pending.values()))
            full = len(self._pending) > limits.in_all or self._bytes > limits.bytes_in_all
            if not full and oldest.deadline >= now:
                break
            self._drop(oldest)
        while of_source := self._of_source.get(source):
            if (
                len(of_source) <= limits.of_source
                and self._source_bytes[source] <= limits.source_bytes
            ):
                break
            self._drop(next(iter(of_source.values())))

    def _drop(self, pending: PendingChallenge) -> None:
        source = pending.source
        del self._pending[pending.number]
        del self._of_source[source][pending.number]
        self._bytes -= pending.cost
        self._source_bytes[source] -= pending.cost
        if not self._of_source[source]:
            del self._of_source[source]
            del self._source_bytes[source]


def challenge_flags(version: Version) -> int:
    """Return the flags that an RC 402 of this version has beside its request's (handle-protocol.md §5)."""
    return OpFlag.REQUEST_DIGEST if version >= (2, 1) else 0
