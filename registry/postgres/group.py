"""Decides what one transaction does: what submissions make of the records that are there, and their outcomes.

Nothing here knows the database. Plain creations need no look at what is there, since inserting them says which
were; everything else is decided (`registry/decisions.py`) on rows that the transaction has locked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from idnode.registry.decisions import NEW, aborted, creation, decide
from idnode.registry.errors import HandleExists
from idnode.registry.handle.errors import InvalidHandle, RegistryError
from idnode.registry.handle.names import PREFIX_HANDLE_START, fold, prefix_of
from idnode.registry.mutation import Create
from idnode.registry.postgres.limits import CREATED_HANDLE_BYTES_MAX
from idnode.registry.register import Stored

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping, Sequence

    from idnode.registry.mutation import Mutation, Outcome


class Submission:
    """Mutations of one caller, who waits for ``done``."""

    __slots__ = ("bytes", "done", "mutations", "plain", "whole")

    def __init__(
        self, mutations: Sequence[Mutation], done: asyncio.Future[list[Outcome]], *, whole: bool
    ) -> None:
        self.mutations = mutations
        self.done = done
        self.whole = whole
        self.bytes = sum(_bytes_of(mutation) for mutation in mutations)
        self.plain = not whole and all(
            type(mutation) is Create and not mutation.overwrite for mutation in mutations
        )


class Row(NamedTuple):
    """A record that is there."""

    stored: Stored
    version: int


@dataclass(frozen=True)
class Written:
    """Holds what a transaction writes, ascending by folded handle."""

    created: list[tuple[bytes, Stored]]
    changed: list[tuple[bytes, Stored, int]]
    deleted: list[tuple[bytes, int]]

    @cached_property
    def counts(self) -> dict[bytes, int]:
        """By how many handles each prefix grows, ascending by prefix."""
        grown = Counter(prefix_of(key) for key, _stored in self.created)
        grown.subtract(prefix_of(key) for key, _version in self.deleted)
        return {prefix: grown[prefix] for prefix in sorted(grown) if grown[prefix]}

    @cached_property
    def prefix_handles(self) -> dict[bytes, Stored | None]:
        """Prefix handles that are written, ascending, and what becomes of each."""
        written: dict[bytes, Stored | None] = dict(filter(_of_prefix, self.created))
        written |= {key: stored for key, stored, _version in filter(_of_prefix, self.changed)}
        written |= {key: None for key, _version in filter(_of_prefix, self.deleted)}
        return {key: written[key] for key in sorted(written)}


def _of_prefix(item: tuple[bytes, Any] | tuple[bytes, Any, int]) -> bool:
    return item[0].startswith(PREFIX_HANDLE_START)


class PlainCreations:
    """Creations that replace nothing; which of them are new, the database says."""

    def __init__(self, submissions: Sequence[Submission]) -> None:
        self._judged: list[bytes | RegistryError] = []
        wanted: dict[bytes, Stored] = {}
        for submission in submissions:
            for mutation in submission.mutations:
                assert type(mutation) is Create  # a plain submission has nothing else
                self._judged.append(_judge(mutation, wanted))
        self.wanted = [(key, wanted[key]) for key in sorted(wanted)]
        # That all are new is usual, and this may be a thread, so the answers are made up already.
        self._if_all_are_new = self._decided(set(wanted))

    def decided(self, made: set[bytes]) -> tuple[list[Outcome], Written]:
        """Return the outcomes in order, and what is written, given the folded handles that were inserted."""
        if len(made) == len(self.wanted):
            return self._if_all_are_new
        return self._decided(made)

    def _decided(self, made: set[bytes]) -> tuple[list[Outcome], Written]:
        written = Written([item for item in self.wanted if item[0] in made], [], [])
        _ = written.counts, written.prefix_handles  # looked up here, and kept
        left = set(made)
        found: list[Outcome] = []
        for judged in self._judged:
            if isinstance(judged, RegistryError):
                found.append(judged)
            elif judged in left:
                left.remove(judged)  # the first one made it
                found.append(NEW)
            else:
                found.append(HandleExists("Handle already exists"))
        return found, written


def _judge(create: Create, wanted: dict[bytes, Stored]) -> bytes | RegistryError:
    """Return the folded handle of a creation that is in order; the first one of a handle is wanted."""
    try:
        _check_size(create)
        public = creation(create, exists=False)
    except RegistryError as error:
        return error.with_traceback(None)
    key = fold(create.handle)
    wanted.setdefault(key, Stored(create.handle, create.values, public))
    return key


def _check_size(mutation: Mutation) -> None:
    """Refuse what the database would refuse together with everything else in the transaction."""
    if type(mutation) is Create and len(mutation.handle) > CREATED_HANDLE_BYTES_MAX:
        raise InvalidHandle(f"Handle is longer than {CREATED_HANDLE_BYTES_MAX} bytes")


def keys_of(submissions: Sequence[Submission]) -> list[bytes]:
    """Return the folded handles that submissions are about, ascending and once each."""
    return sorted({fold(each.handle) for some in submissions for each in some.mutations})


def decided(
    submissions: Sequence[Submission], rows: Mapping[bytes, Row]
) -> tuple[list[Outcome], Written]:
    """Return the outcomes of all mutations, in order, and what is to be written."""
    now: dict[bytes, Stored | None] = {}
    outcomes: list[Outcome] = []
    for submission in submissions:
        # A whole one is decided on a page of its own, which counts only if nothing was refused.
        found = _Page(rows, now) if submission.whole else _Page(rows, {}, now)
        some = [found.decide(each) for each in submission.mutations]
        if submission.whole:
            if any(isinstance(outcome, RegistryError) for outcome in some):
                some = aborted(some)
            else:
                now |= found.now
        outcomes += some
    return outcomes, _written(now, rows)


class _Page:
    """Holds what mutations have made of records so far: ``now``, before that ``earlier``, before that ``rows``."""

    def __init__(
        self,
        rows: Mapping[bytes, Row],
        earlier: Mapping[bytes, Stored | None],
        now: dict[bytes, Stored | None] | None = None,
    ) -> None:
        self._rows = rows
        self._earlier = earlier
        self.now = {} if now is None else now

    def decide(self, mutation: Mutation) -> Outcome:
        """Return the outcome of a mutation, and note what it makes of its record."""
        key = fold(mutation.handle)
        try:
            _check_size(mutation)
            handle, values, public, outcome = decide(mutation, self._existing(key))
        except RegistryError as error:
            return error.with_traceback(None)
        self.now[key] = None if values is None else Stored(handle, values, public)
        return outcome

    def _existing(self, key: bytes) -> Stored | None:
        for page in (self.now, self._earlier):
            if key in page:
                return page[key]
        row = self._rows.get(key)
        return None if row is None else row.stored


def _written(now: Mapping[bytes, Stored | None], rows: Mapping[bytes, Row]) -> Written:
    written = Written([], [], [])
    for key in sorted(now):
        stored, row = now[key], rows.get(key)
        if stored is None:
            if row is not None:
                written.deleted.append((key, row.version))
        elif row is None:
            written.created.append((key, stored))
        elif stored != row.stored:
            written.changed.append((key, stored, row.version))
    return written


def distributed(
    submissions: Iterable[Submission], outcomes: list[Outcome]
) -> Iterable[tuple[Submission, list[Outcome]]]:
    """Yield each submission with its part of the outcomes."""
    start = 0
    for submission in submissions:
        stop = start + len(submission.mutations)
        yield submission, outcomes[start:stop]
        start = stop


def _bytes_of(mutation: Mutation) -> int:
    return len(mutation.handle) + len(getattr(mutation, "values", b""))
