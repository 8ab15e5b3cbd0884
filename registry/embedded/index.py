"""The index: folded handle → place of its record in the log (in units of eight bytes).

An index may keep the keys, or only a tag of each and compare a candidate's key in the log. Callers therefore
never ask it for keys.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final, Protocol

from idnode.registry.embedded.blocks import read_block, write_block
from idnode.registry.errors import LogDamaged


class Index(Protocol):
    """Describes what the register asks of its index; keys are folded handles."""

    def get(self, key: bytes) -> int | None:
        """Return the place of a key's record."""
        ...

    def put(self, key: bytes, place: int) -> int | None:
        """Set the place of a key; return the place it had."""
        ...

    def put_many(self, keys: Sequence[bytes], places: Sequence[int]) -> list[int | None]:
        """Set the places of distinct keys; return the places they had, in the same order."""
        ...

    def remove(self, key: bytes) -> int | None:
        """Forget a key; return the place it had."""
        ...

    def __len__(self) -> int: ...

    def memory_bytes(self) -> int:
        """Return the bytes of memory that the index holds, keys included when it keeps them."""
        ...


class DictIndex:
    """An index in a dict: keeps the keys (shared with the listing), about 150 bytes an identifier."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self._key_bytes = 0
        self.get = self._places.get

    def put(self, key: bytes, place: int) -> int | None:
        """Set the place of a key; return the place it had."""
        old = self._places.get(key)
        self._places[key] = place
        if old is None:
            self._key_bytes += len(key)
        return old

    def put_many(self, keys: Sequence[bytes], places: Sequence[int]) -> list[int | None]:
        """Set the places of distinct keys; return the places they had, in the same order."""
        before = len(self._places)
        old = list(map(self._places.get, keys))
        self._places.update(zip(keys, places, strict=True))
        if len(self._places) - before == len(keys):
            self._key_bytes += sum(map(len, keys))
        else:
            self._key_bytes += sum(
                len(key) for key, place in zip(keys, old, strict=True) if place is None
            )
        return old

    def remove(self, key: bytes) -> int | None:
        """Forget a key; return the place it had."""
        old = self._places.pop(key, None)
        if old is not None:
            self._key_bytes -= len(key)
        return old

    def take_over(self, other: "DictIndex") -> None:
        """Have from now on what another index has; that one is not to be used any more."""
        self._places.clear()  # in place: `get` is held elsewhere
        self._places.update(other._places)  # noqa: SLF001  # of its own class
        self._key_bytes = other._key_bytes  # noqa: SLF001  # of its own class

    def __len__(self) -> int:
        return len(self._places)

    def memory_bytes(self) -> int:
        """Return the bytes of the table, its keys and its places."""
        return sys.getsizeof(self._places) + self._key_bytes + len(self._places) * _OBJECTS_BYTES

    def save(self, file: BinaryIO, keys: Iterable[Sequence[bytes]]) -> None:
        """Write the places, one block a chunk; ``keys`` yields every key once and is exhausted."""
        for chunk in keys:
            write_block(file, array("Q", map(self._places.__getitem__, chunk)).tobytes())

    def load(self, file: BinaryIO, keys: Iterable[Sequence[bytes]]) -> None:
        """Fill an empty index from what `save` wrote; ``keys`` yields the same chunks and is exhausted.

        Raises:
            LogDamaged: The bytes are not what was written.

        """
        for chunk in keys:
            block = read_block(file)
            if len(block) != len(chunk) * _PLACE_BYTES:
                raise LogDamaged("The image has another number of places than of keys")
            self.put_many(chunk, array("Q", block))


_PLACE_BYTES: Final = array("Q").itemsize
_OBJECTS_BYTES: Final = sys.getsizeof(b"") + sys.getsizeof(1 << 31)
