# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Slot table and log view for Python: thin wrappers, all the work is in the headers."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free


cdef class _Held:
    """A buffer kept exported, so that native readers may use its memory."""

    cdef Py_buffer buffer

    def __cinit__(self, data):
        PyObject_GetBuffer(data, &self.buffer, PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.buffer)


cdef class SegmentView:
    """The mapped segments of a log, for native readers."""

    def __cinit__(self):
        self.view = <log_view *>calloc(1, sizeof(log_view))
        if self.view is NULL:
            raise MemoryError
        self._buffers = {}

    def __dealloc__(self):
        free(self.view)

    def map(self, uint32_t slot, data):
        """Show a segment's mapping under this part of places; returns the mapping shown before.

        The caller keeps what is returned alive until no native reader can hold it.
        """
        cdef _Held held = _Held(data)
        log_map(self.view, slot, <const uint8_t *>held.buffer.buf, <uint64_t>held.buffer.len)
        before = self._buffers.get(slot)
        self._buffers[slot] = held
        return before

    def unmap(self, uint32_t slot):
        """Hide a segment; returns its mapping, to be kept alive as `map` says."""
        log_map(self.view, slot, NULL, 0)
        return self._buffers.pop(slot, None)


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
        return self.table.used

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

    def memory_bytes(self):
        """Return the bytes of memory that the table occupies."""
        return slots_bytes(self.table)
