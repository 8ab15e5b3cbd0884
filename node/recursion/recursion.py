"""Finds handles for clients through the tree, and remembers what it found.

`lookup` never waits: what is not remembered raises `NotFetched`, as a register does whose records are elsewhere
(`registry/fetching.py`), and whoever asked is called again once it is here. Equal questions wait for one walk. What is
asked for often is asked for again shortly before its time is over. When nobody can be asked, what is over its time
is served.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idnode.clients.answer import Question
from idnode.clients.calls import run_waiting
from idnode.clients.certification.verify import verify
from idnode.clients.tracing.trace import End, Hop, Trace, trace_object
from idnode.clients.tracing.walk import walk
from idnode.node.recursion.cache import (
    STALE_TTL_SECONDS,
    Cache,
    Entry,
    seconds_to_live,
    stale_form,
)
from idnode.node.recursion.counters import FAILED, HIT, MISS, STALE, RecursionCounters
from idnode.node.service.errors import NobodyAnswers, ServiceError
from idnode.registry.errors import HandleNotFound, ValuesNotFound
from idnode.registry.fetching import NotFetched, fetched
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.names import PREFIX_OF_PREFIXES, complete, fold, prefix_of
from idnode.registry.handle.printing import printable
from idnode.registry.handle.values import pack, unpack
from idnode.registry.handle.wire.constants import OpFlag, ResponseCode, name_of_response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idnode.clients.answer import Answer
    from idnode.clients.tracing.place import Place
    from idnode.clients.tracing.walk import Step
    from idnode.node.recursion.upstream import Upstream
    from idnode.registry.handle.certification.tokens import VerifyingKey
    from idnode.registry.handle.clock import Clock
    from idnode.registry.handle.model import HandleValue

FLAGS: Final = OpFlag.CACHE_CERTIFY | OpFlag.PUBLIC_ONLY
"""Of our own questions: not RECU, for the nodes are to refer us."""

DELEGATIONS_MAX: Final = 20_000
PREFETCH_USES: Final = 3
"""Uses that make a record worth being asked for again before its time is over."""
PREFETCH_SHARE: Final = 0.1
"""Part of its lifetime that is left then."""


@dataclass(frozen=True, slots=True)
class RecursionLimits:
    """Bounds, in handles, bytes and seconds."""

    entries: int = 100_000
    bytes: int = 128 << 20
    negative_seconds: float = 60.0
    stale_seconds: float = 86_400.0
    failure_seconds: float = 5.0


class Freshness(NamedTuple):
    """Tells how what is remembered of a handle stands: what the cache knew, and the seconds since it was fetched."""

    result: str
    age: int


class _Delegation(NamedTuple):
    place: Place
    until: float


class Recursion:
    """The walk and the cache of one recursive node; ``own`` is how its hops are shown.

    ``roots`` are the keys of the identities that certificates have to lead up to in a trusted answer.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # called once, by the composition root
        self,
        root: Place,
        upstream: Upstream,
        clock: Clock,
        own: Hop,
        limits: RecursionLimits | None = None,
        roots: Mapping[str, VerifyingKey] | None = None,
    ) -> None:
        self.counters = RecursionCounters()
        self.limits = limits or RecursionLimits()
        self.cache = Cache(self.limits.entries, self.limits.bytes)
        self._root = root
        self._upstream = upstream
        self._clock = clock
        self._own = own
        self._roots = roots or {}
        self._walking: dict[bytes, asyncio.Task[tuple[Trace, Entry]]] = {}
        self._delegations: dict[bytes, _Delegation] = {}
        self._fetched: ContextVar[dict[bytes, Entry] | None] = ContextVar("walked", default=None)

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._walking.values()):
            task.cancel()
        await asyncio.gather(*self._walking.values(), return_exceptions=True)
        await self._upstream.close()

    def lookup(self, handle: bytes) -> bytes:
        """Return the packed public values of a complete handle.

        Raises:
            NotFetched: It is not remembered.
            HandleNotFound, ValuesNotFound: The node that answers for it says so.
            NobodyAnswers: Nobody could be asked, and nothing is remembered.

        """
        key = fold(handle)
        entry = (self._fetched.get() or {}).get(key)
        if entry is None:
            now = self._clock.now()
            entry = self.cache.get(key, now)
            if entry is None or entry.until <= now:
                raise NotFetched((handle,), self._fetch)
            entry.uses += 1
            self.counters.answers[STALE if entry.stale else HIT] += 1
            if self._is_hot(entry, now):
                self.counters.prefetches += 1
                entry.uses = 1
                self._begin(key, handle)
        if entry.packed is None:
            assert entry.absence is not None
            raise entry.absence(entry.why) if entry.why else entry.absence()
        return entry.packed

    def freshness(self, handle: bytes) -> Freshness:
        """Return how what is remembered of a complete handle stands now."""
        now = self._clock.now()
        key = fold(handle)
        entry = self.cache.get(key, now)
        if entry is None:
            return Freshness(MISS, 0)
        age = int(now - entry.fetched)
        if entry.stale:
            return Freshness(STALE, age)
        return Freshness(HIT if entry.uses else MISS, age)

    def trusted(self, handle: bytes) -> bool:
        """Return whether the record of a complete handle, which was looked up before, is verified.

        Raises:
            NotFetched: That has to be found out first.

        """
        if not self._roots:
            return False
        key = fold(handle)
        entry = (self._fetched.get() or {}).get(key) or self.cache.get(key, self._clock.now())
        if entry is None or entry.packed is None:
            return False
        if entry.verified is None:
            raise NotFetched((handle,), self._verify)
        return entry.verified

    async def _verify(self, handles: Sequence[bytes]) -> None:
        """Find out whether records are signed by whom the roots vouch for."""
        for handle in handles:
            key = fold(handle)
            entry = (self._fetched.get() or {}).get(key) or self.cache.get(key, self._clock.now())
            if entry is None or entry.packed is None:
                continue
            steps = verify(handle, unpack(entry.packed), roots=self._roots, now=self._clock.now())
            verdict = await run_waiting(steps, self._values_of)
            entry.verified = verdict.trusted

    async def _values_of(self, handle: bytes) -> tuple[HandleValue, ...]:
        try:
            return unpack(await fetched(lambda: self.lookup(complete(handle))))
        except (RegistryError, ServiceError):
            return ()  # the link that needs it is broken then

    async def trace(self, question: Question) -> Trace:
        """Return how a handle is found: what is remembered, or a walk, which is remembered."""
        key = fold(question.handle)
        now = self._clock.now()
        known = self.cache.get(key, now)
        if known is not None and known.until > now:
            return self._remembered(question, known)
        walked, entry = await asyncio.shield(self._begin(key, question.handle))
        seconds = sum(hop.seconds for hop in walked.hops)
        result = STALE if entry.stale else MISS
        own = replace(self._hop(question, entry), cache=result, seconds=seconds)
        end = End.ANSWERED if entry.stale else walked.end
        return Trace(walked.handle, (own, *(hop.deeper() for hop in walked.hops)), end, walked.why)

    async def told(self, handle: bytes) -> dict[str, Any]:
        """Return how a complete handle is found, as JSON."""
        return trace_object(await self.trace(Question(handle)))

    def _remembered(self, question: Question, entry: Entry) -> Trace:
        hop = replace(self._hop(question, entry), cache=STALE if entry.stale else HIT)
        if entry.packed is not None:
            end = End.ANSWERED
        else:
            end = End.DEAD_END if entry.absence is NobodyAnswers else End.NOT_FOUND
        return Trace(hop.question, (hop,), end, entry.why or "remembered")

    def _hop(self, question: Question, entry: Entry) -> Hop:
        code = _CODES.get(entry.absence, ResponseCode.ERROR)
        return replace(
            self._own,
            question=printable(question.handle.decode(errors="replace")),
            response_code=int(code),
            response=name_of_response(code),
        )

    def _is_hot(self, entry: Entry, now: float) -> bool:
        left = entry.until - now
        return (
            not entry.stale
            and entry.packed is not None
            and entry.uses >= PREFETCH_USES
            and left < entry.lifetime * PREFETCH_SHARE
        )

    async def _fetch(self, handles: Sequence[bytes]) -> None:
        """Find handles, for the task that awaits this."""
        found = dict(self._fetched.get() or {})
        keys = [fold(handle) for handle in handles]
        self.counters.coalesced += sum(key in self._walking for key in keys)
        tasks = [self._begin(key, handle) for key, handle in zip(keys, handles, strict=True)]
        # Another one may wait for the same walk: its end must not be this one's.
        walked = await asyncio.gather(*(asyncio.shield(task) for task in tasks))
        for key, (_, entry) in zip(keys, walked, strict=True):
            found[key] = entry
            failed = entry.absence is NobodyAnswers
            self.counters.answers[FAILED if failed else STALE if entry.stale else MISS] += 1
        self._fetched.set(found)

    def _begin(self, key: bytes, handle: bytes) -> asyncio.Task[tuple[Trace, Entry]]:
        """Return the walk for a folded handle, which may be under way."""
        task = self._walking.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._walk(key, handle))
            self._walking[key] = task
            task.add_done_callback(lambda _: self._walking.pop(key, None))
        return task

    async def _walk(self, key: bytes, handle: bytes) -> tuple[Trace, Entry]:
        """Walk to a handle, and remember what came of it."""
        if not self._root.node:
            self._root = await self._upstream.described(self._root)
        prefix = prefix_of(key)
        started = self._clock.elapsed()
        known = self._delegations.get(prefix)
        trace = None
        if known is not None and known.until > self._clock.now():
            trace = await self._walk_from(known.place, key, handle)
            if trace.end not in {End.ANSWERED, End.NOT_FOUND, End.REFUSED}:
                # It moved, or is gone, and another walk may have found that out; who delegates knows better.
                self._delegations.pop(prefix, None)
                again = await self._walk_from(self._root, key, handle)
                trace = replace(again, hops=(*trace.hops, *again.hops))
        if trace is None:
            trace = await self._walk_from(self._root, key, handle)
        self.counters.upstream_seconds.add(self._clock.elapsed() - started)
        self.counters.depth.add(len(trace.hops))
        return trace, self._remember(key, trace)

    async def _walk_from(self, start: Place, key: bytes, handle: bytes) -> Trace:
        question = Question(handle, op_flags=FLAGS, recursion_count=1)
        seen: list[tuple[Place, Answer]] = []

        async def ask(step: Step) -> Answer:
            answer = await self._upstream.ask(step)
            if fold(step.question.handle) == key:
                seen.append((step.place, answer))
            return answer

        trace = await run_waiting(walk(question, start, may_ask=self._upstream.may_ask), ask)
        if len(seen) > 1 and trace.end in {End.ANSWERED, End.NOT_FOUND}:
            self._keep_delegation(prefix_of(key), seen[-1][0], seen[-2][1])
        return trace

    def _keep_delegation(self, prefix: bytes, place: Place, referral: Answer) -> None:
        """Remember who answers for a prefix; of a site with several servers another handle has another one."""
        now = self._clock.now()
        seconds = seconds_to_live(referral.values, now)
        if prefix == PREFIX_OF_PREFIXES or not place.alone or not seconds:
            return
        if len(self._delegations) >= DELEGATIONS_MAX:
            del self._delegations[next(iter(self._delegations))]
        self._delegations[prefix] = _Delegation(replace(place, rule="remembered"), now + seconds)

    def _remember(self, key: bytes, trace: Trace) -> Entry:
        now, limits = self._clock.now(), self.limits
        answer = trace.answer
        if trace.end is End.ANSWERED and answer is not None:
            until = now + seconds_to_live(answer.values, now)
            entry = Entry(pack(answer.values), None, "", now, until, until + limits.stale_seconds)
        elif trace.end is End.NOT_FOUND and answer is not None:
            absent = answer.response_code == ResponseCode.HANDLE_NOT_FOUND
            until = now + limits.negative_seconds
            entry = Entry(None, HandleNotFound if absent else ValuesNotFound, "", now, until, until)
        elif answer is not None and answer.response_code in _NOWHERE:
            until = now + limits.negative_seconds
            entry = Entry(None, HandleNotFound, "", now, until, until)
        else:
            self.counters.upstream_failures += 1
            entry = self._failed(key, trace, now)
        self.cache.put(key, entry)
        return entry

    def _failed(self, key: bytes, trace: Trace, now: float) -> Entry:
        """Return what is served while nobody answers: the former record, with a short TTL, or the failure."""
        former = self.cache.get(key, now)
        if former is not None and former.packed is not None:
            return replace(
                former,
                packed=stale_form(former.packed),
                until=now + STALE_TTL_SECONDS,
                stale=True,
                why=f"{trace.end}: {trace.why}",
            )
        until = now + self.limits.failure_seconds
        return Entry(None, NobodyAnswers, f"{trace.end}: {trace.why}", now, until, until)


_NOWHERE: Final = (ResponseCode.SERVER_NOT_RESPONSIBLE,)
"""What the last node of a walk says of a prefix that nobody has."""

_CODES: Final[dict[type[Exception] | None, ResponseCode]] = {
    None: ResponseCode.SUCCESS,
    HandleNotFound: ResponseCode.HANDLE_NOT_FOUND,
    ValuesNotFound: ResponseCode.VALUES_NOT_FOUND,
}
