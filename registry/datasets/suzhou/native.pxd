from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from idnode.registry.overlay.computed cimport COMPUTED_CAPSULE, computed_prefix


cdef extern from "suzhou.h" nogil:
    enum:
        SUZHOU_SIZES
        SUZHOU_SUFFIX_MAX
        SUZHOU_SUFFIX
        SUZHOU_RELATED
    ctypedef struct suzhou_table:
        const uint8_t *bytes
        const uint32_t *end
        uint32_t count
    ctypedef struct suzhou_column:
        const uint8_t *texts
        const uint8_t *remainders
        uint32_t count, width
    ctypedef struct suzhou_step:
        suzhou_table table
        uint32_t kind, number
    ctypedef struct suzhou_plan:
        const suzhou_step *step
        const uint8_t *constants
        const uint16_t *before_bytes
        uint32_t steps, after_bytes, bytes_max
    ctypedef struct suzhou_text:
        const uint8_t *bytes
        uint32_t length
    ctypedef struct suzhou_enterprise:
        uint8_t *value_key
        uint64_t number_key, volume, gap, span
        uint32_t digits, checked, days, day_column, suffix_bytes
        uint32_t *size_bound
        suzhou_text prefix, head, join_first, join_second
        suzhou_column first, second
        suzhou_plan *plan
    ctypedef struct suzhou_fields:
        uint64_t first, second, serial
    ctypedef struct suzhou_identifier:
        uint64_t position
        suzhou_fields fields
        const uint8_t *suffix
    suzhou_fields suzhou_fields_at(const suzhou_enterprise *e, uint64_t position)
    uint8_t *suzhou_write(const suzhou_enterprise *e, suzhou_fields f, uint8_t *out)
    bint suzhou_find(const suzhou_enterprise *e, const uint8_t *suffix, size_t n, suzhou_identifier *found)
    size_t suzhou_values(const suzhou_enterprise *e, const suzhou_identifier *one, uint8_t *out, size_t room)
    computed_prefix suzhou_computed(const suzhou_enterprise *e)


cdef class Table:
    cdef bytes joined
    cdef uint32_t *end
    cdef uint32_t count, longest


cdef class Form:
    cdef suzhou_step *step
    cdef uint32_t steps, tables_max, suffixes, related
    cdef list _kept


cdef class NativeEnterprise:
    cdef suzhou_enterprise made
    cdef computed_prefix computed
    cdef readonly bytes prefix
    cdef uint8_t *memory
    cdef size_t used
    cdef list _kept
    cdef const uint8_t *_lend(self, bytes data) except NULL
    cdef suzhou_text _text(self, bytes text)
    cdef suzhou_column _column(self, column)
    cdef _plan(self, suzhou_plan *plan, Form form, befores, bytes after)
