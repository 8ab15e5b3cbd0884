# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Plain GETs of one record, answered natively from the bytes that arrive on a connection."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from idnode.node.faces.handle.native.responder cimport (
    Answers,
    answerer,
    count_answers,
    monotonic_nanoseconds,
    stream_run,
    worker_face,
)

__all__ = ["PlainGets"]


cdef extern from "gets.h" nogil:
    enum:
        HOST_NAMES_MAX
        HOST_NAME_BYTES_MAX
    ctypedef struct host_name:
        uint8_t bytes
        char *name
    ctypedef struct admitted_hosts:
        bint any
        unsigned int count
        host_name *name
    ctypedef struct gets_memory:
        admitted_hosts hosts
    ctypedef struct gets_run:
        size_t used, bytes
        uint64_t found
    void gets_begin(gets_memory *m)
    gets_run gets_answer_run(answerer *a, gets_memory *m, const uint8_t *data, size_t n, int64_t now, uint8_t *out)
    stream_run gets_stream(answerer *a, void *memory, const uint8_t *data, size_t n, int64_t now, uint8_t *out) noexcept


cdef class PlainGets(Answers):
    """Plain GETs of one register's records, answered by the caller's thread; one thread at a time."""

    cdef gets_memory *memory

    def __cinit__(self, *arguments, **options):
        self.memory = <gets_memory *>calloc(1, sizeof(gets_memory))
        if self.memory is NULL:
            raise MemoryError
        gets_begin(self.memory)

    def __dealloc__(self):
        free(self.memory)

    cdef void describe(self, worker_face *face):
        """Say what threads answer on connections."""
        Answers.describe(self, face)
        face.answer = gets_stream
        face.memory = self.memory
        face.memory_bytes = sizeof(gets_memory)

    def admit(self, names):
        """Answer who names one of these hosts, in lower case, with or without a port; ``None``: any host.

        Names that are too long, or too many, are left to the caller.
        """
        cdef bytes name
        cdef admitted_hosts *hosts = &self.memory.hosts
        memset(hosts, 0, sizeof(admitted_hosts))
        if names is None:
            hosts.any = True
            return
        fitting = [each for each in names if 0 < len(each) <= HOST_NAME_BYTES_MAX]
        for name in fitting[:HOST_NAMES_MAX]:
            hosts.name[hosts.count].bytes = <uint8_t>len(name)
            memcpy(hosts.name[hosts.count].name, PyBytes_AS_STRING(name), len(name))
            hosts.count += 1

    def answer_gets(self, bytes data not None, int64_t now, double waited=0.0):
        """Answer the plain GETs that these bytes are and count them; returns the answers and the bytes answered.

        Nothing is answered where anything else is among them; else the first ones are, as far as native code may.
        ``now`` is in epoch seconds. The requests waited so many seconds before they were read, which counts
        as part of the time that they took.
        """
        cdef uint64_t started = monotonic_nanoseconds() - <uint64_t>(waited * 1e9)
        cdef gets_run run = gets_answer_run(
            &self.answers, self.memory, <const uint8_t *>PyBytes_AS_STRING(data),
            <size_t>PyBytes_GET_SIZE(data), now, self.out)
        if not run.used:
            return b"", 0
        count_answers(&self.counted, &self.bounds, run.found, 0, monotonic_nanoseconds() - started)
        return PyBytes_FromStringAndSize(<char *>self.out, <Py_ssize_t>run.bytes), run.used
