"""The value types whose data has a structure of its own: one row each.

Faces, clients and commands read this table and know no type themselves; a new type is a module with its
``TYPE`` and a row here.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from idnode.registry.handle.types import (
    hs_admin,
    hs_pubkey_forms,
    hs_seckey,
    hs_site_forms,
    hs_vlist,
)
from idnode.registry.handle.types.json_reading import PLAIN_FORMATS, data_bytes
from idnode.registry.handle.types.value_type import Data, JsonForm, ValueType

_SUBTYPE: Final = "."


class ValueTypes:
    """A table of value types."""

    def __init__(self, rows: Iterable[ValueType[Any]]) -> None:
        self._rows = {row.name.upper(): row for row in rows}
        self._formats = dict(PLAIN_FORMATS)
        for row in self._rows.values():
            if row.json is not None:
                self._formats[row.json.format] = partial(_bytes_in_form, row, row.json)

    @property
    def rows(self) -> Mapping[str, ValueType[Any]]:
        """Return the types by their names in capitals."""
        return MappingProxyType(self._rows)

    def find(self, value_type: str) -> ValueType[Any] | None:
        """Return the row of a type, or of the nearest one that it is below; None for a type of plain data."""
        name = value_type.upper()
        while name:
            row = self._rows.get(name)
            if row is not None:
                return row
            name = name.rpartition(_SUBTYPE)[0]
        return None

    def data_bytes(self, found: Any) -> bytes:
        """Return the bytes of a ``data`` member, in whatever format: plain text, or one of a ``format``.

        Raises:
            MalformedJson: The format is unknown, or the value is not of that format.
            ProtocolError: A number does not fit into its place.

        """
        return data_bytes(found, self._formats)

    def data_text(self, value_type: str, data: bytes) -> str | None:
        """Return data for people as its type shows it, None if it has no such form."""
        row = self.find(value_type)
        return None if row is None else row.data_text(data)


def _bytes_in_form(row: ValueType[Data], form: JsonForm[Data], found: Any) -> bytes:
    return row.encode(form.read(found))


TYPES: Final = ValueTypes(
    (
        hs_admin.TYPE,
        hs_vlist.TYPE,
        hs_site_forms.TYPE,
        hs_site_forms.DELEGATE_TYPE,
        hs_pubkey_forms.TYPE,
        hs_seckey.TYPE,
    )
)
"""The types of this protocol."""
