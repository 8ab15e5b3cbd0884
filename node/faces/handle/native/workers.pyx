# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Threads that answer plain resolutions on connections which the event loop lends them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free
from posix.unistd cimport usleep

from idnode.node.faces.handle.native.responder cimport (
    LOAN_NONE,
    WORKER_FACES_MAX,
    WORKERS_MAX,
    Answers,
    count_read,
    loan,
    worker_tell,
    workers,
    workers_free,
    workers_lend,
    workers_new,
    workers_quiesce,
    workers_returned,
    workers_settle,
    workers_start,
    workers_stop,
    workers_take_back,
)

import os

__all__ = ["Workers"]


cdef extern from *:
    """
    static inline void workers_set_offset(workers *w, int64_t nanoseconds) { atomic_store(&w->clock_offset, nanoseconds); }
    """
    void workers_set_offset(workers *w, int64_t nanoseconds) nogil


cdef class Workers:
    """Threads that answer on the connections of these faces, whose positions name them.

    Belongs to one thread, except `quiesce`. A loan has a number from 0 on, which is free again once the
    connection was taken back.
    """

    cdef workers *native
    cdef tuple _faces
    cdef list _free
    cdef dict _back

    def __cinit__(self, faces, uint32_t loans):
        cdef Answers each
        cdef uint32_t at = 0
        self._faces = tuple(faces)
        self._free = list(range(loans))
        self._back = {}
        if not 0 < len(self._faces) <= WORKER_FACES_MAX:
            raise ValueError(f"Between 1 and {WORKER_FACES_MAX} faces")
        self.native = workers_new(loans)
        if self.native is NULL:
            raise MemoryError
        for each in self._faces:
            each.describe(&self.native.face[at])
            each.threads, each.face = self.native, at
            at += 1
        self.native.faces = at

    def __dealloc__(self):
        cdef Answers each
        for each in self._faces or ():
            each.threads = NULL
        with nogil:
            workers_free(self.native)

    def start(self, int count):
        """Start so many threads.

        Raises:
            OSError: The system refused; none runs then.

        """
        if self.native.threads:
            raise RuntimeError("The threads run already")
        if not 1 <= count <= WORKERS_MAX:
            raise ValueError(f"Between 1 and {WORKERS_MAX} threads")
        error = workers_start(self.native, count)
        if error:
            raise OSError(error, os.strerror(error))

    def stop(self):
        """Stop the threads; connections that are lent wait to be taken back."""
        with nogil:
            workers_stop(self.native)

    def quiesce(self):
        """Return once no thread holds what was reachable before the call. May be called by any thread."""
        with nogil:
            workers_quiesce(self.native)

    def set_clock_offset(self, int64_t nanoseconds):
        """Take the time for the machine's plus so many nanoseconds."""
        workers_set_offset(self.native, nanoseconds)

    def fileno(self):
        """Return the descriptor that is readable when connections were returned."""
        return self.native.told

    def lend(self, uint32_t face, int socket, bytes data not None):
        """Lend a connection with bytes that came on it; returns the loan, ``None`` when no thread can have it."""
        if not self._free:
            return None
        cdef uint32_t at = self._free.pop()
        if workers_lend(self.native, at, face, socket, <const uint8_t *>PyBytes_AS_STRING(data),
                        <size_t>PyBytes_GET_SIZE(data)):
            return at
        self._free.append(at)
        return None

    def take_back(self, uint32_t at):
        """End a loan: return what came on its connection and is not answered, and of answers what is not sent.

        When this returns no thread will touch the connection any more.
        """
        cdef bint taken
        if at not in self._back:
            with nogil:
                taken = workers_take_back(self.native, at)
            if taken:
                self._take(at)
            while at not in self._back:
                self.returned()
                worker_tell(self.native.told)  # others may be among them
                if at not in self._back:
                    with nogil:
                        usleep(5)  # its thread has said so, and is about to put it among them
        self._free.append(at)
        return self._back.pop(at)

    def returned(self):
        """Return the loans whose connections the threads gave back, to be ended by `take_back`."""
        cdef int64_t at = workers_returned(self.native)
        while at != LOAN_NONE:
            workers_settle(self.native, &self.native.loan[at])
            self._take(<uint32_t>at)
            at = self.native.loan[at].next
        return list(self._back)

    cdef void _take(self, uint32_t at):
        cdef loan *one = &self.native.loan[at]
        self._back[at] = (
            PyBytes_FromStringAndSize(<char *>one.held, <Py_ssize_t>one.held_bytes),
            PyBytes_FromStringAndSize(<char *>one.unsent, <Py_ssize_t>one.unsent_bytes),
        )
        free(one.held)
        free(one.unsent)
        one.held = one.unsent = NULL
        one.held_bytes = one.unsent_bytes = 0

    def last(self, uint32_t at):
        """Return when something was answered last on a connection that is lent, in monotonic seconds."""
        return count_read(&self.native.loan[at].last) / 1e9
