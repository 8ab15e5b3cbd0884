"""OverlayChanges to identifiers that may be computed.

A change of a computed identifier first writes its record as computed, together with its whiteout; deleting it writes the
whiteout alone. Each such change is one all-or-nothing submission, so that a refusal or a crash leaves the identifier as
it was. While one is under way, later changes of the same identifier wait: they are decided on what it leaves.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from idnode.registry.errors import BatchAborted, HandleExists, RegisterBusy
from idnode.registry.fetching import fetched, together
from idnode.registry.handle.errors import RecordTooLarge, RegistryError
from idnode.registry.handle.names import fold
from idnode.registry.handle.values import EMPTY
from idnode.registry.limits import BATCH_ITEMS_MAX
from idnode.registry.mutation import Applied, Create, Delete

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.overlay.computed import ComputedPrefix
    from idnode.registry.register import Register, Stored


class _Step(NamedTuple):
    """Holds what becomes of one mutation: an outcome at once, or mutations of which the ``principal`` one counts."""

    mutations: tuple[Mutation, ...]
    principal: int = 0
    outcome: Outcome | None = None
    replaces: bool = False

    @property
    def plain(self) -> bool:
        """Return whether the mutation goes on as it is."""
        return len(self.mutations) == 1 and not self.replaces

    def judged(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the outcome of the mutation, given those of its mutations."""
        outcome = outcomes[self.principal]
        if isinstance(outcome, BatchAborted):
            outcome = next(
                (o for o in outcomes if not isinstance(o, Applied | BatchAborted)), outcome
            )
        if self.replaces and isinstance(outcome, Applied):
            return Applied(replaced=True)
        return outcome


class OverlayChanges:
    """Carries out mutations on a register that has a data set under it.

    ``place_of`` returns where a folded handle stands in the data set, ``whiteout_of`` the handle of its whiteout;
    ``changed`` is called with each folded handle of the data set that a submission named, once it is done.
    """

    def __init__(
        self,
        register: Register,
        place_of: Callable[[bytes], tuple[ComputedPrefix, int] | None],
        whiteout_of: Callable[[bytes], bytes],
        changed: Callable[[bytes], None],
    ) -> None:
        self._register = register
        self._place_of = place_of
        self._whiteout_of = whiteout_of
        self._changed = changed
        self._claims: dict[bytes, asyncio.Event] = {}
        self._under_way: set[asyncio.Task[list[Outcome]]] = set()

    def submit(
        self, mutations: Sequence[Mutation], *, all_or_nothing: bool
    ) -> Awaitable[list[Outcome]]:
        """Carry out mutations as `Register.submit` does."""
        concerned = self._concerned(mutations)
        if not concerned:
            return self._register.submit(mutations, all_or_nothing=all_or_nothing)
        return self._claim(mutations, concerned, whole=all_or_nothing)

    async def _claim(
        self,
        mutations: Sequence[Mutation],
        concerned: dict[bytes, tuple[ComputedPrefix, int]],
        *,
        whole: bool,
    ) -> list[Outcome]:
        """Carry out mutations once no other call changes what they concern."""
        while claim := next((self._claims[key] for key in concerned if key in self._claims), None):
            await claim.wait()
        claim = asyncio.Event()
        self._claims.update(dict.fromkeys(concerned, claim))
        # In a task of its own, because what was logged has to be changed even if the caller goes away.
        task = asyncio.get_running_loop().create_task(
            self._carry_out(mutations, concerned, claim, whole=whole)
        )
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _concerned(self, mutations: Sequence[Mutation]) -> dict[bytes, tuple[ComputedPrefix, int]]:
        """Return the folded handles among those of the mutations that the data set has."""
        found: dict[bytes, tuple[ComputedPrefix, int]] = {}
        for mutation in mutations:
            key = fold(mutation.handle)
            place = self._place_of(key)
            if place is not None:
                found[key] = place
        return found

    async def _carry_out(
        self,
        mutations: Sequence[Mutation],
        concerned: dict[bytes, tuple[ComputedPrefix, int]],
        claim: asyncio.Event,
        *,
        whole: bool,
    ) -> list[Outcome]:
        try:
            steps = await fetched(partial(self._steps, mutations, concerned))
            if whole:
                return await self._as_a_whole(steps)
            return await self._one_by_one(steps)
        finally:
            try:
                await fetched(lambda: together(self._changed, concerned))
            finally:
                # Only now, since whoever waits is decided on what was noted.
                for key in concerned:
                    del self._claims[key]
                claim.set()

    def _steps(
        self, mutations: Sequence[Mutation], concerned: dict[bytes, tuple[ComputedPrefix, int]]
    ) -> list[_Step]:
        steps = []
        computed = {
            key: place for key, place in concerned.items() if place[1] not in place[0].whiteouts
        }
        written = dict(zip(computed, together(self._register.lookup, computed), strict=True))
        for mutation in mutations:
            key = fold(mutation.handle)
            place = computed.get(key)
            step = (
                _Step((mutation,))
                if place is None
                else self._step(mutation, written[key], key, *place)
            )
            if step.mutations and not step.plain:
                del computed[key]  # from here on it is a written one
            steps.append(step)
        return steps

    def _step(
        self,
        mutation: Mutation,
        written: Stored | None,
        key: bytes,
        computed_prefix: ComputedPrefix,
        position: int,
    ) -> _Step:
        whiteout = Create(self._whiteout_of(key), EMPTY, overwrite=True)
        if written is not None:  # written when the data set was another one
            delete = isinstance(mutation, Delete)
            return _Step((whiteout, mutation), principal=1) if delete else _Step((mutation,))
        if isinstance(mutation, Delete):
            return _Step((whiteout,), replaces=True)
        if isinstance(mutation, Create):
            if not mutation.overwrite:
                return _Step((), outcome=HandleExists("Handle already exists"))
            return _Step((mutation, whiteout), replaces=True)
        computed = computed_prefix.computed
        record = Create(computed.handle(position), computed.values(position))
        return _Step((record, whiteout, mutation), principal=2)

    async def _as_a_whole(self, steps: Sequence[_Step]) -> list[Outcome]:
        if any(step.outcome is not None for step in steps):
            return [
                step.outcome or BatchAborted("Another item of the batch was refused")
                for step in steps
            ]
        mutations = [mutation for step in steps for mutation in step.mutations]
        if len(mutations) > BATCH_ITEMS_MAX:
            refusal = RecordTooLarge(f"A batch may write {BATCH_ITEMS_MAX} records as a whole")
            return [refusal] * len(steps)
        return _judged(steps, await self._register.submit(mutations, all_or_nothing=True))

    async def _one_by_one(self, steps: Sequence[_Step]) -> list[Outcome]:
        """Submit runs of plain mutations together, and each of the others as a whole of its own.

        The submissions enter the queue in order, since tasks start in the order in which they were made.
        """
        runs: list[list[_Step]] = []
        for step in steps:
            if step.outcome is not None:
                continue
            if step.plain and runs and runs[-1][-1].plain:
                runs[-1].append(step)
            else:
                runs.append([step])
        submissions = (self._submit_run(run) for run in runs)
        results = await asyncio.gather(*submissions, return_exceptions=True)
        outcomes: list[Outcome] = []
        for run, result in zip(runs, results, strict=True):
            if isinstance(result, RegistryError):
                outcomes += [result] * len(run)
            elif isinstance(result, BaseException):
                raise result
            else:
                outcomes += result
        busy = [outcome for outcome in outcomes if isinstance(outcome, RegisterBusy)]
        if busy and len(busy) == len(outcomes):
            raise busy[0]
        following = iter(outcomes)
        return [step.outcome or next(following) for step in steps]

    async def _submit_run(self, run: Sequence[_Step]) -> list[Outcome]:
        mutations = [mutation for step in run for mutation in step.mutations]
        whole = not run[0].plain
        return _judged(run, await self._register.submit(mutations, all_or_nothing=whole))


def _judged(steps: Sequence[_Step], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return one outcome for each step, given one for each of their mutations."""
    found = []
    start = 0
    for step in steps:
        stop = start + len(step.mutations)
        found.append(step.judged(outcomes[start:stop]))
        start = stop
    return found
