# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Slot table and log view for Python: thin wrappers, all the work is in the headers."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free, malloc


cdef class _Held:
    """A buffer kept exported, so that native readers may use its memory."""

    cdef Py_buffer buffer

    def __cinit__(self, data):
        PyObject_GetBuffer(data, &self.buffer, PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.buffer)


cdef class SegmentView:
    """The mapped segments of a log, for native readers.

    A mapping that was replaced or taken away is kept until no reader can hold it: those of this module say when
    they come and go; other threads are waited for by ``quiesce``, a function that somebody else may put here and
    that returns once none of them holds memory that is not shown any more. It is called with the interpreter's lock
    held, by the thread that changes the log.
    """

    def __cinit__(self):
        self.view = <log_view *>calloc(1, sizeof(log_view))
        if self.view is NULL:
            raise MemoryError
        self._shown = {}
        self._retired = []
        self._readers = 0
        self.quiesce = None

    def __dealloc__(self):
        free(self.view)

    def __call__(self, uint32_t slot, data):
        """Show a segment's mapping under this part of places, ``None`` for none any more."""
        cdef _Held held
        before = self._shown.pop(slot, None)
        if data is None:
            log_map(self.view, slot, NULL, 0)
        else:
            held = _Held(data)
            log_map(self.view, slot, <const uint8_t *>held.buffer.buf, <uint64_t>held.buffer.len)
            self._shown[slot] = held
        if before is not None:
            if self.quiesce is not None:
                self.quiesce()
            self._retire(before)

    cdef void enter(self):
        """Say, holding the interpreter's lock, that memory shown here will be read without it."""
        self._readers += 1

    cdef void leave(self):
        """Say that this is over."""
        self._readers -= 1
        if self._readers == 0 and self._retired:
            self._retired = []

    cdef void _retire(self, held):
        if self._readers:
            self._retired.append(held)


cdef class SlotTable:
    """Folded handle -> place, eight bytes an identifier; one writer, readers without a lock."""

    def __cinit__(self, bytes secret not None, SegmentView segments not None):
        cdef uint64_t words[2]
        if len(secret) != 16:
            raise ValueError("The secret of the hash has 16 bytes")
        words[0] = int.from_bytes(secret[:8], "little")
        words[1] = int.from_bytes(secret[8:], "little")
        self.segments = segments
        self.table = slots_new(words)
        if self.table is NULL:
            raise MemoryError

    def __dealloc__(self):
        slots_free(self.table)

    def __len__(self):
        return slots_count(self.table)

    def get(self, bytes key not None):
        """Return the place of a folded handle, ``None`` when there is none."""
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(key)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(key)
        cdef uint64_t place = slots_get(
            self.table, self.segments.view, slots_hash(self.table, data, length), data, length)
        return place if place else None

    def put(self, bytes key not None, uint64_t place):
        """Set the place of a folded handle; return the place it had."""
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(key)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(key)
        cdef uint64_t old = slots_put(
            self.table, self.segments.view, slots_hash(self.table, data, length), data, length, place)
        if old == <uint64_t>-1:
            raise MemoryError
        return old if old else None

    def put_many(self, keys, places):
        """Set the places of distinct folded handles; return the places they had."""
        return [self.put(key, place) for key, place in zip(keys, places, strict=True)]

    def remove(self, bytes key not None):
        """Forget a folded handle; return the place it had."""
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(key)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(key)
        cdef uint64_t old = slots_remove(
            self.table, self.segments.view, slots_hash(self.table, data, length), data, length)
        return old if old else None

    def take_over(self, SlotTable other not None):
        """Have from now on what another table of the same secret has; that one is not to be used any more.

        Readers see all of the one or all of the other. Called with the interpreter's lock held, by the writer.
        """
        if self.mark() != other.mark() or self.segments is not other.segments:
            raise ValueError("The tables are not of one register")
        slots_exchange(self.table, other.table)
        if self.segments.quiesce is not None:
            self.segments.quiesce()
        self.segments._retire(other)

    def memory_bytes(self):
        """Return the bytes of memory that the table occupies."""
        return slots_bytes(self.table)

    def mark(self):
        """Return eight bytes that depend on the secret, which tell its tables apart."""
        return (<uint64_t>slots_hash(self.table, NULL, 0)).to_bytes(8, "little")

    def groups(self):
        """Return the depth of the directory, and depth, number of pages and of slots of each group."""
        cdef uint64_t at = 0
        cdef slot_group *group = slots_next_group(self.table, &at)
        found = []
        while group is not NULL:
            found.append((slots_depth(group), slots_pages(group), group.used))
            group = slots_next_group(self.table, &at)
        return slots_directory_depth(self.table), found

    def dump(self, uint64_t block_slots, uint32_t place_bytes):
        """Yield the packed slots of all groups, whole groups together until they have this many slots.

        No place must need more than so many bytes.
        """
        cdef uint64_t at = 0, count = 0
        cdef slot_group *group
        cdef size_t group_slots = GROUP_PAGES * PAGE_SLOTS
        cdef uint64_t *slots = <uint64_t *>malloc(group_slots * 8)
        cdef uint8_t *packed = <uint8_t *>malloc((block_slots + group_slots) * PACKED_SLOT_MAX)
        cdef uint8_t *end = packed
        if place_bytes > PLACE_BYTES_MAX:
            raise ValueError("A place has no more than five bytes")
        try:
            if slots is NULL or packed is NULL:
                raise MemoryError
            group = slots_next_group(self.table, &at)
            while group is not NULL:
                end = packed_put(end, slots, slots_collect(group, slots), place_bytes)
                count += group.used
                group = slots_next_group(self.table, &at)
                if count >= block_slots or group is NULL:
                    yield PyBytes_FromStringAndSize(<const char *>packed, end - packed)
                    end, count = packed, 0
        finally:
            free(slots)
            free(packed)


cdef class Restoring:
    """The groups of a table that was saved, to be filled from the blocks of its dump, several at the same time."""

    cdef SlotTable table
    cdef slot_group **groups
    cdef uint32_t *used
    cdef Py_ssize_t count
    cdef uint32_t place_bytes

    def __cinit__(self, SlotTable table not None, uint32_t depth, list groups not None, uint32_t place_bytes):
        """Take an empty table, what `SlotTable.groups` gave, and how many bytes a place has.

        Raises:
            ValueError: That does not fit together.

        """
        cdef uint64_t at = 0
        cdef uint32_t group_depth, pages
        cdef Py_ssize_t i
        self.table = table
        self.place_bytes = place_bytes
        self.count = len(groups)
        self.groups = <slot_group **>malloc(self.count * sizeof(slot_group *) + 1)
        self.used = <uint32_t *>malloc(self.count * sizeof(uint32_t) + 1)
        if self.groups is NULL or self.used is NULL:
            raise MemoryError
        if place_bytes > PLACE_BYTES_MAX or slots_restore(table.table, depth):
            raise ValueError("The table is not empty, or cannot be like that")
        for i in range(self.count):
            group_depth, pages, self.used[i] = groups[i]
            self.groups[i] = slots_restore_group(table.table, &at, group_depth, pages, self.used[i])
            if self.groups[i] is NULL:
                raise ValueError("A group does not fit in")
        if at != <uint64_t>1 << depth:
            raise ValueError("Groups are missing")

    def __dealloc__(self):
        free(self.groups)
        free(self.used)

    def fill(self, Py_ssize_t first, Py_ssize_t behind, bytes block not None):
        """Fill the groups from ``first`` on, without the interpreter's lock; returns whether the block does that."""
        cdef const uint8_t *packed = <const uint8_t *>PyBytes_AS_STRING(block)
        cdef const uint8_t *end = packed + PyBytes_GET_SIZE(block)
        cdef Py_ssize_t i
        if not 0 <= first <= behind <= self.count:
            raise IndexError(behind)
        with nogil:
            for i in range(first, behind):
                packed = packed_take(packed, end, self.groups[i], self.used[i], self.place_bytes)
                if packed is NULL:
                    break
        return packed == end
