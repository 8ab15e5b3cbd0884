from libc.stddef cimport size_t
from libc.stdint cimport uint8_t


cdef extern from "computed.h" nogil:
    const char *COMPUTED_CAPSULE
    ctypedef struct computed_identifier:
        pass
    ctypedef struct computed_prefix:
        const void *made
        bint (*find)(const void *made, const uint8_t *suffix, size_t n, computed_identifier *found)
        size_t (*values)(const void *made, const computed_identifier *one, uint8_t *out, size_t room)
