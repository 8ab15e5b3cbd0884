"""Decides what becomes of one mutation, given the record that its handle has: pure functions that engines share.

An engine calls them at its point of serialisation: the record given is the one that the mutation meets, with
everything before it carried out. Each returns what is to be stored, or raises why the mutation is refused; what
is refused leaves no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idnode.registry.errors import BatchAborted, HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle.errors import IndexConflict, InvalidHandle, RecordTooLarge
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.values import all_public, sorted_by_index, spans
from idnode.registry.mutation import AddValues, Applied, Create, Delete, ModifyValues, RemoveValues

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idnode.registry.mutation import Mutation, Outcome
    from idnode.registry.register import Stored

NEW: Final = Applied(replaced=False)
REPLACED: Final = Applied(replaced=True)

_CERTAINLY_FITS_BYTES: Final = 512


class Decision(NamedTuple):
    """Holds what is to be stored under a handle."""

    handle: bytes
    """As spelled when its record was created."""
    values: bytes | None
    """The packed values, ascending by index unless they come from a creation; ``None`` deletes the record."""
    public: bool
    """Whether everybody may read every value."""
    outcome: Applied


def decide(mutation: Mutation, existing: Stored | None) -> Decision:
    """Return what a mutation makes of the record that its handle has.

    Raises:
        Refused: Nothing, for the reason that this is.
        InvalidHandle: A creation's handle has no legal length.

    """
    if isinstance(mutation, Create):
        public = creation(mutation, exists=existing is not None)
        outcome = NEW if existing is None else REPLACED
        return Decision(mutation.handle, mutation.values, public, outcome)
    if existing is None:
        raise HandleNotFound("Handle does not exist")
    if isinstance(mutation, Delete):
        return Decision(existing.handle, None, public=False, outcome=REPLACED)
    return change(mutation, existing.handle, existing.values)


def creation(create: Create, *, exists: bool) -> bool:
    """Return whether everybody may read every value of a record that is created or replaced whole.

    Raises:
        InvalidHandle: The handle has no legal length.
        RecordTooLarge: Over the limits of a record.
        HandleExists: There is a record, and it may not be overwritten.

    """
    handle, values = create.handle, create.values
    if not 0 < len(handle) <= HANDLE_BYTES_MAX:
        raise InvalidHandle(f"Handle must have 1 to {HANDLE_BYTES_MAX} bytes")
    if len(values) > _CERTAINLY_FITS_BYTES:
        _require_size(values)
    if exists and not create.overwrite:
        raise HandleExists("Handle already exists")
    public = create.public
    return all_public(values) if public is None else public


def change(
    mutation: AddValues | ModifyValues | RemoveValues, handle: bytes, packed: bytes
) -> Decision:
    """Return what a mutation makes of a record with this handle and these packed values.

    Raises:
        IndexConflict: Two values share an index.
        ValuesNotFound: An index to be modified or removed is not there.
        RecordTooLarge: Over the limits of a record.

    """
    present = _distinct(packed)
    outcome = REPLACED
    if isinstance(mutation, RemoveValues):
        _require(mutation.indexes, present)
        for index in mutation.indexes:
            present.pop(index, None)  # the same index may be named twice
    else:
        coming = _distinct(mutation.values)
        if isinstance(mutation, ModifyValues):
            _require(coming, present)
        else:
            clash = next((index for index in coming if index in present), None)
            if clash is not None and not mutation.overwrite:
                raise IndexConflict(clash)
            outcome = NEW if clash is None else REPLACED
        present.update(coming)
    values = sorted_by_index(present)
    if len(present) > VALUES_MAX:
        raise RecordTooLarge(f"A record has at most {VALUES_MAX} values")
    _require_size(values)
    return Decision(handle, values, all_public(values), outcome)


def aborted(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return what an all-or-nothing submission with a refused item tells each of its items."""
    return [
        BatchAborted("Another item of the batch was refused")
        if isinstance(outcome, Applied)
        else outcome
        for outcome in outcomes
    ]


def _distinct(packed: bytes) -> dict[int, bytes]:
    """Return each packed value under its index; two under one index are a conflict."""
    found: dict[int, bytes] = {}
    for span in spans(packed):
        if span.index in found:
            raise IndexConflict(span.index)
        found[span.index] = packed[span.start : span.end]
    return found


def _require(indexes: Iterable[int], present: dict[int, bytes]) -> None:
    for index in indexes:
        if index not in present:
            raise ValuesNotFound(f"Value {index} does not exist")


def _require_size(values: bytes) -> None:
    if len(values) > RECORD_BYTES_MAX:
        raise RecordTooLarge(f"A record has at most {RECORD_BYTES_MAX} bytes of values")
