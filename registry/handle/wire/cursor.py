"""The bounded reader and the writer under every body codec.

Notation of handle-protocol.md §0: big-endian integers, ``str`` is a length and that many bytes,
``list`` a count and its items. No read passes the end it was given, no length is believed
before it was compared with the bytes left, and no count before it was compared with the items
that could follow.
"""

import struct
from collections.abc import Iterable
from typing import Final

from idnode.registry.handle.errors import InvalidHandle
from idnode.registry.handle.limits import HANDLE_BYTES_MAX
from idnode.registry.handle.wire.errors import (
    CountTooLarge,
    EncodingError,
    FieldTooShort,
    UnexpectedBytes,
)

_U2 = struct.Struct(">H")
_U4 = struct.Struct(">I")
_I4 = struct.Struct(">i")
_U8 = struct.Struct(">Q")
_unpack_u4 = _U4.unpack_from
_NO_REFERENCES: Final = bytes(4)
_VALUE_FIXED_BYTES: Final = 14
_VALUE_BYTES_MIN: Final = _VALUE_FIXED_BYTES + 3 * 4
"""Fixed fields, then an empty type, empty data and no references."""
_REFERENCE_BYTES_MIN: Final = 8


class Reader:
    """A position in bytes that end at a known place."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    @property
    def remaining(self) -> int:
        """Return how many bytes are left."""
        return self.end - self.at

    def _advance(self, size: int) -> int:
        at = self.at
        if size > self.end - at:
            raise FieldTooShort(size, self.end - at)
        self.at = at + size
        return at

    def u1(self) -> int:
        """Read an unsigned byte."""
        return self.data[self._advance(1)]

    def u2(self) -> int:
        """Read an unsigned 16-bit integer."""
        value: int = _U2.unpack_from(self.data, self._advance(2))[0]
        return value

    def u4(self) -> int:
        """Read an unsigned 32-bit integer."""
        at = self.at
        if self.end - at < 4:
            raise FieldTooShort(4, self.end - at)
        self.at = at + 4
        value: int = _unpack_u4(self.data, at)[0]
        return value

    def i4(self) -> int:
        """Read a signed 32-bit integer."""
        value: int = _I4.unpack_from(self.data, self._advance(4))[0]
        return value

    def u8(self) -> int:
        """Read an unsigned 64-bit integer."""
        value: int = _U8.unpack_from(self.data, self._advance(8))[0]
        return value

    def take(self, size: int) -> bytes:
        """Read ``size`` bytes."""
        at = self._advance(size)
        return self.data[at : at + size]

    def string(self) -> bytes:
        """Read a ``str``."""
        return self.take(self.u4())

    def handle(self) -> bytes:
        """Read a ``str`` that names a handle.

        Raises:
            InvalidHandle: It is longer than a handle may be.

        """
        size = self.u4()
        if size > HANDLE_BYTES_MAX and size <= self.remaining:
            raise InvalidHandle(f"Handle is longer than {HANDLE_BYTES_MAX} bytes")
        return self.take(size)

    def count(self, item_bytes_min: int) -> int:
        """Read a list's count, believed only if items of at least this size could follow."""
        count = self.u4()
        possible = self.remaining // item_bytes_min
        if count > possible:
            raise CountTooLarge(count, possible)
        return count

    def handles(self) -> tuple[bytes, ...]:
        """Read a ``list<str>`` of handles."""
        return tuple([self.handle() for _ in range(self.count(4))])

    def strings(self) -> tuple[bytes, ...]:
        """Read a ``list<str>``."""
        return tuple([self.string() for _ in range(self.count(4))])

    def integers(self) -> tuple[int, ...]:
        """Read a ``list<i4>``."""
        count = self.count(4)
        at = self._advance(4 * count)
        return struct.unpack_from(f">{count}i", self.data, at)

    def value_list(self) -> bytes:
        """Read a ``list<value>`` (handle-protocol.md §3.1) and return it packed, as it stands.

        Only its lengths are checked; `idnode.registry.handle.values.check` says whether it may be stored.
        """
        start = self.at
        count = self.count(_VALUE_BYTES_MIN)
        end = self._end_of_plain_values(count)
        if end:
            self.at = end
        else:
            for _ in range(count):
                self._skip_value()
        return self.data[start : self.at]

    def _end_of_plain_values(self, count: int) -> int:
        """Return where so many values without references end; 0 if they are others, or broken."""
        data, at, end = self.data, self.at, self.end
        for _ in range(count):
            at += _VALUE_FIXED_BYTES
            if at + 4 > end:
                return 0
            at += 4 + _unpack_u4(data, at)[0]
            if at + 4 > end:
                return 0
            at += 8 + _unpack_u4(data, at)[0]
            if at > end or data[at - 4 : at] != _NO_REFERENCES:
                return 0
        return at

    def value(self) -> bytes:
        """Read one packed value, checked as in `value_list`."""
        start = self.at
        self._skip_value()
        return self.data[start : self.at]

    def _skip_value(self) -> None:
        self._advance(_VALUE_FIXED_BYTES)
        self._advance(self.u4())
        self._advance(self.u4())
        for _ in range(self.count(_REFERENCE_BYTES_MIN)):
            self._advance(self.u4())
            self._advance(4)

    def rest(self) -> bytes:
        """Read everything that is left."""
        return self.take(self.end - self.at)

    def restrict(self, size: int) -> "Reader":
        """Return a reader of the next ``size`` bytes, which this one skips."""
        at = self._advance(size)
        return Reader(self.data, at, at + size)

    def finish(self) -> None:
        """Insist that nothing is left.

        Raises:
            UnexpectedBytes: Something is.

        """
        if self.at != self.end:
            raise UnexpectedBytes(self.end - self.at)


class Writer:
    """Collects fields and joins them once.

    Every method returns the writer, so that a layout reads as one chain; a field out of range
    raises `EncodingError`.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def _pack(self, layout: struct.Struct, value: int) -> "Writer":
        try:
            self._parts.append(layout.pack(value))
        except struct.error as error:
            raise EncodingError(f"{value} does not fit into {layout.size} bytes") from error
        return self

    def u1(self, value: int) -> "Writer":
        """Write an unsigned byte."""
        if not 0 <= value <= 0xFF:
            raise EncodingError(f"{value} does not fit into a byte")
        self._parts.append(value.to_bytes(1, "big"))
        return self

    def u2(self, value: int) -> "Writer":
        """Write an unsigned 16-bit integer."""
        return self._pack(_U2, value)

    def u4(self, value: int) -> "Writer":
        """Write an unsigned 32-bit integer."""
        return self._pack(_U4, value)

    def i4(self, value: int) -> "Writer":
        """Write a signed 32-bit integer."""
        return self._pack(_I4, value)

    def u8(self, value: int) -> "Writer":
        """Write an unsigned 64-bit integer."""
        return self._pack(_U8, value)

    def raw(self, data: bytes) -> "Writer":
        """Write bytes as they are."""
        self._parts.append(data)
        return self

    def string(self, data: bytes) -> "Writer":
        """Write a ``str``."""
        self._parts += (_U4.pack(len(data)), data)
        return self

    def strings(self, items: Iterable[bytes]) -> "Writer":
        """Write a ``list<str>``."""
        listed = list(items)
        self.u4(len(listed))
        for item in listed:
            self.string(item)
        return self

    def integers(self, items: Iterable[int]) -> "Writer":
        """Write a ``list<i4>``."""
        listed = list(items)
        self.u4(len(listed))
        for item in listed:
            self.i4(item)
        return self

    def done(self) -> bytes:
        """Return everything written."""
        return b"".join(self._parts)
