"""Records that are elsewhere: how a request that misses some is carried out again once they are here.

`Register.lookup` never waits. An engine that has to ask another machine raises `NotFetched` instead; whoever called
the request (its outer door) has the missing records fetched and calls it again, from the start. So everything in
between stays plain calls, and the embedded engine, which never raises it, pays nothing.

Three rules make that right. What is called again does nothing that lasts before its last lookup. Each call gets
further than the one before, since what was fetched stays fetched for the task in which that happened; one that does
not is given up after `CALLS_MAX`. And each fetching has a task of its own, so that nothing that one request fetched
is seen by the next one on the same connection.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final, TypeVar

from idnode.registry.errors import RegisterUnavailable
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from idnode.registry.handle.errors import RegistryError
    from idnode.registry.register import Stored

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

CALLS_MAX: Final = 64
"""Times that one request is carried out at most.

A request that follows references needs one call for each step: a record, its prefix handle, lists within lists
(`GROUP_DEPTH_MAX`) of both, a chain of aliases. All of them together stay well below this.
"""


class NotFetched(BaseException):
    """Records are needed that are not here yet; ``prefetch`` is the method of the register that misses them.

    No `Exception`, so that nothing but a door takes it: it is no outcome of any request.
    """

    def __init__(
        self,
        handles: Iterable[bytes],
        prefetch: Callable[[Sequence[bytes]], Awaitable[None]],
    ) -> None:
        super().__init__()
        self.handles = tuple(handles)
        self.prefetch = prefetch

    async def fetch(self) -> None:
        """Have the records fetched, for the task that awaits this; see `Register.prefetch`."""
        await self.prefetch(self.handles)

    @staticmethod
    def joined(missing: Sequence[NotFetched]) -> NotFetched:
        """Return one for what all of these miss, so that it is fetched at once."""
        handles = dict.fromkeys(handle for each in missing for handle in each.handles)
        return NotFetched(handles, missing[0].prefetch)


async def fetched(judge: Callable[[], _Result]) -> _Result:
    """Return what ``judge`` returns, which may be called several times until all that it looks up is here.

    The door inside of work that waits anyway, for each part of it that looks records up.

    Raises:
        RegisterUnavailable: It never came to an end.

    """
    try:
        return judge()
    except NotFetched as missing:
        return await asyncio.get_running_loop().create_task(_call_again(missing, judge))


async def carried_out_again(
    missing: NotFetched, carry_out: Callable[[], Awaitable[_Result]]
) -> _Result:
    """Return what ``carry_out`` returns, which was called before and missed something; the door around a request.

    Raises:
        RegisterUnavailable: It never came to an end.

    """

    async def attempts() -> _Result:
        lacking = missing
        for _ in range(CALLS_MAX):
            await lacking.fetch()
            try:
                return await carry_out()
            except NotFetched as another:
                lacking = another
        raise _given_up()

    return await asyncio.get_running_loop().create_task(attempts())


def together(judge: Callable[[_Argument], _Result], items: Iterable[_Argument]) -> list[_Result]:
    """Return what ``judge`` returns for each item; what any of them misses is asked for at once."""
    results: list[_Result] = []
    missing: list[bytes] = []
    prefetch = None
    for item in items:
        try:
            results.append(judge(item))
        except NotFetched as lacking:  # not kept, since each holds the frames that it passed
            missing += lacking.handles
            prefetch = lacking.prefetch
    if prefetch is not None:
        raise NotFetched(dict.fromkeys(missing), prefetch)
    return results


async def _call_again(missing: NotFetched, judge: Callable[[], _Result]) -> _Result:
    lacking = missing
    for _ in range(CALLS_MAX):
        await lacking.fetch()
        try:
            return judge()
        except NotFetched as another:
            lacking = another
    raise _given_up()


def _given_up() -> RegisterUnavailable:
    return RegisterUnavailable("The records that this takes cannot be had")


_Found = dict[bytes, "tuple[Stored | RegistryError | None, int]"]
"""What one task fetched, by folded handle: the outcome, and the age of prefix handles at which it was asked for."""


class FetchedRecords:
    """Keeps what each task has fetched of a register that is elsewhere: the part of `lookup` that engines share.

    ``prefetch`` is the engine's method of that name, which hands over what it got by `keep`.
    """

    def __init__(self, prefetch: Callable[[Sequence[bytes]], Awaitable[None]]) -> None:
        self._prefetch = prefetch
        self._found: ContextVar[_Found | None] = ContextVar("fetched", default=None)
        self._age = 0

    @property
    def age(self) -> int:
        """Changes of prefix handles until now; to be read before records are asked for, and given to `keep`."""
        return self._age

    def lookup(self, handle: bytes) -> Stored | None:
        """Return the record of a handle in any spelling, None when there is none.

        Raises:
            NotFetched: This task has not fetched it, or it is a prefix handle and one was changed since.
            RegistryError: It could not be fetched.

        """
        key = fold(handle)
        found = self._found.get()
        kept = None if found is None else found.get(key)
        if kept is None or (kept[1] != self._age and key.startswith(PREFIX_HANDLE_START)):
            raise NotFetched((handle,), self._prefetch)
        outcome = kept[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def keep(self, outcomes: Mapping[bytes, Stored | RegistryError | None], age: int) -> None:
        """Have `lookup` answer in this task, and in those that it starts, with these outcomes by folded handle."""
        found = {key: (outcome, age) for key, outcome in outcomes.items()}
        self._found.set((self._found.get() or {}) | found)

    def forget(self, handles: Iterable[bytes]) -> None:
        """Have this task fetch these handles anew, because it has changed them."""
        found = self._found.get()
        if found is not None:
            for handle in handles:
                found.pop(fold(handle), None)

    def changed(
        self, key: bytes, record: Stored | None, callbacks: Iterable[Callable[[bytes], None]]
    ) -> None:
        """Note that a folded prefix handle was changed to this, and call the watchers, who may look it up."""
        self._age += 1

        def tell() -> None:
            self.keep({key: record}, self._age)
            for callback in callbacks:
                callback(key)

        copy_context().run(tell)
