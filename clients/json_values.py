"""Handle values as JSON, both ways (handle-http-api.md §5)."""

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from idnode.clients.errors import MalformedAnswer
from idnode.registry.handle.errors import RegistryError
from idnode.registry.handle.model import (
    PERMISSIONS_DEFAULT,
    TTL_DEFAULT_SECONDS,
    HandleValue,
    Reference,
    TtlType,
)
from idnode.registry.handle.types.hs_seckey import default_permissions
from idnode.registry.handle.types.json_reading import base64_object
from idnode.registry.handle.types.table import TYPES
from idnode.registry.handle.wire.errors import ProtocolError

UNREADABLE: Final = (
    ProtocolError,
    RegistryError,
    struct.error,
    ValueError,  # binascii.Error and the Unicode errors are ValueErrors
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
)
"""What reading an object of another shape raises; each reader turns these into `MalformedAnswer`."""

JsonValue = dict[str, Any]
"""One value as a JSON object."""


def to_json(value: HandleValue) -> JsonValue:
    """Return the JSON object of a value to be stored; its timestamp stays out, servers set their own.

    Data that is UTF-8 goes as text, all other as base64, whatever the type.
    """
    found: JsonValue = {
        "index": value.index,
        "type": value.type,
        "data": data_to_json(value.data),
        "ttl": iso_time(value.ttl) if value.ttl_type == TtlType.ABSOLUTE else value.ttl,
    }
    usual = default_permissions(value.type.encode(errors="replace"))
    # Servers differ in what a secret gets that comes without permissions.
    if not value.permissions == usual == PERMISSIONS_DEFAULT:
        found["permissions"] = f"{value.permissions:04b}"
    if value.references:
        found["references"] = [
            {"handle": reference.handle, "index": reference.index} for reference in value.references
        ]
    return found


def data_to_json(data: bytes) -> dict[str, str]:
    """Return the ``data`` member for these bytes: as text if they are UTF-8, else as base64."""
    try:
        return {"format": "string", "value": data.decode()}
    except UnicodeDecodeError:
        return base64_object(data)


def iso_time(seconds: float) -> str:
    """Return epoch seconds as ``2023-11-14T22:13:20Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_json(found: Iterable[Mapping[str, Any]]) -> tuple[HandleValue, ...]:
    """Return the values in a server's answer.

    Raises:
        MalformedAnswer: A value is not of the form of handle-http-api.md §5, or breaks the data model.

    """
    try:
        return tuple([_value(each) for each in found])
    except UNREADABLE as error:
        raise MalformedAnswer(f"A value of the answer cannot be read: {error!r}") from error


def _value(found: Mapping[str, Any]) -> HandleValue:
    ttl = found.get("ttl", TTL_DEFAULT_SECONDS)
    absolute = isinstance(ttl, str)
    return HandleValue(
        index=_integer(found["index"]),
        type=_text(found["type"]),
        data=TYPES.data_bytes(found["data"]),
        ttl=seconds_of(ttl) if absolute else _integer(ttl),
        ttl_type=TtlType.ABSOLUTE if absolute else TtlType.RELATIVE,
        permissions=_permissions(found.get("permissions")),
        timestamp=seconds_of(found["timestamp"]) if "timestamp" in found else 0,
        references=tuple(
            [
                Reference(_text(each["handle"]), _integer(each["index"]))
                for each in found.get("references", ())
            ]
        ),
    )


def _text(found: str) -> str:
    found.encode()  # half a surrogate pair, which JSON can escape, is no text
    return found


def _integer(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError(f"{found!r} is no integer")
    return found


def _permissions(text: str | None) -> int:
    return PERMISSIONS_DEFAULT if text is None else int(text, 2)


def seconds_of(text: str) -> int:
    """Return an ISO time as epoch seconds.

    Raises:
        ValueError: The text is no ISO time.

    """
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
