"""The interceptor that keeps the journal.

In mode ``failures`` it keeps requests that were refused or malformed, and those that write; plain successful
reads are neither seen nor paid for. ``all`` sees everything, which takes native answering off the path. Turned
off, the journal is not among the interceptors at all.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from idnode.node.interceptors.actions import Send
from idnode.node.interceptors.chain import Interceptor
from idnode.node.interceptors.exchange import (
    FAULT,
    Exchange,
    HttpAnswer,
    HttpRequest,
    phrase_of,
)
from idnode.node.interceptors.journal.entry import Entry, KeptBinary, cut
from idnode.node.interceptors.journal.redaction import kept_http
from idnode.node.service import events
from idnode.registry.handle.dissection.message import redacted

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.journal.entry import Kept
    from idnode.node.interceptors.journal.ring import Ring
    from idnode.node.interceptors.rules.rule import Why
    from idnode.registry.handle.clock import Clock

FAILURES: Final = "failures"
ALL: Final = "all"
OFF: Final = "off"
MODES: Final = (FAILURES, ALL, OFF)

_ENTRY: Final = "journal"
_WRITING: Final = frozenset(
    (
        *(events.CREATE, events.DELETE, events.ADD, events.MODIFY, events.REMOVE),
        events.BATCH_REGISTER,
    )
)
_SUCCESS: Final = 1

MESSAGE_BYTES_MAX: Final = 64 * 1024
"""Most bytes kept of one message of the binary protocol."""

NOT_FOUND_PER_SECOND: Final = 200
"""Most resolutions over the binary protocol that find nothing and are kept in one second in mode ``failures``.

More of them are a flood, of which the journal tells nothing more, and native code answers it ten times as fast.
"""

REFERRALS: Final = frozenset({"W-HDL-REFERRED-PREFIX", "W-HDL-REFERRED-SERVICE"})
"""Rules of requests that were answered with the servers to ask instead."""

LINES_A_SECOND: Final = 10
"""Most log lines about refused requests in one second; the others are counted."""

_log = logging.getLogger(__name__)


class Journal(Interceptor):
    """Keeps entries in a ring; ``explain`` says why a request was refused."""

    not_found_per_second = NOT_FOUND_PER_SECOND

    def __init__(
        self,
        ring: Ring,
        clock: Clock,
        explain: Callable[[Exchange], Why | None],
        *,
        mode: str = FAILURES,
    ) -> None:
        self.ring = ring
        self.mode = mode
        self.unseen: Callable[[], int] = int
        """Tells how many resolutions that found nothing were answered past the journal, see `not_found_per_second`."""
        self._clock = clock
        self._explain = explain
        self._lines = _Lines(clock)

    @property
    def sees_plain_successes(self) -> bool:  # type: ignore[override]
        """True if plain resolutions must come this way, too."""
        return self.mode == ALL

    def malformed(self, exchange: Exchange, error: BaseException) -> None:
        """Keep a request that cannot be decoded, for it may get no answer."""
        exchange.error = error
        self._keep(exchange, None)

    def reply(self, exchange: Exchange, plan: Plan) -> Plan:
        """Keep a request with its answer, if this mode does."""
        known: Entry | None = exchange.notes.get(_ENTRY)
        if known is not None:
            self._amend(exchange, known, plan)
        elif self.mode == ALL or self._counts(exchange):
            self._keep(exchange, _left(exchange, plan))
        return plan

    def _counts(self, exchange: Exchange) -> bool:
        if exchange.error is not None or FAULT in exchange.notes:
            return True
        if exchange.operation in _WRITING:
            return True
        answer = exchange.answer
        if isinstance(answer, HttpAnswer) and answer.status >= HTTPStatus.BAD_REQUEST:
            return True
        return exchange.response_code not in {None, _SUCCESS}

    def _keep(self, exchange: Exchange, left: bytes | HttpAnswer | None) -> None:
        entry = Entry(
            number=0,
            id=exchange.id,
            time=self._clock.now(),
            face=exchange.face,
            connection=exchange.connection,
            peer=":".join(map(str, exchange.peer[:2])),
            operation=exchange.operation,
            handle=cut(exchange.handle.decode(errors="replace")),
            identity=None if exchange.identity is None else cut(exchange.identity),
            account=None if exchange.account is None else cut(exchange.account),
            code=exchange.response_code,
            status=left.status if isinstance(left, HttpAnswer) else None,
            seconds=self._clock.elapsed() - exchange.started,
            request=_kept_request(exchange),
            answer=_kept_answer(left),
            answers=int(left is not None),
            fault=exchange.notes.get(FAULT),
            error=None if exchange.error is None else type(exchange.error).__name__,
            why=self._explain(exchange),
            facts=_facts_of(exchange.error),
        )
        entry = exchange.notes[_ENTRY] = self.ring.add(entry)
        if entry.why is not None:
            self._lines.write(entry)

    def _amend(self, exchange: Exchange, known: Entry, plan: Plan) -> None:
        """Take in the answer to a request that is kept already, or a further message of an answer."""
        if known.answer is None:
            left = _left(exchange, plan)
            changed = replace(
                known,
                answer=_kept_answer(left),
                answers=1,
                code=exchange.response_code,
                status=left.status if isinstance(left, HttpAnswer) else None,
                seconds=self._clock.elapsed() - exchange.started,
                why=self._explain(exchange) or known.why,
            )
        else:
            changed = replace(known, answers=known.answers + 1)
        exchange.notes[_ENTRY] = changed
        self.ring.amend(changed)


class _Lines:
    """Writes one log line for each request that was refused or referred, as long as they are few."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = 0
        self._written = 0
        self._left_out = 0

    def write(self, entry: Entry) -> None:
        """Write the line, or count it."""
        second = int(self._clock.elapsed())
        if second != self._second:
            if self._left_out:
                _log.info("%d more such requests in a second", self._left_out)
            self._second, self._written, self._left_out = second, 0, 0
        if self._written >= LINES_A_SECOND:
            self._left_out += 1
            return
        self._written += 1
        assert entry.why is not None
        _log.info(
            "%s %s %s from %s: %s [%s] (request %s)",
            # Who is sent on was answered.
            "referred" if entry.why.rule in REFERRALS else "refused",
            entry.face,
            entry.operation or "request",
            entry.peer or "?",
            entry.why.en,
            entry.why.rule,
            entry.id,
        )


def _kept_request(exchange: Exchange) -> Kept:
    request = exchange.request
    if isinstance(request, HttpRequest):
        headers = list(request.headers.items())
        content_type = request.headers.get("Content-Type", "")
        return kept_http((request.method, request.target), headers, request.body, content_type)
    return _kept_binary(request)


def _facts_of(error: BaseException | None) -> dict[str, str]:
    """Return what an error names that is not there: its kind and name."""
    named = {name: getattr(error, name, None) for name in ("kind", "name")}
    return {name: cut(fact) for name, fact in named.items() if isinstance(fact, str)}


def _left(exchange: Exchange, plan: Plan) -> bytes | HttpAnswer | None:
    """Return the answer that leaves: the node's own, unless a fault put another one, or none, in its place."""
    if FAULT not in exchange.notes:
        return exchange.answer
    return next((step.content for step in plan if isinstance(step, Send)), None)


def _kept_answer(answer: bytes | HttpAnswer | None) -> Kept | None:
    if answer is None:
        return None
    if isinstance(answer, HttpAnswer):
        content_type = next((v for n, v in answer.headers if n.lower() == "content-type"), "")
        start = (str(answer.status), phrase_of(answer.status))
        return kept_http(start, list(answer.headers), answer.body, content_type)
    return _kept_binary(answer)


def _kept_binary(wire: bytes) -> KeptBinary:
    return KeptBinary(redacted(wire)[:MESSAGE_BYTES_MAX], len(wire))
