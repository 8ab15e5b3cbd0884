"""A template made ready for judging values and packing them into a record (snms-api.md §6)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from idnode.node.service.directory.refusals import (
    IndexNotInTemplate,
    IndexRepeated,
    ItemDisabled,
    LengthOutOfRange,
    RequiredMissing,
    TypeDiffers,
)
from idnode.node.service.directory.templates import TEMPLATE_ID_INDEX, TEMPLATE_INDEX
from idnode.registry.handle import names, values
from idnode.registry.handle.model import PERMISSIONS_DEFAULT, TTL_DEFAULT_SECONDS
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idnode.registry.directory.entries import ItemEntry, TemplateEntry

TEMPLATE_TYPE: Final = b"TEMPLATE"
TEMPLATE_ID_TYPE: Final = b"TEMPLATE_ID"

ADMIN_INDEX: Final = 100
_GROUP_INDEX: Final = 200

_FIXED: Final = struct.Struct(">iIBiBI")
_pack_count = struct.Struct(">I").pack


class Form:
    """A template made ready for judging and packing values."""

    def __init__(self, template: TemplateEntry, value_characters_max: int, prefix: bytes) -> None:
        self._admin = encode_admin(AdminValue(Right.ALL, names.prefix_handle(prefix), _GROUP_INDEX))
        self._items = template.items
        self._required = template.required
        self._characters_max = value_characters_max
        self._heads = {
            index: (item.id_type.encode(), item) for index, item in template.items.items()
        }
        self._fixed = (
            (TEMPLATE_ID_INDEX, TEMPLATE_ID_TYPE, template.handle.encode()),
            (TEMPLATE_INDEX, TEMPLATE_TYPE, template.version.encode()),
        )

    def pack(
        self, given: Sequence[tuple[int, str, str]], now: int, *, whole: bool = True
    ) -> tuple[bytes, set[int]]:
        """Return the packed values of a record, template first and then by index, and the indexes given.

        A ``whole`` record begins with the administrators of its prefix, who may change it later.

        Raises:
            ValueRefused: The template forbids a value.

        """
        found: dict[int, tuple[bytes, bytes]] = {}
        for index, id_type, text in given:
            type_bytes, item = self._item(index, id_type)
            if not item.min_length <= len(text) <= min(item.max_length, self._characters_max):
                most = min(item.max_length, self._characters_max)
                raise LengthOutOfRange(index, item.min_length, most)
            if index in found:
                raise IndexRepeated(index)
            found[index] = (type_bytes, text.encode())
        parts = [_pack_count(len(found) + len(self._fixed) + whole)]
        if whole:
            parts += _value(ADMIN_INDEX, b"HS_ADMIN", self._admin, now)
        for index, type_bytes, data in self._fixed:
            parts += _value(index, type_bytes, data, now)
        for index in sorted(found):
            parts += _value(index, *found[index], now)
        return b"".join(parts), set(found)

    def _item(self, index: int, id_type: str) -> tuple[bytes, ItemEntry]:
        head = self._heads.get(index)
        if head is None:
            raise IndexNotInTemplate(index)
        if head[1].id_type != id_type:
            raise TypeDiffers(index, head[1].id_type)
        if not head[1].enabled:
            raise ItemDisabled(index)
        return head

    def insist_on_required(self, given: set[int]) -> None:
        """Insist on a value for each required item.

        Raises:
            RequiredMissing: The first that has none.

        """
        if not self._required <= given:
            index = min(self._required - given)
            raise RequiredMissing(index, self._items[index].id_type)


def _value(index: int, type_bytes: bytes, data: bytes, now: int) -> tuple[bytes, ...]:
    fixed = _FIXED.pack(index, now, 0, TTL_DEFAULT_SECONDS, PERMISSIONS_DEFAULT, len(type_bytes))
    return (fixed, type_bytes, _pack_count(len(data)), data, values.EMPTY)
