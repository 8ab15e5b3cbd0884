# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Runs of a segment's records in the order of their handles, and pages out of many runs."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from registry.native.core cimport SegmentView, SlotTable, log_view, slot_table


cdef extern from "order.h" nogil:
    enum:
        SPAN_BITS
    ctypedef struct order_run:
        uint32_t *at
        uint64_t count
    ctypedef struct order_cursor:
        const uint32_t *at
        uint64_t count
        uint64_t base
    ctypedef struct order_page:
        uint64_t *places
        uint32_t limit
        uint32_t found
        uint64_t last
        bint more
    bint order_build(const log_view *log, uint32_t slot, uint64_t start, uint64_t end, order_run *run)
    void order_seek(const log_view *log, order_cursor *cursor, const uint8_t *key, uint32_t bytes, bint behind)
    bint order_fill(const slot_table *table, const log_view *log, order_cursor *cursors, uint32_t count,
                    const uint8_t *opening, uint32_t opening_bytes, uint64_t looks, order_page *page)


cdef class Run:
    """The records that set values in a stretch of a segment, in the order of their folded handles.

    As a buffer it is offsets in units of 8 bytes, four bytes each.
    """

    cdef const uint32_t *at
    cdef uint64_t count
    cdef uint32_t *own
    cdef Py_buffer buffer
    cdef bint borrowed
    cdef readonly uint32_t slot
    cdef readonly uint64_t start
    cdef readonly uint64_t end

    def __cinit__(self, uint32_t slot, uint64_t start, uint64_t end):
        self.slot = slot
        self.start = start
        self.end = end

    def __dealloc__(self):
        free(self.own)
        if self.borrowed:
            PyBuffer_Release(&self.buffer)

    def __len__(self):
        return self.count

    def offsets(self):
        """Return the offsets as a view of memory."""
        return memoryview(<const uint8_t[:self.count * 4]>(<const uint8_t *>self.at)) if self.count else b""


def build(SegmentView segments not None, uint32_t slot, uint64_t start, uint64_t end):
    """Return the run of the records between two offsets (bytes) of a segment; without the interpreter's lock."""
    cdef Run run = Run(slot, start, end)
    cdef order_run made
    cdef bint ok
    segments.enter()
    with nogil:
        ok = order_build(segments.view, slot, start, end, &made)
    segments.leave()
    if not ok:
        raise MemoryError
    run.own = made.at
    run.at = made.at
    run.count = made.count
    return run


def adopt(uint32_t slot, uint64_t start, uint64_t end, offsets):
    """Return a run over offsets that lie in somebody's buffer, such as a mapped file."""
    cdef Run run = Run(slot, start, end)
    PyObject_GetBuffer(offsets, &run.buffer, PyBUF_SIMPLE)
    run.borrowed = True
    run.at = <const uint32_t *>run.buffer.buf
    run.count = <uint64_t>run.buffer.len // 4
    return run


def page(SlotTable table not None, list runs not None, bytes opening not None, bytes after not None,
         uint32_t limit, uint64_t looks):
    """Return up to ``limit`` places of live handles that start with ``opening`` and sort behind ``after``.

    With them comes the place of the last record looked at if ``looks`` records were not enough, else 0. Keys are
    folded. Runs must not overlap.
    """
    cdef Py_ssize_t count = len(runs), i
    cdef Run run
    cdef order_page filled
    cdef bint ok = False, behind = after >= opening
    cdef bytes start = after if behind else opening
    cdef const uint8_t *key = <const uint8_t *>PyBytes_AS_STRING(start)
    cdef order_cursor *cursors = <order_cursor *>calloc(count + 1, sizeof(order_cursor))
    filled.limit = limit
    filled.places = <uint64_t *>malloc((limit + 1) * sizeof(uint64_t))
    try:
        if cursors is not NULL and filled.places is not NULL:
            for i in range(count):
                run = runs[i]
                cursors[i].at = run.at
                cursors[i].count = run.count
                cursors[i].base = <uint64_t>run.slot << SPAN_BITS
                order_seek(table.segments.view, &cursors[i], key, <uint32_t>PyBytes_GET_SIZE(start), behind)
            ok = order_fill(table.table, table.segments.view, cursors, <uint32_t>count,
                            <const uint8_t *>PyBytes_AS_STRING(opening), <uint32_t>PyBytes_GET_SIZE(opening),
                            looks, &filled)
        if not ok:
            raise MemoryError
        places = [filled.places[i] for i in range(<Py_ssize_t>filled.found)]
        return places, filled.last if filled.more and filled.found < limit else 0
    finally:
        free(cursors)
        free(filled.places)
