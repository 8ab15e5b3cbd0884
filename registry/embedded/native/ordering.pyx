# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Runs of a segment's records in the order of their handles, and pages out of many runs."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc

from idnode.registry.embedded.native.core cimport SegmentView, SlotTable, log_view, slot_table


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
    ctypedef struct order_key:
        const uint8_t *handle
        uint32_t length
    order_key order_key_at(const log_view *log, uint64_t place)
    bint order_build(const log_view *log, uint32_t slot, uint64_t start, uint64_t end, order_run *run)
    bint order_join(const log_view *log, uint32_t slot, const order_run *runs, uint32_t count, order_run *run)
    uint8_t *order_pack(const order_run *run, uint8_t *out)
    bint order_unpack(const uint8_t *packed, const uint8_t *end, order_run *run)
    void order_seek(const log_view *log, order_cursor *cursor, const uint8_t *key, uint32_t bytes, bint behind)
    bint order_fill(const slot_table *table, const log_view *log, order_cursor *cursors, uint32_t count,
                    const uint8_t *opening, uint32_t opening_bytes, uint64_t looks, order_page *page)


cdef extern from "varint.h" nogil:
    enum:
        VARINT_BYTES_MAX


cdef extern from "crc32c.h" nogil:
    uint32_t crc32c(const uint8_t *data, size_t length)


cdef class Run:
    """The records that set values in an extent of a segment, in the order of their folded handles.

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

    def checksum(self):
        """Return the CRC-32C of the offsets, made without the interpreter's lock."""
        cdef uint32_t crc
        with nogil:
            crc = crc32c(<const uint8_t *>self.at, self.count * 4)
        return crc

    def packed(self):
        """Return the offsets in fewer bytes, for `unpack`."""
        cdef order_run run
        cdef uint8_t *end
        cdef uint8_t *packed = <uint8_t *>malloc(self.count * VARINT_BYTES_MAX + 1)
        if packed is NULL:
            raise MemoryError
        run.at = <uint32_t *>self.at
        run.count = self.count
        with nogil:
            end = order_pack(&run, packed)
        try:
            return PyBytes_FromStringAndSize(<const char *>packed, end - packed)
        finally:
            free(packed)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, <void *>self.at, <Py_ssize_t>self.count * 4, 1, flags)

    def __releasebuffer__(self, Py_buffer *buffer):
        pass


def build(SegmentView segments not None, uint32_t slot, uint64_t start, uint64_t end):
    """Return the run of the records between two offsets (bytes) of a segment; without the interpreter's lock."""
    cdef order_run made
    cdef bint ok
    segments.enter()
    with nogil:
        ok = order_build(segments.view, slot, start, end, &made)
    segments.leave()
    if not ok:
        raise MemoryError
    return _owning(slot, start, end, &made)


cdef Run _owning(uint32_t slot, uint64_t start, uint64_t end, order_run *made):
    cdef Run run = Run(slot, start, end)
    run.own = made.at
    run.at = made.at
    run.count = made.count
    return run


def join(SegmentView segments not None, list runs not None):
    """Return the run of neighbouring extents, given theirs, at least one, in order; without the interpreter's lock."""
    if not runs:
        raise ValueError("Nothing can be made of no runs")
    cdef Run first = runs[0], run = runs[len(runs) - 1]
    cdef uint32_t count = <uint32_t>len(runs), i, slot = first.slot
    cdef uint64_t end = run.end
    cdef order_run made
    cdef bint ok
    cdef order_run *parts = <order_run *>malloc(count * sizeof(order_run))
    if parts is NULL:
        raise MemoryError
    for i in range(count):
        run = runs[i]
        parts[i].at = <uint32_t *>run.at
        parts[i].count = run.count
    segments.enter()
    with nogil:
        ok = order_join(segments.view, slot, parts, count, &made)
    segments.leave()
    free(parts)
    if not ok:
        raise MemoryError
    return _owning(slot, first.start, end, &made)


def adopt(uint32_t slot, uint64_t start, uint64_t end, offsets):
    """Return a run over offsets that lie in somebody's buffer, such as a mapped file."""
    cdef Run run = Run(slot, start, end)
    PyObject_GetBuffer(offsets, &run.buffer, PyBUF_SIMPLE)
    run.borrowed = True
    run.at = <const uint32_t *>run.buffer.buf
    run.count = <uint64_t>run.buffer.len // 4
    return run


def unpack(uint32_t slot, uint64_t start, uint64_t end, bytes packed not None):
    """Return the run that `Run.packed` was called of, ``None`` if it was of none."""
    cdef const uint8_t *bytes_ = <const uint8_t *>PyBytes_AS_STRING(packed)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(packed)
    cdef order_run made
    cdef uint32_t *fitting
    cdef bint ok
    made.at = <uint32_t *>malloc(size * sizeof(uint32_t) + 1)
    if made.at is NULL:
        raise MemoryError
    with nogil:
        ok = order_unpack(bytes_, bytes_ + size, &made)
    if not ok:
        free(made.at)
        return None
    fitting = <uint32_t *>realloc(made.at, made.count * sizeof(uint32_t) + 1)
    if fitting is not NULL:
        made.at = fitting
    return _owning(slot, start, end, &made)


def page(SlotTable table not None, list runs not None, bytes opening not None, bytes after not None,
         uint32_t limit, uint64_t looks):
    """Return up to ``limit`` places of live handles that start with ``opening`` and sort behind ``after``.

    With them comes the handle of the last record looked at if ``looks`` records were not enough, else ``None``. Keys
    are folded. Runs must not overlap.
    """
    cdef Py_ssize_t count = len(runs), i
    cdef Run run
    cdef order_page filled
    cdef order_key last
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
        if not filled.more or filled.found == limit:
            return places, None
        last = order_key_at(table.segments.view, filled.last)
        return places, last.handle[:last.length].upper()
    finally:
        free(cursors)
        free(filled.places)
