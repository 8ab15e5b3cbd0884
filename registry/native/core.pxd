from libc.stdint cimport uint32_t, uint64_t, uint8_t


cdef extern from "logview.h" nogil:
    ctypedef struct log_view:
        pass
    void log_map(log_view *log, uint32_t slot, const uint8_t *base, uint64_t bytes)


cdef extern from "slots.h" nogil:
    ctypedef struct slot_table:
        uint64_t used
    slot_table *slots_new(const uint64_t secret[2])
    void slots_free(slot_table *table)
    uint64_t slots_bytes(const slot_table *table)
    uint64_t slots_hash(const slot_table *table, const uint8_t *key, size_t length)
    uint64_t slots_get(const slot_table *table, const log_view *log, uint64_t hash,
                       const uint8_t *key, size_t length)
    uint64_t slots_put(slot_table *table, const log_view *log, uint64_t hash,
                       const uint8_t *key, size_t length, uint64_t place)
    uint64_t slots_remove(slot_table *table, const log_view *log, uint64_t hash,
                          const uint8_t *key, size_t length)


cdef class SegmentView:
    cdef log_view *view
    cdef dict _buffers


cdef class SlotTable:
    cdef slot_table *table
    cdef readonly SegmentView segments
