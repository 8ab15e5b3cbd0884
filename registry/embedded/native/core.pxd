from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef extern from "logview.h" nogil:
    ctypedef struct log_view:
        pass
    void log_map(log_view *log, uint32_t slot, const uint8_t *base, uint64_t bytes)


cdef extern from "slots.h" nogil:
    enum:
        GROUP_PAGES
        PAGE_SLOTS
    ctypedef struct slot_table:
        pass
    ctypedef struct slot_group:
        uint32_t used
    slot_table *slots_new(const uint64_t secret[2])
    void slots_free(slot_table *table)
    uint64_t slots_bytes(const slot_table *table)
    uint64_t slots_count(const slot_table *table)
    uint64_t slots_hash(const slot_table *table, const uint8_t *key, size_t length)
    uint64_t slots_get(const slot_table *table, const log_view *log, uint64_t hash,
                       const uint8_t *key, size_t length)
    uint32_t slots_depth(slot_group *group)
    uint32_t slots_pages(slot_group *group)


cdef extern from "slots_write.h" nogil:
    uint32_t slots_collect(slot_group *group, uint64_t *out)
    uint64_t slots_put(slot_table *table, const log_view *log, uint64_t hash,
                       const uint8_t *key, size_t length, uint64_t place)
    uint64_t slots_remove(slot_table *table, const log_view *log, uint64_t hash,
                          const uint8_t *key, size_t length)
    void slots_exchange(slot_table *table, slot_table *other)


cdef extern from "slots_save.h" nogil:
    enum:
        PACKED_SLOT_MAX
        PLACE_BYTES_MAX
    slot_group *slots_next_group(const slot_table *table, uint64_t *at)
    uint32_t slots_directory_depth(const slot_table *table)
    int slots_restore(slot_table *table, uint32_t depth)
    slot_group *slots_restore_group(slot_table *table, uint64_t *at, uint32_t depth, uint32_t pages, uint32_t used)
    uint8_t *packed_put(uint8_t *out, const uint64_t *slots, uint32_t count, uint32_t place_bytes)
    const uint8_t *packed_take(const uint8_t *packed, const uint8_t *end, slot_group *group, uint32_t count,
                               uint32_t place_bytes)


cdef class SegmentView:
    cdef log_view *view
    cdef dict _shown
    cdef list _retired
    cdef int _readers
    cdef public object quiesce
    cdef void enter(self)
    cdef void leave(self)
    cdef void _retire(self, held)


cdef class SlotTable:
    cdef slot_table *table
    cdef readonly SegmentView segments
