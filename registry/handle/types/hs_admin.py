"""Data of HS_ADMIN values: who may do what with a record (handle-protocol.md §3.3)."""

from dataclasses import dataclass
from typing import Any, Final

from idnode.registry.handle.lenient_json import JsonNumber
from idnode.registry.handle.printing import reference_text
from idnode.registry.handle.types.json_reading import (
    MalformedJson,
    bytes_of,
    integer_of,
    member,
    object_of,
    truth_of,
)
from idnode.registry.handle.types.value_type import JsonForm, ValueType
from idnode.registry.handle.wire.cursor import Reader, Writer
from idnode.registry.handle.wire.errors import UnknownForm

_TEXT_LENGTH: Final = 12
_LEGACY_PADDING: Final = b"\0\0"


class Right:
    """Bits of an administrator's permissions."""

    ADD_HANDLE: Final = 0x0001
    DELETE_HANDLE: Final = 0x0002
    ADD_PREFIX: Final = 0x0004
    DELETE_PREFIX: Final = 0x0008
    MODIFY_VALUE: Final = 0x0010
    REMOVE_VALUE: Final = 0x0020
    ADD_VALUE: Final = 0x0040
    MODIFY_ADMIN: Final = 0x0080
    REMOVE_ADMIN: Final = 0x0100
    ADD_ADMIN: Final = 0x0200
    READ_VALUE: Final = 0x0400
    LIST_HANDLES: Final = 0x0800

    ALL: Final = 0x0FFF


RIGHT_NAMES: Final = {
    value: name.lower()
    for name, value in vars(Right).items()
    if isinstance(value, int) and name != "ALL"
}
"""Name of each single right, by its bit."""


@dataclass(frozen=True, slots=True)
class AdminValue:
    """Rights granted to the key (or group) at ``index`` of ``handle``; index 0 means any key.

    ``legacy`` marks the variant that is two zero bytes longer; it is accepted and, when set,
    written.
    """

    permissions: int
    handle: bytes
    index: int
    legacy: bool = False


def decode_admin(data: bytes) -> AdminValue:
    """Return the content of an HS_ADMIN value.

    Raises:
        FieldTooShort: A field reaches past the end.
        UnexpectedBytes: More than the legacy variant's two bytes follow.
        InvalidHandle: The handle is longer than 4096 bytes.

    """
    reader = Reader(data)
    permissions, handle, index = reader.u2(), reader.handle(), reader.i4()
    legacy = data[reader.at :] == _LEGACY_PADDING
    if not legacy:
        reader.finish()
    return AdminValue(permissions, handle, index, legacy)


def encode_admin(admin: AdminValue) -> bytes:
    """Return the data of an HS_ADMIN value.

    Raises:
        EncodingError: A field does not fit into its place.

    """
    writer = Writer().u2(admin.permissions).string(admin.handle).i4(admin.index)
    return writer.raw(_LEGACY_PADDING if admin.legacy else b"").done()


def permissions_text(permissions: int) -> str:
    """Return the 12-character form of JSON: LIST_HANDLES leftmost, ADD_HANDLE rightmost."""
    return f"{permissions & Right.ALL:012b}"


def permissions_bits(text: str) -> int:
    """Return the bits of the 12-character form.

    Raises:
        UnknownForm: Not twelve characters of ``0`` and ``1``.

    """
    if len(text) != _TEXT_LENGTH or set(text) - {"0", "1"}:
        raise UnknownForm("permissions", text)
    return int(text, 2)


def _json(admin: AdminValue) -> dict[str, Any]:
    found: dict[str, Any] = {
        "handle": admin.handle.decode(),
        "index": admin.index,
        "permissions": permissions_text(admin.permissions),
    }
    if admin.legacy:
        found["legacyByteLength"] = True
    return found


def _from_json(found: Any) -> AdminValue:
    admin = object_of(found)
    legacy = admin.get("legacyByteLength")
    return AdminValue(
        permissions=_permissions(admin.get("permissions")),
        handle=bytes_of(member(admin, "handle")),
        index=integer_of(member(admin, "index", "getAsInt")),
        legacy=legacy is not None and truth_of(legacy),
    )


def _permissions(found: Any) -> int:
    """Return permissions as the reference server reads them: text, a number, a truth value, a list, or nothing."""
    if found is None or isinstance(found, bool):
        return Right.ALL if found else 0
    if isinstance(found, str) and not isinstance(found, JsonNumber):
        if found == "*":
            return Right.ALL
        # Text is read from its right end, and whatever is no "1" grants nothing.
        text = found[-_TEXT_LENGTH:]
        return sum(1 << at for at, character in enumerate(reversed(text)) if character == "1")
    if isinstance(found, list):
        return sum(1 << at for at, item in enumerate(found[:_TEXT_LENGTH]) if _is_granted(item))
    if isinstance(found, dict):
        raise MalformedJson("java.lang.IllegalStateException: Did not expect permissions object")
    return integer_of(found) & Right.ALL


def _is_granted(item: Any) -> bool:
    if isinstance(item, JsonNumber):
        return bool(float(item))
    return isinstance(item, dict | list) or bool(item)


def _text(admin: AdminValue) -> str:
    """Return an administrator as ``301:0.NA/88.900.1 [111111111111] all rights``."""
    rights = admin.permissions & Right.ALL
    names = " ".join(name for bit, name in RIGHT_NAMES.items() if rights & bit)
    shown = "all rights" if rights == Right.ALL else names or "no rights"
    return f"{reference_text(admin.handle, admin.index)} [{permissions_text(rights)}] {shown}"


TYPE: Final = ValueType(
    "HS_ADMIN", decode_admin, encode_admin, _text, JsonForm("admin", _json, _from_json)
)
"""The row of HS_ADMIN."""
