# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Batches from request bytes to log records, and log records into the table."""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from idnode.registry.embedded.native.core cimport SegmentView, SlotTable, log_view, slot_table


cdef extern from "admit.h" nogil:
    enum:
        ITEM_GOOD
        ITEM_ODD
        ITEM_REFUSED
        ITEM_PREFIX_REFUSED
        ITEM_EXISTS
        ITEM_ABORTED
        ITEM_WHOLE_TOO_LARGE
    enum:
        SEGMENTS_MAX
        RECORD_HEADER
    ctypedef struct batch_item:
        uint64_t frame
        uint32_t prefix
        uint32_t start
        uint32_t end
        uint16_t handle_bytes
        uint8_t state
    ctypedef struct batch_prefix:
        uint32_t item
        uint32_t accepted
        bint refused
    ctypedef struct batch:
        const uint8_t *request
        size_t request_bytes
        batch_item *items
        uint32_t count
        uint8_t *frame
        size_t frame_bytes
        uint64_t value_bytes
        batch_prefix *prefixes
        uint32_t prefix_count
        uint32_t failed
        uint32_t accepted
        uint32_t replaced
    const uint8_t *item_name(const batch *b, const batch_item *item)
    bint frame_record(batch *b, const slot_table *t, uint32_t position, const uint8_t *handle, uint16_t handle_bytes,
                      const uint8_t *values, uint32_t values_bytes, bint restricted)
    void batch_fail(batch *b, batch_item *item, int state)
    void batch_fail_all(batch *b, int state)
    void batch_refuse_prefixes(batch *b)
    bint batch_sort(batch *b)
    bint batch_ordered(const batch *b)
    bint batch_admit(batch *b, const slot_table *t, const log_view *log, batch **earlier, uint32_t earlier_count,
                     bint overwrite, bint all_or_nothing, uint64_t whole_bytes_max, uint64_t sequence, bint first)
    void batch_free(batch *b)


cdef extern from "replay.h" nogil:
    ctypedef struct prefix_change:
        uint64_t hash
        int64_t change
        uint32_t at
        uint32_t bytes
    ctypedef struct prefix_changes:
        prefix_change *entry
        uint32_t count
        uint8_t *names
    ctypedef struct replay_counts:
        prefix_changes prefixes
        int64_t *live
        uint64_t tombstones
        uint64_t records
    uint64_t replay_verify(const log_view *log, uint32_t slot, uint64_t start, uint64_t end, uint64_t enough,
                           uint64_t *sequence)
    void replay_clear(replay_counts *counts)
    ctypedef struct replay_bulk:
        pass
    replay_bulk *bulk_new()
    void bulk_free(replay_bulk *bulk)
    bint bulk_add(replay_bulk *bulk, slot_table *t, const log_view *log, uint32_t slot, uint64_t start, uint64_t end,
                  replay_counts *counts)
    bint bulk_flush(replay_bulk *bulk, slot_table *t, const log_view *log, replay_counts *counts)


cdef extern from "apply.h" nogil:
    ctypedef struct batch_extent:
        uint64_t place
        uint64_t bytes
    bint batch_apply(const batch *b, slot_table *t, const log_view *log, const batch_extent *extent,
                     uint32_t extents, replay_counts *counts)
    uint32_t batch_offsets(const batch *b, uint64_t start, uint64_t size, uint64_t offset, uint32_t *at)


cdef extern from "ndjson.h" nogil:
    enum:
        C_BROKEN "READ_BROKEN"
        C_TOO_MANY "READ_TOO_MANY"
        C_NO_MEMORY "READ_NO_MEMORY"
        C_MORE_BEHIND "READ_MORE_BEHIND"
    int read_msgpack(batch *b, const slot_table *t, uint32_t now, uint32_t items_max)
    int read_ndjson(batch *b, const slot_table *t, uint32_t now, uint32_t items_max)


GOOD = ITEM_GOOD
ODD = ITEM_ODD
REFUSED = ITEM_REFUSED
PREFIX_REFUSED = ITEM_PREFIX_REFUSED
EXISTS = ITEM_EXISTS
WHOLE_TOO_LARGE = ITEM_WHOLE_TOO_LARGE
READ_BROKEN = C_BROKEN
READ_TOO_MANY = C_TOO_MANY
READ_MORE_BEHIND = C_MORE_BEHIND


cdef class Batch:
    """The items of one request; as a buffer, the log records of those that were admitted."""

    cdef batch *b
    cdef bytes request
    cdef SlotTable table
    cdef readonly int problem
    """What is wrong with the request as a whole, 0 if nothing is: READ_BROKEN, READ_TOO_MANY, READ_MORE_BEHIND."""

    def __cinit__(self, SlotTable table not None, bytes request not None):
        if PyBytes_GET_SIZE(request) >= 1 << 31:
            raise ValueError("A request has less than 2 GiB")
        self.table = table
        self.request = request
        self.b = <batch *>calloc(1, sizeof(batch))
        if self.b is NULL:
            raise MemoryError
        self.b.request = <const uint8_t *>PyBytes_AS_STRING(request)
        self.b.request_bytes = <size_t>PyBytes_GET_SIZE(request)

    def __dealloc__(self):
        batch_free(self.b)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.b.frame, <Py_ssize_t>self.b.frame_bytes, 1, flags)

    def __releasebuffer__(self, Py_buffer *buffer):
        pass

    def read(self, bint lines, uint32_t now, uint32_t items_max):
        """Go through the request (NDJSON ``lines``, else msgpack) without the interpreter's lock, once."""
        cdef int problem
        with nogil:
            if lines:
                problem = read_ndjson(self.b, self.table.table, now, items_max)
            else:
                problem = read_msgpack(self.b, self.table.table, now, items_max)
            if problem == 0 and not batch_sort(self.b):
                problem = C_NO_MEMORY
        if problem == C_NO_MEMORY:
            raise MemoryError
        self.problem = problem

    def __len__(self):
        return self.b.count

    @property
    def value_bytes(self):
        return self.b.value_bytes

    @property
    def accepted(self):
        return self.b.accepted

    @property
    def replaced(self):
        return self.b.replaced

    @property
    def failed(self):
        return self.b.failed

    def next_in_state(self, uint32_t position, int state):
        """Return the first position from this one on whose item is in a state; the length if there is none."""
        while position < self.b.count and self.b.items[position].state != state:
            position += 1
        return position

    def next_failed(self, uint32_t position):
        """Return the first position from this one on whose item is not good; the length if there is none."""
        while position < self.b.count and self.b.items[position].state == ITEM_GOOD:
            position += 1
        return position

    def state(self, uint32_t position):
        """Return the state of an item."""
        if position >= self.b.count:
            raise IndexError(position)
        return self.b.items[position].state

    def source(self, uint32_t position):
        """Return the bytes of an unrecognised item in the request."""
        if position >= self.b.count:
            raise IndexError(position)
        return self.request[self.b.items[position].start:self.b.items[position].end]

    def handle(self, uint32_t position):
        """Return the handle of an item that was framed."""
        cdef batch_item *item
        if position >= self.b.count:
            raise IndexError(position)
        item = &self.b.items[position]
        if item.state == ITEM_ODD or item.state == ITEM_REFUSED:
            raise ValueError("The item has no record")
        return item_name(self.b, item)[:item.handle_bytes]

    def prefix_of(self, uint32_t position):
        """Return the number of a framed item's prefix."""
        if position >= self.b.count:
            raise IndexError(position)
        return self.b.items[position].prefix

    def take(self, uint32_t position, bytes handle not None, bytes values not None, bint public):
        """Frame a record for an unrecognised item."""
        if position >= self.b.count or self.b.items[position].state != ITEM_ODD:
            raise ValueError("The item is not unrecognised")
        if not frame_record(self.b, self.table.table, position,
                            <const uint8_t *>PyBytes_AS_STRING(handle), <uint16_t>PyBytes_GET_SIZE(handle),
                            <const uint8_t *>PyBytes_AS_STRING(values), <uint32_t>PyBytes_GET_SIZE(values),
                            not public):
            raise MemoryError

    def refuse(self, uint32_t position):
        """Refuse an unrecognised item."""
        if position >= self.b.count or self.b.items[position].state != ITEM_ODD:
            raise ValueError("The item is not unrecognised")
        batch_fail(self.b, &self.b.items[position], ITEM_REFUSED)

    def samples(self):
        """Return for each prefix, by number, the position of an item that has it."""
        return [self.b.prefixes[i].item for i in range(self.b.prefix_count)]

    def refuse_prefixes(self, numbers):
        """Refuse all items of these prefixes."""
        cdef uint32_t number
        for number in numbers:
            if number >= self.b.prefix_count:
                raise IndexError(number)
            self.b.prefixes[number].refused = True
        with nogil:
            batch_refuse_prefixes(self.b)

    def abort(self):
        """Refuse all items that are good so far."""
        with nogil:
            batch_fail_all(self.b, ITEM_ABORTED)

    def admit(self, uint64_t sequence, bint first, bint overwrite, bint all_or_nothing, uint64_t whole_bytes_max,
              list earlier not None):
        """Decide the items behind those of earlier batches of the same commit group; for the register's writer.

        Most of it is done without the interpreter's lock.
        """
        cdef bint ok
        cdef SegmentView segments = self.table.segments
        cdef uint32_t count = <uint32_t>len(earlier), i
        cdef Batch other
        cdef batch **others = <batch **>calloc(count + 1, sizeof(batch *))
        if others is NULL:
            raise MemoryError
        for i in range(count):
            other = earlier[i]
            others[i] = other.b
        segments.enter()
        with nogil:
            ok = batch_admit(self.b, self.table.table, segments.view, others, count, overwrite, all_or_nothing,
                             whole_bytes_max, sequence, first)
        segments.leave()
        free(others)
        if not ok:
            raise MemoryError

    def apply(self, list extents not None, ReplayCounts counts not None):
        """Make the admitted items visible, whose records lie in these extents: (place, bytes).

        Without the interpreter's lock, and only for the register's writer.
        """
        cdef bint ok
        cdef SegmentView segments = self.table.segments
        cdef uint32_t count = <uint32_t>len(extents), i
        cdef batch_extent *places = <batch_extent *>calloc(count + 1, sizeof(batch_extent))
        if places is NULL:
            raise MemoryError
        for i in range(count):
            places[i].place, places[i].bytes = extents[i]
        segments.enter()
        with nogil:
            ok = batch_apply(self.b, self.table.table, segments.view, places, count, counts.counts)
        segments.leave()
        free(places)
        if not ok:
            raise MemoryError

    @property
    def ordered(self):
        """Whether the order of the records by their folded handles is known."""
        return batch_ordered(self.b)

    def offsets(self, uint64_t start, uint64_t size, uint64_t offset):
        """Return the run of a part of the frame that was written at this offset of a segment.

        Where the records lie, in units of 8 bytes, four bytes each, in the order of the handles if that is known.
        """
        cdef bytes found = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>self.b.accepted * 4)
        cdef uint32_t *at = <uint32_t *>PyBytes_AS_STRING(found)
        cdef uint32_t count
        with nogil:
            count = batch_offsets(self.b, start, size, offset, at)
        return found if count == self.b.accepted else found[:count * 4]

    def accepted_by_prefix(self):
        """Return for each prefix, by number, how many of its items were accepted."""
        return [self.b.prefixes[i].accepted for i in range(self.b.prefix_count)]


cdef class ReplayCounts:
    """What applied records changed, for those who keep account."""

    cdef replay_counts *counts

    def __cinit__(self):
        self.counts = <replay_counts *>calloc(1, sizeof(replay_counts))
        if self.counts is NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.counts is not NULL:
            replay_clear(self.counts)
            free(self.counts)

    @property
    def records(self):
        return self.counts.records

    @property
    def tombstones(self):
        """Bytes of tombstones."""
        return self.counts.tombstones

    def prefixes(self):
        """Return (folded prefix, identifiers gained or lost) of each prefix that was touched."""
        cdef prefix_changes *changes = &self.counts.prefixes
        cdef uint32_t i
        found = []
        for i in range(changes.count):
            if changes.entry[i].change:
                start = <const uint8_t *>changes.names + changes.entry[i].at
                found.append((start[:changes.entry[i].bytes], changes.entry[i].change))
        return found

    def live(self):
        """Return (segment, change of its live bytes) of each segment that was touched."""
        return [(i, self.counts.live[i]) for i in range(SEGMENTS_MAX) if self.counts.live[i]]


def verify(SegmentView segments not None, uint32_t slot, uint64_t start, uint64_t end, uint64_t enough,
           uint64_t sequence):
    """Return (offset, sequence) of the last whole group from ``start`` on, as far as nothing is unrecognised.

    About ``enough`` bytes are looked at, at most up to ``end``; ``sequence`` is that of the record before.
    """
    cdef uint64_t reached
    segments.enter()
    with nogil:
        reached = replay_verify(segments.view, slot, start, end, enough, &sequence)
    segments.leave()
    return reached, sequence


cdef class Replay:
    """Applies very many records: gathers them, and puts them into the table corner by corner."""

    cdef replay_bulk *bulk
    cdef SlotTable table
    cdef readonly ReplayCounts counts

    def __cinit__(self, SlotTable table not None):
        self.table = table
        self.counts = ReplayCounts()
        self.bulk = bulk_new()
        if self.bulk is NULL:
            raise MemoryError

    def __dealloc__(self):
        bulk_free(self.bulk)

    def add(self, uint32_t slot, uint64_t start, uint64_t end):
        """Take a verified extent of the log; as `apply`, but visible only after `flush`."""
        cdef bint ok
        cdef SegmentView segments = self.table.segments
        segments.enter()
        with nogil:
            ok = bulk_add(self.bulk, self.table.table, segments.view, slot, start, end, self.counts.counts)
        segments.leave()
        if not ok:
            raise MemoryError

    def flush(self):
        """Apply what was taken."""
        cdef bint ok
        cdef SegmentView segments = self.table.segments
        segments.enter()
        with nogil:
            ok = bulk_flush(self.bulk, self.table.table, segments.view, self.counts.counts)
        segments.leave()
        if not ok:
            raise MemoryError
