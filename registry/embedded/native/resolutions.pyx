# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Many handles of one request, resolved without an object a handle."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from idnode.registry.embedded.native.core cimport SegmentView, SlotTable, log_view, slot_table


cdef extern from "resolve.h" nogil:
    enum:
        READ_NO_MEMORY
        RESOLVE_WINDOW
    ctypedef struct wanted_handle:
        uint32_t start
    ctypedef struct wanted_prefix:
        uint32_t start
        uint32_t answered
        uint16_t bytes
        bint served
    ctypedef struct resolution:
        const uint8_t *request
        size_t request_bytes
        wanted_handle *handles
        uint32_t *ends
        uint32_t count
        wanted_prefix *prefixes
        uint32_t prefix_count
        uint8_t *out
        size_t out_bytes
    ctypedef struct resolve_row:
        pass
    int read_handles(resolution *q, const slot_table *t, uint32_t items_max)
    uint32_t resolve_from(resolution *q, const slot_table *t, const log_view *log, uint32_t start, size_t enough,
                          resolve_row *rows)
    void resolution_free(resolution *q)


cdef class HandleBatch:
    """The handles of one request: a msgpack array of texts."""

    cdef resolution *q
    cdef resolve_row *rows
    cdef bytes request
    cdef SlotTable table
    cdef readonly bint plain
    """Whether the request is such an array; otherwise nothing here is of use."""

    def __cinit__(self, SlotTable table not None, bytes request not None):
        if PyBytes_GET_SIZE(request) >= 1 << 31:
            raise ValueError("A request has less than 2 GiB")
        self.table = table
        self.request = request
        self.q = <resolution *>calloc(1, sizeof(resolution))
        self.rows = <resolve_row *>malloc(RESOLVE_WINDOW * sizeof(resolve_row))
        if self.q is NULL or self.rows is NULL:
            raise MemoryError
        self.q.request = <const uint8_t *>PyBytes_AS_STRING(request)
        self.q.request_bytes = <size_t>PyBytes_GET_SIZE(request)

    def __dealloc__(self):
        resolution_free(self.q)
        free(self.rows)

    def read(self, uint32_t items_max):
        """Go through the request, once, without the interpreter's lock; returns itself."""
        cdef int problem
        with nogil:
            problem = read_handles(self.q, self.table.table, items_max)
        if problem == READ_NO_MEMORY:
            raise MemoryError
        self.plain = problem == 0
        return self

    def __len__(self):
        return self.q.count

    def handle(self, uint32_t position):
        """Return a handle as asked for."""
        if position >= self.q.count:
            raise IndexError(position)
        return self.request[self.q.handles[position].start:self.q.ends[position]]

    def prefixes(self):
        """Return the prefixes that were asked for, by number, each in one of its spellings."""
        return [self._prefix(i) for i in range(self.q.prefix_count)]

    cdef bytes _prefix(self, uint32_t number):
        cdef wanted_prefix *prefix = &self.q.prefixes[number]
        return self.request[prefix.start:prefix.start + prefix.bytes]

    def serve(self, numbers):
        """Answer below these prefixes."""
        cdef uint32_t number
        for number in numbers:
            if number >= self.q.prefix_count:
                raise IndexError(number)
            self.q.prefixes[number].served = True

    def answer(self, uint32_t position, size_t enough):
        """Return records from a position on in msgpack, about ``enough`` bytes, and the position of the next handle.

        If fewer bytes come back, the next handle is one for somebody else.
        """
        cdef uint32_t behind
        cdef SegmentView segments = self.table.segments
        segments.enter()
        with nogil:
            behind = resolve_from(self.q, self.table.table, segments.view, position, enough, self.rows)
        segments.leave()
        return PyBytes_FromStringAndSize(<const char *>self.q.out, <Py_ssize_t>self.q.out_bytes), behind

    def answered(self):
        """Return how many were answered here, by prefix."""
        return {self._prefix(i): self.q.prefixes[i].answered
                for i in range(self.q.prefix_count) if self.q.prefixes[i].answered}
