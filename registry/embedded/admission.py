"""Admission: what becomes of each mutation, decided at the point of serialisation.

A mutation is judged (`registry/decisions.py`) by the contents of the register and by the earlier mutations of the
same commit group, which are not visible yet. What is admitted becomes a row of the group; what is refused leaves
no trace. Nothing here knows files, threads or time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.decisions import NEW, REPLACED, change, creation
from idnode.registry.embedded.group import Group
from idnode.registry.embedded.index import Index
from idnode.registry.embedded.storage.record import DELETE, PUT, RESTRICTED, Record
from idnode.registry.errors import HandleNotFound
from idnode.registry.handle.errors import RegistryError
from idnode.registry.mutation import (
    AddValues,
    Applied,
    Create,
    Delete,
    ModifyValues,
    Mutation,
    Outcome,
    RemoveValues,
)

SLICE_WORK: Final = 512
"""Units of work (a plain create is one) after which the event loop is given back: about a millisecond."""

_MERGE_WORK: Final = 8
_BYTES_A_UNIT: Final = 512


@dataclass(slots=True)
class Rewrite:
    """Compaction's wish to log a live record anew, provided that it still is the live one."""

    record: Record


@dataclass(slots=True)
class KeepTombstone:
    """Compaction's wish to log a deletion anew, provided that the handle is still absent."""

    record: Record


Entry = Mutation | Rewrite | KeepTombstone
"""What the writer takes: mutations of callers and wishes of compaction."""


class Admission:
    """Decides mutations, one after the other, against the index and one open group."""

    def __init__(self, index: Index, read: Callable[[int], Record]) -> None:
        self._place = index.get
        self._read = read
        self.work = 0
        """Units of work done; the caller sets it to 0 when it gives the loop back."""
        self._decisions: dict[type, Callable[[Any, Group], Applied]] = {
            Create: self._create,
            Delete: self._delete,
            AddValues: self._change,
            ModifyValues: self._change,
            RemoveValues: self._change,
            Rewrite: self._rewrite,
            KeepTombstone: self._keep_tombstone,
        }

    def admit(
        self, entries: Sequence[Entry], start: int, group: Group, outcomes: list[Outcome]
    ) -> int:
        """Decide entries from ``start`` on, at least one, until a slice of work is done.

        Appends an outcome for each entry decided and returns the position of the next one.
        """
        decisions = self._decisions
        decided = outcomes.append
        for position in range(start, len(entries)):
            entry = entries[position]
            self.work += 1
            try:
                decided(decisions[type(entry)](entry, group))
            except RegistryError as error:
                decided(error.with_traceback(None))
            if self.work >= SLICE_WORK:
                return position + 1
        return len(entries)

    def _create(self, create: Create, group: Group) -> Applied:
        handle = create.handle
        values = create.values
        if len(values) > _BYTES_A_UNIT:
            self._weigh(values)
        key = handle.upper()
        row = group.latest.get(key)
        exists = self._place(key) is not None if row is None else group.kinds[row] == PUT
        public = creation(create, exists=exists)
        group.add(key, handle, values, PUT, 0 if public else RESTRICTED)
        return REPLACED if exists else NEW

    def _delete(self, delete: Delete, group: Group) -> Applied:
        key = delete.handle.upper()
        if not self._exists(key, group):
            raise HandleNotFound("Handle does not exist")
        group.add(key, delete.handle, b"", DELETE, 0)
        return REPLACED

    def _change(self, mutation: AddValues | ModifyValues | RemoveValues, group: Group) -> Applied:
        key = mutation.handle.upper()
        handle, packed = self._present(key, group)
        self._weigh(packed)
        handle, values, public, outcome = change(mutation, handle, packed)
        assert values is not None  # only a deletion stores none
        group.add(key, handle, values, PUT, 0 if public else RESTRICTED)
        return outcome

    def _rewrite(self, rewrite: Rewrite, group: Group) -> Applied:
        record = rewrite.record
        key = record.handle.upper()
        self._weigh(record.values)
        if key not in group.latest and self._place(key) == record.place:
            group.add(key, record.handle, record.values, PUT, record.flags & RESTRICTED)
        return REPLACED

    def _keep_tombstone(self, keep: KeepTombstone, group: Group) -> Applied:
        key = keep.record.handle.upper()
        if not self._exists(key, group):
            group.add(key, keep.record.handle, b"", DELETE, 0)
        return REPLACED

    def _exists(self, key: bytes, group: Group) -> bool:
        row = group.latest.get(key)
        return self._place(key) is not None if row is None else group.kinds[row] == PUT

    def _present(self, key: bytes, group: Group) -> tuple[bytes, bytes]:
        """Return a record's handle as spelled at its creation, and its packed values."""
        row = group.latest.get(key)
        if row is not None:
            if group.kinds[row] == PUT:
                return group.handles[row], group.values[row]
        elif (place := self._place(key)) is not None:
            record = self._read(place)
            return record.handle, record.values
        raise HandleNotFound("Handle does not exist")

    def _weigh(self, values: bytes) -> None:
        self.work += _MERGE_WORK + len(values) // _BYTES_A_UNIT


def bytes_of(entry: Entry) -> int:
    """Return the bytes that an entry holds in the queue, about."""
    kind = type(entry)
    if kind is Create or kind is AddValues or kind is ModifyValues:
        return len(entry.values)  # type: ignore[union-attr]
    if kind is Rewrite:
        return len(entry.record.values)  # type: ignore[union-attr]
    return 0
