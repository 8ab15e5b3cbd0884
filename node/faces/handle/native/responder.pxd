from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from idnode.registry.embedded.native.core cimport SlotTable, log_view, slot_table
from idnode.registry.overlay.computed cimport computed_prefix


cdef extern from "served.h" nogil:
    ctypedef struct served_prefix:
        uint32_t at, bytes
        uint64_t found, missing
    ctypedef struct served_prefixes:
        uint32_t mask
        uint8_t *names
        served_prefix *entry
    served_prefixes *served_new(uint32_t count, size_t names_bytes)
    void served_free(served_prefixes *served)
    void served_add(served_prefixes *served, uint64_t hash, const uint8_t *key, size_t n,
                    const computed_prefix *computed)


cdef extern from "counts.h" nogil:
    enum:
        BOUNDS_MAX
    ctypedef struct time_bounds:
        uint32_t count
        uint64_t *nanoseconds
    ctypedef struct answer_counts:
        uint64_t found, missing, nanoseconds
        uint64_t *bucket
    uint64_t count_read(uint64_t *counter)
    uint64_t monotonic_nanoseconds()
    void count_answers(answer_counts *counts, const time_bounds *bounds, uint64_t found, uint64_t missing,
                       uint64_t took)


cdef extern from "answer.h" nogil:
    enum:
        NOT_MINE
        ANSWER_MAX
        DATAGRAM_MAX
        DATAGRAMS_MAX
        ENVELOPE
        LEFT_ALL
    ctypedef struct answerer:
        const slot_table *table
        const log_view *log
        served_prefixes *served
        uint32_t site_serial
        bint mark_truncated
        uint32_t datagram_answer_max
    size_t answer(answerer *a, const uint8_t *data, size_t n, uint32_t now, uint8_t *out, uint32_t *code,
                  served_prefix **prefix)
    size_t answer_cut(const answerer *a, uint8_t *whole, size_t n)


cdef extern from "stream.h" nogil:
    enum:
        STREAM_ROOM
    ctypedef struct stream_run:
        size_t used, bytes
        bint incomplete
        uint64_t found, missing
    stream_run stream_answer(answerer *a, const uint8_t *data, size_t n, uint32_t now, uint8_t *out)


cdef extern from "workers.h" nogil:
    enum:
        WORKERS_MAX
        WORKER_FACES_MAX
        LOAN_NONE
    ctypedef stream_run worker_answer(answerer *a, void *memory, const uint8_t *data, size_t n, int64_t now,
                                      uint8_t *out) noexcept
    ctypedef struct worker_face:
        answerer *answers
        worker_answer *answer
        const void *memory
        size_t memory_bytes
        const time_bounds *bounds
    ctypedef struct loan:
        uint64_t last
        int64_t next
        uint8_t *held
        uint8_t *unsent
        size_t held_bytes, unsent_bytes
    ctypedef struct worker:
        answer_counts answers[2]
    ctypedef struct workers:
        worker_face face[2]
        uint32_t faces
        int64_t clock_offset
        int told, threads
        loan *loan
        worker thread[64]
    void worker_tell(int descriptor)
    workers *workers_new(uint32_t loans)
    void workers_free(workers *w)
    int workers_start(workers *w, int count)
    void workers_stop(workers *w)
    void workers_quiesce(workers *w)
    bint workers_lend(workers *w, uint32_t at, uint32_t face, int socket, const uint8_t *data, size_t n)
    bint workers_take_back(workers *w, uint32_t at)
    void workers_settle(workers *w, loan *one)
    int64_t workers_returned(workers *w)
    stream_run worker_stream(answerer *a, void *memory, const uint8_t *data, size_t n, int64_t now,
                             uint8_t *out) noexcept


cdef extern from "responder.h" nogil:
    enum:
        THREADS_MAX
    ctypedef struct responder_thread:
        answer_counts answers
        uint64_t received, sent, handed, dropped, unsent, limited
    ctypedef struct responder:
        answerer *answers
        time_bounds bounds
        int64_t clock_offset
        uint32_t answers_per_second
        uint64_t rate_secret
        int threads
        responder_thread *thread
    int responder_start(responder *r, const int *sockets, int count, int handoff)
    void responder_stop(responder *r)
    void responder_quiesce(responder *r)


cdef class Answers:
    cdef answerer answers
    cdef time_bounds bounds
    cdef answer_counts counted
    cdef SlotTable table
    cdef uint8_t *out
    cdef workers *threads
    cdef uint32_t face
    cdef dict _volume
    cdef dict _computed
    cdef _take_volume(self, served_prefixes *served)
    cdef void describe(self, worker_face *face)
