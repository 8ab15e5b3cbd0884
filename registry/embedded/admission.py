"""Admission: what becomes of each mutation, decided at the point of serialisation.

A mutation is judged by the contents of the register and by the earlier mutations of the same commit group,
which are not visible yet. What is admitted becomes a row of the group; what is refused leaves no trace.
Nothing here knows files, threads or time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.embedded.group import Group
from idnode.registry.embedded.index import Index
from idnode.registry.embedded.storage.record import DELETE, PUT, RESTRICTED, Record
from idnode.registry.errors import BatchAborted, HandleExists, HandleNotFound, ValuesNotFound
from idnode.registry.handle.errors import (
    IndexConflict,
    InvalidHandle,
    RecordTooLarge,
    RegistryError,
)
from idnode.registry.handle.limits import HANDLE_BYTES_MAX, RECORD_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.values import all_public, sorted_by_index, spans
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
_NEW: Final = Applied(replaced=False)
_REPLACED: Final = Applied(replaced=True)


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
            AddValues: self._add,
            ModifyValues: self._modify,
            RemoveValues: self._remove,
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
        if not 0 < len(handle) <= HANDLE_BYTES_MAX:
            raise InvalidHandle(f"Handle must have 1 to {HANDLE_BYTES_MAX} bytes")
        if len(values) > _BYTES_A_UNIT:
            _require_size(values)
            self._weigh(values)
        key = handle.upper()
        row = group.latest.get(key)
        exists = self._place(key) is not None if row is None else group.kinds[row] == PUT
        if exists and not create.overwrite:
            raise HandleExists("Handle already exists")
        public = create.public
        if public is None:
            public = all_public(values)
        group.add(key, handle, values, PUT, 0 if public else RESTRICTED)
        return _REPLACED if exists else _NEW

    def _delete(self, delete: Delete, group: Group) -> Applied:
        key = delete.handle.upper()
        if not self._exists(key, group):
            raise HandleNotFound("Handle does not exist")
        group.add(key, delete.handle, b"", DELETE, 0)
        return _REPLACED

    def _add(self, add: AddValues, group: Group) -> Applied:
        handle, present = self._present(add.handle, group)
        added = _distinct(add.values)
        clashes = added.keys() & present.keys()
        if clashes and not add.overwrite:
            raise IndexConflict(next(index for index in added if index in clashes))
        present.update(added)
        self._replace(handle, present, group)
        return _REPLACED if clashes else _NEW

    def _modify(self, modify: ModifyValues, group: Group) -> Applied:
        handle, present = self._present(modify.handle, group)
        modified = _distinct(modify.values)
        _require(modified, present)
        present.update(modified)
        self._replace(handle, present, group)
        return _REPLACED

    def _remove(self, remove: RemoveValues, group: Group) -> Applied:
        handle, present = self._present(remove.handle, group)
        _require(remove.indexes, present)
        for index in remove.indexes:
            present.pop(index, None)
        self._replace(handle, present, group)
        return _REPLACED

    def _rewrite(self, rewrite: Rewrite, group: Group) -> Applied:
        record = rewrite.record
        key = record.handle.upper()
        self._weigh(record.values)
        if key not in group.latest and self._place(key) == record.place:
            group.add(key, record.handle, record.values, PUT, record.flags & RESTRICTED)
        return _REPLACED

    def _keep_tombstone(self, keep: KeepTombstone, group: Group) -> Applied:
        key = keep.record.handle.upper()
        if not self._exists(key, group):
            group.add(key, keep.record.handle, b"", DELETE, 0)
        return _REPLACED

    def _exists(self, key: bytes, group: Group) -> bool:
        row = group.latest.get(key)
        return self._place(key) is not None if row is None else group.kinds[row] == PUT

    def _present(self, handle: bytes, group: Group) -> tuple[bytes, dict[int, bytes]]:
        """Return a record's handle as spelled at its creation, and its values by index."""
        key = handle.upper()
        row = group.latest.get(key)
        place = self._place(key) if row is None else None
        if row is not None and group.kinds[row] == PUT:
            found, values = group.handles[row], group.values[row]
        elif place is not None:
            record = self._read(place)
            found, values = record.handle, record.values
        else:
            raise HandleNotFound("Handle does not exist")
        self._weigh(values)
        return found, _distinct(values)

    def _replace(self, handle: bytes, present: dict[int, bytes], group: Group) -> None:
        values = sorted_by_index(present)
        if len(present) > VALUES_MAX:
            raise RecordTooLarge(f"A record has at most {VALUES_MAX} values")
        _require_size(values)
        flags = 0 if all_public(values) else RESTRICTED
        group.add(handle.upper(), handle, values, PUT, flags)

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


def _require(indexes: Sequence[int] | dict[int, bytes], present: dict[int, bytes]) -> None:
    for index in indexes:
        if index not in present:
            raise ValuesNotFound(f"Value {index} does not exist")


def _require_size(values: bytes) -> None:
    if len(values) > RECORD_BYTES_MAX:
        raise RecordTooLarge(f"A record has at most {RECORD_BYTES_MAX} bytes of values")
