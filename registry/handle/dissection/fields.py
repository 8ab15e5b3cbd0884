"""Named fields over bytes, and the reader that makes them.

A reader never fails: what does not fit becomes a field of its own that says so, and ends the reading.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FORMATS: Final = {1: ">B", 2: ">H", 4: ">I", 8: ">Q"}
_TEXT_CHARACTERS_MAX: Final = 200
FIELDS_MAX: Final = 20_000
"""Most fields of one message; what lies behind them is told as a number of bytes."""


@dataclass(slots=True)
class Field:
    """Bytes with a name and a meaning; ``secret`` ones must not be kept or shown."""

    name: str
    offset: int
    length: int
    text: str = ""
    secret: bool = False
    children: list[Field] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Field]]:
        """Yield this field and those below it, each with its depth, in the order of the bytes."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class OutOfBytes(Exception):
    """A field reaches past the end; the reading of this structure ends."""


class FieldReader:
    """Reads fields from ``data[at:end]`` and hangs them below ``parent``."""

    def __init__(self, data: bytes, parent: Field, at: int, end: int) -> None:
        self.data = data
        self.parent = parent
        self.at = at
        self.end = end
        self._left = [FIELDS_MAX]

    @property
    def remaining(self) -> int:
        """The number of bytes that are left."""
        return self.end - self.at

    def integer(
        self,
        name: str,
        size: int,
        show: Callable[[int], str] = str,
        *,
        signed: bool = False,
    ) -> int:
        """Read an integer of so many bytes, shown as ``show`` says."""
        at = self._advance(name, size)
        layout = _FORMATS[size].lower() if signed else _FORMATS[size]
        value: int = struct.unpack_from(layout, self.data, at)[0]
        self._add(Field(name, at, size, show(value)))
        return value

    def string(
        self, name: str, *, secret: bool = False, show: Callable[[bytes], str] | None = None
    ) -> bytes:
        """Read a length and that many bytes; the field covers both, secrets are shown by their length."""
        start = self.at
        size = self._length(name)
        if size > self.remaining:
            self.at = start
            self._fail(name, f"announces {size} bytes, {self.end - start - 4} are left")
        value = self.data[self.at : self.at + size]
        self.at += size
        text = f"{size} bytes withheld" if secret else (show or shown)(value)
        self._add(Field(name, start, 4 + size, text, secret=secret))
        return value

    def raw(self, name: str, size: int, text: str | None = None, *, secret: bool = False) -> bytes:
        """Read so many bytes."""
        at = self._advance(name, size)
        value = self.data[at : at + size]
        words = f"{size} bytes withheld" if secret else shown(value)
        self._add(Field(name, at, size, words if text is None else text, secret=secret))
        return value

    def count(self, name: str) -> int:
        """Read a list's count, cut to what could follow it."""
        value = self.integer(name, 4)
        return min(value, self.remaining // 4 + 1)

    def group(self, name: str, text: str = "") -> FieldReader:
        """Return a reader whose fields hang below a new field; `close` it to have the field cover them."""
        inner = FieldReader(self.data, Field(name, self.at, 0, text), self.at, self.end)
        inner._left = self._left  # one bound for the whole tree
        self._add(inner.parent)
        return inner

    def close(self, inner: FieldReader, text: str = "") -> None:
        """Go on where an inner reader ended."""
        inner.parent.length = inner.at - inner.parent.offset
        if text:
            inner.parent.text = text
        self.at = inner.at

    def rest(self, name: str, *, secret: bool = False) -> None:
        """Take what is left as one field, if anything is."""
        if self.remaining > 0:
            self.raw(name, self.remaining, secret=secret)

    def _length(self, name: str) -> int:
        at = self._advance(name, 4)
        value: int = struct.unpack_from(">I", self.data, at)[0]
        return value

    def _advance(self, name: str, size: int) -> int:
        if size > self.remaining:
            self._fail(name, f"needs {size} bytes, {max(self.remaining, 0)} are left")
        at = self.at
        self.at += size
        return at

    def _fail(self, name: str, why: str) -> None:
        # What cannot be read may hold anything, a secret too.
        self.parent.children.append(
            Field(name, self.at, max(self.remaining, 0), f"malformed: {why}", secret=True)
        )
        self.at = self.end
        raise OutOfBytes

    def _add(self, made: Field) -> None:
        self._left[0] -= 1
        if self._left[0] < 0:
            self.parent.children.append(
                Field("rest", made.offset, self.end - made.offset, "too many fields", secret=True)
            )
            self.at = self.end
            raise OutOfBytes
        self.parent.children.append(made)


def shown(value: bytes) -> str:
    """Return bytes as a quoted text where they are printable UTF-8, else in hexadecimal; long ones cut."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if text.isprintable() and (text or not value):
        cut = text[:_TEXT_CHARACTERS_MAX]
        return f'"{cut}"' + ("…" if len(cut) < len(text) else "")
    cut_bytes = value[: _TEXT_CHARACTERS_MAX // 2]
    return cut_bytes.hex() + ("…" if len(cut_bytes) < len(value) else "")
