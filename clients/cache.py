"""Answers kept for as long as their values may be, by ``now`` and bounded.

Rules (handle-protocol.md §3.1, "TTL use in caches"): an answer lives as long as its shortest-lived value;
a relative TTL counts from retrieval and at most two days; TTL 0 is never kept; only successes are kept.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from idnode.registry.handle.limits import TTL_SECONDS_MAX
from idnode.registry.handle.model import TtlType
from idnode.registry.handle.names import fold

if TYPE_CHECKING:
    from idnode.clients.answer import Answer, Question

ANSWERS_MAX: Final = 10_000
"""Answers that a cache keeps unless told otherwise; at 1 kB each about 10 MB."""

_Key = tuple[bytes, frozenset[int], frozenset[bytes], int]


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: "Answer"
    until: float


class AnswerCache:
    """A bounded cache of answers; when it is full, the answer that was used longest ago gives way.

    ``now`` is in epoch seconds throughout, since values may carry absolute expiries.
    """

    def __init__(self, answers_max: int = ANSWERS_MAX) -> None:
        self.answers_max = answers_max
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, question: "Question", now: float) -> "Answer | None":
        """Return a kept answer to the same question, its handle spelled as asked now, or None."""
        key = _key(question)
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= now:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return replace(kept.answer, handle=question.handle, seconds=0.0, from_cache=True)

    def put(self, question: "Question", answer: "Answer", now: float) -> None:
        """Keep an answer if its code and its values allow it."""
        seconds = seconds_to_keep(answer, now)
        if seconds <= 0:
            return
        key = _key(question)
        self._kept[key] = _Kept(answer, now + seconds)
        self._kept.move_to_end(key)
        while len(self._kept) > self.answers_max:
            self._kept.popitem(last=False)

    def forget(self, handle: bytes) -> None:
        """Drop every answer about a handle, whatever the spelling and the filters."""
        folded = fold(handle)
        for key in [key for key in self._kept if key[0] == folded]:
            del self._kept[key]

    def clear(self) -> None:
        """Drop every answer."""
        self._kept.clear()


def seconds_to_keep(answer: "Answer", now: float) -> float:
    """Return how long an answer may be kept from ``now`` on; zero or less means not at all."""
    if not answer.succeeded or not answer.values:
        return 0.0
    shortest = min(
        value.ttl - now if value.ttl_type == TtlType.ABSOLUTE else float(value.ttl)
        for value in answer.values
    )
    return min(shortest, float(TTL_SECONDS_MAX))


def _key(question: "Question") -> _Key:
    types = frozenset(fold(entry) for entry in question.types)
    return fold(question.handle), frozenset(question.indexes), types, question.op_flags
