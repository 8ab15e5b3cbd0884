# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""Plain resolutions answered natively: whole requests, streams, and threads of their own for UDP."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc

from idnode.registry.embedded.native.core cimport SlotTable, slots_hash
from idnode.registry.overlay.computed cimport COMPUTED_CAPSULE, computed_prefix

import os

__all__ = ["Answers", "Responder"]


cdef extern from *:
    """
    /* Cython knows no C11 atomics: these are the accesses that readers of other threads rely on. */
    static inline void answerer_serve(answerer *a, served_prefixes *served) { atomic_store(&a->served, served); }
    static inline served_prefixes *answerer_served(answerer *a) { return atomic_load(&a->served); }
    static inline void answerer_set_serial(answerer *a, uint32_t serial) { atomic_store(&a->site_serial, serial); }
    static inline void answerer_leave_missing(answerer *a, uint32_t most) { atomic_store(&a->missing_left, most); }
    static inline uint64_t answerer_unseen(answerer *a) { return atomic_load(&a->unseen); }
    static inline void responder_set_offset(responder *r, int64_t seconds) { atomic_store(&r->clock_offset, seconds); }
    """
    void answerer_serve(answerer *a, served_prefixes *served) nogil
    served_prefixes *answerer_served(answerer *a) nogil
    void answerer_set_serial(answerer *a, uint32_t serial) nogil
    void answerer_leave_missing(answerer *a, uint32_t most) nogil
    uint64_t answerer_unseen(answerer *a) nogil
    void responder_set_offset(responder *r, int64_t seconds) nogil


cdef int set_bounds(time_bounds *bounds, seconds) except -1:
    if len(seconds) > BOUNDS_MAX:
        raise ValueError(f"At most {BOUNDS_MAX} bounds of durations")
    bounds.count = <uint32_t>len(seconds)
    for i, bound in enumerate(seconds):
        bounds.nanoseconds[i] = <uint64_t>round(bound * 1e9)
    return 0


cdef void add_buckets(list into, answer_counts *counts, const time_bounds *bounds):
    cdef uint32_t i
    for i in range(bounds.count + 1):
        into[i] += count_read(&counts.bucket[i])


cdef class Answers:
    """Plain resolutions of one register, answered by the caller's thread; one thread at a time.

    The threads of `Workers` answer the same beside it, for what is set here; what they answered counts here.
    """

    def __cinit__(self, SlotTable table not None, bounds_seconds=(), *, bint mark_truncated=True,
                  uint32_t datagram_answer_max=4096, uint32_t answers_per_second=0):
        self.table = table
        self._volume = {}
        self._computed = {}
        self.answers.table = table.table
        self.answers.log = table.segments.view
        self.answers.mark_truncated = mark_truncated
        self.answers.datagram_answer_max = datagram_answer_max
        answerer_set_serial(&self.answers, 1)
        set_bounds(&self.bounds, bounds_seconds)
        self.out = <uint8_t *>malloc(STREAM_ROOM)
        if self.out is NULL:
            raise MemoryError

    def __dealloc__(self):
        served_free(answerer_served(&self.answers))
        free(self.out)

    cdef void describe(self, worker_face *face):
        """Say what threads answer on connections."""
        face.answers = &self.answers
        face.answer = worker_stream
        face.memory = NULL
        face.memory_bytes = 0
        face.bounds = &self.bounds

    def quiesce(self):
        """Return once no thread holds what was reachable before the call."""
        if self.threads is not NULL:
            with nogil:
                workers_quiesce(self.threads)

    def set_prefixes(self, prefixes, computed=()):
        """Answer below these folded prefixes, and no others, from now on.

        ``computed`` are those whose identifiers are computed where nothing is written: objects with a folded
        ``prefix`` and a ``capsule`` (registry/overlay/computed.h); their prefixes count too.
        """
        cdef bytes prefix
        cdef const computed_prefix *made_up
        cdef const uint8_t *key
        cdef size_t n
        cdef served_prefixes *before
        made = {each.prefix: each for each in computed}
        wanted = {*prefixes, *made}
        cdef served_prefixes *served = served_new(<uint32_t>len(wanted), <size_t>sum(map(len, wanted)))
        if served is NULL:
            raise MemoryError
        for prefix in wanted:
            key = <const uint8_t *>PyBytes_AS_STRING(prefix)
            n = <size_t>PyBytes_GET_SIZE(prefix)
            made_up = NULL
            if prefix in made:
                made_up = <const computed_prefix *>PyCapsule_GetPointer(
                    made[prefix].capsule, COMPUTED_CAPSULE)
            served_add(served, slots_hash(self.table.table, key, n), key, n, made_up)
        before = answerer_served(&self.answers)
        answerer_serve(&self.answers, served)
        self.quiesce()
        self._take_volume(before)
        served_free(before)
        self._computed = made

    def set_site_serial(self, uint32_t serial):
        """Write this serial number of the site record into answers."""
        answerer_set_serial(&self.answers, serial & 0xffff)

    def leave_missing(self, per_second):
        """Leave so many requests for what is not found to the caller in each second, ``None`` for all of them."""
        answerer_leave_missing(&self.answers, LEFT_ALL if per_second is None else per_second)

    def unseen(self):
        """Return how many requests for what is not found were answered because enough had been left."""
        return answerer_unseen(&self.answers)

    cdef _take_volume(self, served_prefixes *served):
        cdef uint32_t i
        cdef served_prefix *entry
        if served is NULL:
            return
        for i in range(served.mask + 1):
            entry = &served.entry[i]
            found, missing = count_read(&entry.found), count_read(&entry.missing)
            if found or missing:
                prefix = PyBytes_FromStringAndSize(<char *>served.names + entry.at, entry.bytes)
                had = self._volume.get(prefix, (0, 0))
                self._volume[prefix] = (had[0] + found, had[1] + missing)

    def volume(self):
        """Return by folded prefix how many resolutions were answered: found, and not found."""
        earlier = self._volume
        self._volume = dict(earlier)
        self._take_volume(answerer_served(&self.answers))
        found, self._volume = self._volume, earlier
        return found

    def timings(self):
        """Return how many answers took how long, by bucket, and the seconds of all together."""
        cdef int i
        cdef answer_counts *counts
        buckets = [0] * (self.bounds.count + 1)
        add_buckets(buckets, &self.counted, &self.bounds)
        seconds = count_read(&self.counted.nanoseconds) / 1e9
        for i in range(WORKERS_MAX if self.threads is not NULL else 0):
            counts = &self.threads.thread[i].answers[self.face]
            add_buckets(buckets, counts, &self.bounds)
            seconds += count_read(&counts.nanoseconds) / 1e9
        return buckets, seconds

    def lost(self):
        """Return how many datagrams were lost to a full buffer."""
        return 0

    def answer(self, bytes request not None, uint32_t now):
        """Return the datagrams that answer one request, or ``None`` when it is not for native code.

        ``now`` is in epoch seconds. Nothing is counted.
        """
        cdef uint32_t code
        cdef served_prefix *prefix
        cdef size_t n = answer(&self.answers, <const uint8_t *>PyBytes_AS_STRING(request),
                               <size_t>PyBytes_GET_SIZE(request), now, self.out, &code, &prefix)
        if n == NOT_MINE:
            return None
        n = answer_cut(&self.answers, self.out, n)
        wire = PyBytes_FromStringAndSize(<char *>self.out, <Py_ssize_t>n)
        return [wire[at:at + DATAGRAM_MAX] for at in range(0, len(wire), DATAGRAM_MAX)]

    def answer_stream(self, bytes data not None, uint32_t now, double waited=0.0):
        """Answer the plain resolutions in front of a stream and count them.

        Returns the answers, the bytes of the requests answered, and whether what follows is the start of a
        request that may be plain. ``now`` is in epoch seconds. The requests waited so many
        seconds before they were read, which counts as part of the time that they took.
        """
        cdef const uint8_t *at = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef uint64_t started = monotonic_nanoseconds() - <uint64_t>(waited * 1e9)
        cdef stream_run run = stream_answer(
            &self.answers, at, <size_t>PyBytes_GET_SIZE(data), now, self.out)
        count_answers(
            &self.counted, &self.bounds, run.found, run.missing, monotonic_nanoseconds() - started)
        wire = PyBytes_FromStringAndSize(<char *>self.out, <Py_ssize_t>run.bytes)
        return wire, run.used, run.incomplete


cdef class Responder(Answers):
    """Threads that answer plain resolutions over UDP; everything else goes into the hand-off.

    Belongs to one thread, except `quiesce`.
    """

    cdef responder *native

    def __cinit__(self, *arguments, uint32_t answers_per_second=0, **options):
        self.native = <responder *>calloc(1, sizeof(responder))
        if self.native is NULL:
            raise MemoryError
        self.native.answers = &self.answers
        self.native.bounds = self.bounds
        self.native.answers_per_second = answers_per_second
        self.native.rate_secret = int.from_bytes(os.urandom(8), "little")

    def __dealloc__(self):
        if self.native is not NULL:
            with nogil:
                responder_stop(self.native)
            free(self.native)

    def start(self, sockets, int handoff):
        """Start one thread for each of these sockets, given as blocking file descriptors.

        What a thread does not answer goes to ``handoff`` as the sender's ``sockaddr_in6`` (or the
        ``sockaddr_in`` in front of it), the time of its arrival (64 bits, nanoseconds since the epoch), and the datagram.

        Raises:
            OSError: A thread or a socket could not be set up; none runs then.

        """
        cdef int fds[64]
        if self.native.threads:
            raise RuntimeError("The responder runs already")
        if not 1 <= len(sockets) <= THREADS_MAX:
            raise ValueError(f"Between 1 and {THREADS_MAX} sockets")
        for i, fd in enumerate(sockets):
            fds[i] = fd
        error = responder_start(self.native, fds, <int>len(sockets), handoff)
        if error:
            raise OSError(error, os.strerror(error))

    def stop(self):
        """Stop the threads; datagrams that arrive from now on wait in the sockets."""
        with nogil:
            responder_stop(self.native)

    def quiesce(self):
        """Return once no thread holds what was reachable before the call. May be called by any thread."""
        with nogil:
            responder_quiesce(self.native)

    def set_clock_offset(self, int64_t seconds):
        """Take the time for the machine's plus so many seconds."""
        responder_set_offset(self.native, seconds)

    def timings(self):
        """Return how many answers took how long, by bucket, and the seconds of all together."""
        cdef int i
        buckets, seconds = Answers.timings(self)
        for i in range(THREADS_MAX):
            add_buckets(buckets, &self.native.thread[i].answers, &self.bounds)
            seconds += count_read(&self.native.thread[i].answers.nanoseconds) / 1e9
        return buckets, seconds

    def lost(self):
        """Return how many datagrams were lost to a full buffer."""
        counts = self.counts()
        return counts["dropped"] + counts["unsent"]

    def counts(self):
        """Return what the threads did: datagrams received, handed, dropped, sent, unsent; found, missing; limited."""
        cdef int i
        cdef responder_thread *thread
        names = ("received", "found", "missing", "handed", "dropped", "sent", "unsent", "limited")
        totals = dict.fromkeys(names, 0)
        for i in range(THREADS_MAX):
            thread = &self.native.thread[i]
            totals["received"] += count_read(&thread.received)
            totals["found"] += count_read(&thread.answers.found)
            totals["missing"] += count_read(&thread.answers.missing)
            totals["handed"] += count_read(&thread.handed)
            totals["dropped"] += count_read(&thread.dropped)
            totals["sent"] += count_read(&thread.sent)
            totals["unsent"] += count_read(&thread.unsent)
            totals["limited"] += count_read(&thread.limited)
        return totals
