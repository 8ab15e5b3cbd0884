"""Answers in the order of their requests, whatever the order in which they are made."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.service.response import Reply


class Turn:
    """One request's place in the order; its `reply` takes the answer, or each of several."""

    __slots__ = ("_answered", "done", "held", "queued", "started")

    def __init__(self, answered: Callable[[Turn, Reply], None], started: float) -> None:
        self._answered = answered
        self.started = started
        self.done = False
        self.queued = False
        self.held: list[bytes] | None = None

    def reply(self, reply: Reply) -> None:
        """Take an answer; whatever comes after one that is not continued is dropped."""
        if not self.done:
            if not reply.continued:
                self.done = True
            self._answered(self, reply)


class Turns:
    """The requests of one connection that are unanswered, and the answers not yet sent.

    ``ready`` are the answers that may be sent; ``size`` counts their bytes and those of the answers that wait
    for an earlier one.
    """

    __slots__ = ("_queue", "ready", "size")

    def __init__(self) -> None:
        self._queue: deque[Turn] = deque()
        self.ready: list[bytes] = []
        self.size = 0

    def __len__(self) -> int:
        return len(self._queue)

    def place(self, turn: Turn, wire: bytes) -> None:
        """Put an answer where it belongs: it is ready, or waits for those of earlier requests."""
        self.size += len(wire)
        queue = self._queue
        if queue and queue[0] is not turn:
            if turn.held is None:
                turn.held = []
            turn.held.append(wire)
            return
        self.ready.append(wire)
        if turn.queued and turn.done:
            self._release()

    def keep(self, turn: Turn) -> None:
        """Remember the latest request's turn unless it was answered and its answer is ready."""
        if not turn.done or turn.held is not None:
            turn.queued = True
            self._queue.append(turn)

    def _release(self) -> None:
        """Drop the turns that are over from the front, and make ready what waited for them."""
        queue = self._queue
        while queue:
            turn = queue[0]
            if turn.held is not None:
                self.ready += turn.held
                turn.held = None
            if not turn.done:
                return
            queue.popleft()

    def take(self) -> bytes:
        """Return the bytes of the answers that are ready; they count as sent."""
        ready = self.ready
        wire = ready[0] if len(ready) == 1 else b"".join(ready)
        ready.clear()
        self.size -= len(wire)
        return wire

    def clear(self) -> None:
        """Forget everything; answers that still come go nowhere."""
        self._queue.clear()
        self.ready.clear()
        self.size = 0
