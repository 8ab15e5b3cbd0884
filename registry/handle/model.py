"""The data model of a handle record (RFC 3651, handle-protocol.md §3.1).

Objects of these classes are for the edges: faces, tools, tests. On the path a record is its packed
value list (`registry/handle/values.py`).
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from idnode.registry.handle.errors import IndexNotPositive, InvalidValue
from idnode.registry.handle.limits import RECORD_BYTES_MAX, TYPE_BYTES_MAX

TTL_DEFAULT_SECONDS: Final = 86_400


class Permission(IntFlag):
    """Names who may read and write one value."""

    ADMIN_READ = 8
    ADMIN_WRITE = 4
    PUBLIC_READ = 2
    PUBLIC_WRITE = 1


PERMISSIONS_DEFAULT: Final = 0x0E
"""Administrators read and write, everybody reads: ``1110``."""


class TtlType(IntEnum):
    """Describes how a value's ``ttl`` counts."""

    RELATIVE = 0
    ABSOLUTE = 1


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to a value of another handle."""

    handle: str
    index: int


@dataclass(frozen=True, slots=True)
class HandleValue:
    """One indexed element of a record.

    ``data`` is raw bytes in the form of the type; ``ttl`` is in seconds (relative) or epoch seconds
    (absolute); ``timestamp`` is epoch seconds of the last change, set by the register's owner.

    Raises:
        IndexNotPositive: ``index`` is below one.
        InvalidValue: Another field is out of its range.

    """

    index: int
    type: str
    data: bytes
    ttl: int = TTL_DEFAULT_SECONDS
    ttl_type: int = TtlType.RELATIVE
    permissions: int = PERMISSIONS_DEFAULT
    timestamp: int = 0
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        if self.index < 1:
            raise IndexNotPositive("Value indexes must be positive")
        if self.index > 0x7FFFFFFF:
            raise InvalidValue(f"Value index {self.index} does not fit into 31 bits")
        type_bytes = len(self.type.encode("utf-8", "surrogatepass"))
        if type_bytes > TYPE_BYTES_MAX:
            raise InvalidValue(f"Value type is longer than {TYPE_BYTES_MAX} bytes")
        if len(self.data) > RECORD_BYTES_MAX:
            raise InvalidValue(f"Value data is longer than {RECORD_BYTES_MAX} bytes")
        if self.ttl_type not in {0, 1}:
            raise InvalidValue(f"TTL type {self.ttl_type} is neither relative (0) nor absolute (1)")
        if not -0x80000000 <= self.ttl <= 0x7FFFFFFF:
            raise InvalidValue(f"TTL {self.ttl} does not fit into 32 bits")
        if not 0 <= self.permissions <= 0x0F:
            raise InvalidValue(f"Permissions {self.permissions:#x} are not four bits")
        if not 0 <= self.timestamp <= 0xFFFFFFFF:
            raise InvalidValue(f"Timestamp {self.timestamp} does not fit into 32 bits")
