"""Answers in the order of their requests, whatever the order in which they are made."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from idnode.node.faces.handle.passage import Passage
    from idnode.node.service.handle.response import Reply


class PendingReply:
    """One request's place in the order; its `reply` takes the answer, or each of several."""

    __slots__ = ("_answered", "done", "held", "passage", "queued", "started")

    def __init__(self, answered: Callable[[PendingReply, Reply], None], started: float) -> None:
        self._answered = answered
        self.started = started
        self.done = False
        self.queued = False
        self.held: list[bytes] | None = None
        self.passage: Passage | None = None
        """The request's way through the interceptors, if there are any."""

    def reply(self, reply: Reply) -> None:
        """Take an answer; whatever comes after one that is not continued is dropped."""
        if not self.done:
            if not reply.continued:
                self.done = True
            self._answered(self, reply)


class ReplyQueue:
    """The requests of one connection that are unanswered, and the answers not yet sent.

    ``ready`` are the answers that may be sent; ``size`` counts their bytes and those of the answers that wait
    for an earlier one.
    """

    __slots__ = ("_queue", "ready", "size")

    def __init__(self) -> None:
        self._queue: deque[PendingReply] = deque()
        self.ready: list[bytes] = []
        self.size = 0

    def __len__(self) -> int:
        return len(self._queue)

    def place(self, pending: PendingReply, wire: bytes) -> None:
        """Put an answer where it belongs: it is ready, or waits for those of earlier requests."""
        self.size += len(wire)
        queue = self._queue
        if queue and queue[0] is not pending:
            if pending.held is None:
                pending.held = []
            pending.held.append(wire)
            return
        self.ready.append(wire)
        if pending.queued and pending.done:
            self._release()

    def keep(self, pending: PendingReply) -> None:
        """Remember the latest request's pending unless it was answered and its answer is ready."""
        if not pending.done or pending.held is not None:
            pending.queued = True
            self._queue.append(pending)

    def _release(self) -> None:
        """Drop the turns that are over from the front, and make ready what waited for them."""
        queue = self._queue
        while queue:
            pending = queue[0]
            if pending.held is not None:
                self.ready += pending.held
                pending.held = None
            if not pending.done:
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
