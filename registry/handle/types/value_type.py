"""The form of a row of the table of value types."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.wire.errors import ProtocolError

Data = TypeVar("Data")

DATA_ERRORS = (ProtocolError, RegistryError, UnicodeDecodeError)
"""Raised by readers of data that is not of its type's form."""


@dataclass(frozen=True, slots=True)
class JsonForm(Generic[Data]):
    """The ``value`` member under a ``format`` of its own (handle-http-api.md §5), both ways.

    ``read`` raises `MalformedJson` on JSON of another shape.
    """

    format: str
    write: Callable[[Data], Any]
    read: Callable[[Any], Data]


@dataclass(frozen=True, slots=True)
class ValueType(Generic[Data]):
    """A type whose data has a structure of its own: bytes ↔ data ↔ JSON, and data → text for people.

    Types below it, as HS_SITE.PREFIX is below HS_SITE, have the same structure. ``decode`` raises one of
    `DATA_ERRORS` on bytes of another form. Without ``json`` the data is shown as any other, as text or base64.
    """

    name: str
    decode: Callable[[bytes], Data]
    encode: Callable[[Data], bytes]
    text: Callable[[Data], str]
    json: JsonForm[Data] | None = None

    def data_object(self, data: bytes) -> dict[str, Any] | None:
        """Return the ``data`` member for these bytes, None if they are not of the type's form."""
        if self.json is None:
            return None
        try:
            return {"format": self.json.format, "value": self.json.write(self.decode(data))}
        except DATA_ERRORS:
            return None

    def data_text(self, data: bytes) -> str | None:
        """Return these bytes for people, None if they are not of the type's form."""
        try:
            return self.text(self.decode(data))
        except DATA_ERRORS:
            return None
