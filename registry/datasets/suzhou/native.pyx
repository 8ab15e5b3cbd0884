# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""The computed identifiers of the Suzhou data set, for native readers (suzhou.h)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_New
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

from array import array

__all__ = ["Form", "NativeEnterprise", "Table"]

cdef enum:
    ROOM = 1 << 16
    ALIGNED = 8


cdef class Table:
    """Ready values, one of which is taken for each record."""

    def __cinit__(self, entries):
        cdef uint32_t i = 0, at = 0
        self.joined = b"".join(entries)
        self.count = <uint32_t>len(entries)
        self.longest = max(map(len, entries))
        self.end = <uint32_t *>calloc(self.count, sizeof(uint32_t))
        if self.end is NULL:
            raise MemoryError
        for entry in entries:
            at += <uint32_t>len(entry)
            self.end[i] = at
            i += 1

    def __dealloc__(self):
        free(self.end)


cdef class Form:
    """What varies in the records of a template: kind, table and number of each step."""

    def __cinit__(self, steps):
        cdef Table table
        cdef suzhou_step *step
        self._kept = []
        self.steps = <uint32_t>len(steps)
        self.step = <suzhou_step *>calloc(self.steps + 1, sizeof(suzhou_step))
        if self.step is NULL:
            raise MemoryError
        for i, (kind, entries, number) in enumerate(steps):
            step = &self.step[<int>i]
            step.kind, step.number = kind, number
            if kind == SUZHOU_SUFFIX:
                self.suffixes += 1
            elif kind == SUZHOU_RELATED:
                self.related += 1
                if not number:
                    raise ValueError("A related identifier needs a count")
            else:
                table = entries
                self._kept.append(table)
                step.table.bytes = <const uint8_t *>PyBytes_AS_STRING(table.joined)
                step.table.end = table.end
                step.table.count = table.count
                self.tables_max += table.longest

    def __dealloc__(self):
        free(self.step)


cdef class NativeEnterprise:
    """One enterprise's identifiers; nothing changes it. Made by `registry.datasets.suzhou.compiled`.

    What belongs to it alone lies in one extent of memory, since few records of one enterprise are asked for in
    a row.
    """

    def __cinit__(self, bytes prefix not None, numbers, texts, columns, bytes value_key not None,
                  size_bounds, plans):
        cdef suzhou_enterprise *e = &self.made
        cdef int size
        memset(e, 0, sizeof(suzhou_enterprise))
        self.prefix = prefix
        self._kept = []
        if len(value_key) != 16 or len(size_bounds) != SUZHOU_SIZES or len(plans) != SUZHOU_SIZES:
            raise ValueError("A key of 16 bytes, and a bound and a plan for each size")
        self.memory = <uint8_t *>malloc(_room(prefix, texts, columns, plans))
        if self.memory is NULL:
            raise MemoryError
        (e.number_key, e.volume, e.gap, e.span, e.digits, e.checked, e.days, e.day_column,
         e.suffix_bytes) = numbers
        if e.suffix_bytes > SUZHOU_SUFFIX_MAX or not e.gap or not e.span:
            raise ValueError("The suffixes are longer than native code takes them, or none")
        memcpy(<void *>e.value_key, PyBytes_AS_STRING(value_key), 16)
        e.prefix = self._text(prefix + b"/")
        e.head, e.join_first, e.join_second = (
            self._text(texts[0]), self._text(texts[1]), self._text(texts[2]))
        e.first = self._column(columns[0])
        e.second = self._column(columns[1])
        for size in range(SUZHOU_SIZES):
            e.size_bound[size] = size_bounds[size]
            form, befores, after = plans[size]
            self._plan(&e.plan[size], form, befores, after)
        self.computed = suzhou_computed(e)

    def __dealloc__(self):
        free(self.memory)

    cdef const uint8_t *_lend(self, bytes data) except NULL:
        """Copy data into this enterprise's memory, which has room for it."""
        cdef uint8_t *at = self.memory + self.used
        memcpy(at, PyBytes_AS_STRING(data), <size_t>PyBytes_GET_SIZE(data))
        self.used += <size_t>_aligned(PyBytes_GET_SIZE(data))
        return at

    cdef suzhou_text _text(self, bytes text):
        cdef suzhou_text lent
        lent.bytes = self._lend(text)
        lent.length = <uint32_t>PyBytes_GET_SIZE(text)
        return lent

    cdef suzhou_column _column(self, column):
        cdef suzhou_column lent
        cdef bytes texts, remainders
        texts, remainders, lent.width, shared = column
        lent.count = <uint32_t>len(remainders)
        if not lent.count or len(texts) != lent.count * lent.width:
            raise ValueError("A column has texts of one width, and a remainder for each")
        if shared:
            self._kept.append(column)
            lent.texts = <const uint8_t *>PyBytes_AS_STRING(texts)
            lent.remainders = <const uint8_t *>PyBytes_AS_STRING(remainders)
        else:
            lent.texts, lent.remainders = self._lend(texts), self._lend(remainders)
        return lent

    cdef _plan(self, suzhou_plan *plan, Form form, befores, bytes after):
        lengths = array("H", map(len, befores))
        constants = b"".join([*befores, after])
        if len(lengths) != form.steps:
            raise ValueError("Constant bytes for each step")
        self._kept.append(form)
        plan.step, plan.steps = form.step, form.steps
        plan.before_bytes = <const uint16_t *>self._lend(lengths.tobytes())
        plan.constants = self._lend(constants)
        plan.after_bytes = <uint32_t>len(after)
        plan.bytes_max = (<uint32_t>len(constants) + form.tables_max
                          + form.suffixes * self.made.suffix_bytes
                          + form.related * (self.made.prefix.length + self.made.suffix_bytes))

    @property
    def capsule(self):
        """What native readers ask (registry/overlay/computed.h); good as long as this object is there."""
        return PyCapsule_New(&self.computed, COMPUTED_CAPSULE, NULL)

    def position(self, bytes suffix not None):
        """Return the position of a folded suffix, -1 when it was never issued."""
        cdef suzhou_identifier found
        if not suzhou_find(&self.made, <const uint8_t *>PyBytes_AS_STRING(suffix),
                           <size_t>PyBytes_GET_SIZE(suffix), &found):
            return -1
        return found.position

    def values(self, uint64_t position):
        """Return the packed values at a position."""
        cdef uint8_t out[ROOM]
        cdef uint8_t suffix[SUZHOU_SUFFIX_MAX]
        cdef suzhou_identifier one
        if position >= self.made.volume:
            raise IndexError("There is no such position")
        one.position, one.fields = position, suzhou_fields_at(&self.made, position)
        suzhou_write(&self.made, one.fields, suffix)
        one.suffix = suffix
        cdef size_t n = suzhou_values(&self.made, &one, out, ROOM)
        return PyBytes_FromStringAndSize(<char *>out, <Py_ssize_t>n)


cdef Py_ssize_t _aligned(Py_ssize_t size):
    return (size + ALIGNED) // ALIGNED * ALIGNED


def _room(prefix, texts, columns, plans):
    """Return the bytes that an enterprise lends of its own."""
    pieces = [len(prefix) + 1, *map(len, texts)]
    for column, remainders, _, shared in columns:
        if not shared:
            pieces += (len(column), len(remainders))
    for _, befores, after in plans:
        pieces += (2 * len(befores), sum(map(len, befores)) + len(after))
    return sum(map(_aligned, pieces))
