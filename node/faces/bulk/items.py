"""One item of a batch, straight to the bytes that the register keeps.

This is the inner loop of bulk registration: no object of the data model is made, and what repeats from item to
item (the head of a value: index, type, time to live) is packed once a request.
"""

import base64
import binascii
import struct
from typing import Any, Final

from idnode.registry.handle.errors import (
    IndexConflict,
    IndexNotPositive,
    InvalidHandle,
    InvalidValue,
    RecordTooLarge,
    RegistryError,
)
from idnode.registry.handle.limits import RECORD_BYTES_MAX, TYPE_BYTES_MAX, VALUES_MAX
from idnode.registry.handle.model import TTL_DEFAULT_SECONDS, TtlType
from idnode.registry.handle.types.hs_seckey import default_permissions
from idnode.registry.handle.values import EMPTY

_HEADS_MAX: Final = 4096
_INDEX_MAX: Final = 0x7FFFFFFF
_FIXED: Final = struct.Struct(">iIBiBI")
_pack_count = struct.Struct(">I").pack


class MalformedItem(InvalidValue):
    """An item is not ``[handle, [[index, type, data(, ttl)], …]]``."""


class ItemPacker:
    """Packs the items of one request, all dated alike (``now`` in epoch seconds)."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._heads: dict[tuple[int, bytes | str], bytes] = {}

    def pack(self, item: Any) -> tuple[bytes, bytes]:
        """Return handle and packed values of an item; the register judges the handle further.

        Texts may come as str or as UTF-8 bytes.

        Raises:
            MalformedItem: The item has another shape.
            InvalidHandle: The handle has no slash. (Elsewhere that names a prefix handle; in a batch it is
                a mistake, which must not replace one.)
            InvalidValue: A value breaks the model (an index below one as `IndexNotPositive`).
            IndexConflict: Two values share an index.
            RecordTooLarge: More values or bytes than a record may have.

        """
        heads = self._heads
        try:
            handle, values = item
            if type(handle) is not bytes:
                handle = handle.encode()
            if b"/" not in handle:
                raise InvalidHandle("Handle needs a prefix and a suffix around its first slash")
            parts = [_pack_count(len(values))]
            last = 0
            ascending = True
            for value in values:
                # Most values have no TTL of their own, and few pairs of index and type: those heads are kept.
                if len(value) == 3:
                    index, value_type, data = value
                    if type(index) is not int:
                        raise MalformedItem("A value's index is no integer")
                    head = heads.get((index, value_type)) or self._head(index, value_type)
                else:
                    index, value_type, data, ttl = value
                    head = self._fresh_head(index, value_type, ttl)
                if type(data) is not bytes:
                    data = _bytes_of(data)
                parts += (head, _pack_count(len(data)), data, EMPTY)
                if index <= last:
                    ascending = False
                last = index
            packed = b"".join(parts)
        except RegistryError:
            raise
        except (TypeError, ValueError, AttributeError, struct.error) as error:
            raise MalformedItem("Item is not [handle, [[index, type, data(, ttl)], …]]") from error
        if len(packed) > RECORD_BYTES_MAX or len(values) > VALUES_MAX:
            raise RecordTooLarge(
                f"A record has at most {VALUES_MAX} values and {RECORD_BYTES_MAX} bytes of values"
            )
        # Ascending indexes are distinct; only others have to be compared.
        if not ascending:
            _insist_on_distinct(values)
        return handle, packed

    def _head(self, index: int, value_type: bytes | str) -> bytes:
        head = self._fresh_head(index, value_type, TTL_DEFAULT_SECONDS)
        if len(self._heads) >= _HEADS_MAX:
            self._heads.clear()
        self._heads[index, value_type] = head
        return head

    def _fresh_head(self, index: Any, value_type: Any, ttl: Any) -> bytes:
        """Return the packed start of a value, up to its data."""
        if type(index) is not int or type(ttl) is not int:
            raise MalformedItem("A value's index and time to live are integers")
        if index < 1:
            raise IndexNotPositive("Value indexes must be positive")
        if index > _INDEX_MAX or not 0 <= ttl <= _INDEX_MAX:
            raise InvalidValue("A value's index or time to live does not fit into 31 bits")
        if isinstance(value_type, bytes):
            value_type.decode()
        else:
            value_type = value_type.encode()
        if not 0 < len(value_type) <= TYPE_BYTES_MAX:
            raise InvalidValue(f"Value type must have 1 to {TYPE_BYTES_MAX} bytes")
        permissions = default_permissions(value_type)
        fixed = _FIXED.pack(index, self._now, TtlType.RELATIVE, ttl, permissions, len(value_type))
        head: bytes = fixed + value_type
        return head


def _bytes_of(data: Any) -> bytes:
    """Return data that came as a text or, in JSON, as ``{"base64": …}``."""
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, dict) and len(data) == 1 and "base64" in data:
        try:
            return base64.b64decode(data["base64"], validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise MalformedItem("A value's data is no base64") from error
    raise MalformedItem('A value\'s data is a text, bytes or {"base64": …}')


def _insist_on_distinct(values: Any) -> None:
    seen: set[int] = set()
    for value in values:
        if value[0] in seen:
            raise IndexConflict(value[0])
        seen.add(value[0])
