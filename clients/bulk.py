"""Calls of the bulk API: many identifiers registered or resolved in one request.

An item is ``[handle, [[index, type, data, ttl?], …]]``: handle and type are text, data is text or bytes, a
TTL (relative, in seconds) that is left out is the default. Items of a batch are judged one by one, unless
all or nothing is asked for. Bounds of the server: 50,000 items and 64 MiB in one request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import msgpack

from idnode.clients.answer import Answer, Transport
from idnode.clients.errors import MalformedAnswer, error_for
from idnode.clients.json_values import UNREADABLE, seconds_of
from idnode.clients.web_requests import Call, HttpResponse, read_object
from idnode.registry.handle.model import PERMISSIONS_DEFAULT, HandleValue, Reference, TtlType
from idnode.registry.handle.types.hs_seckey import default_permissions
from idnode.registry.handle.wire.constants import ResponseCode

BATCH_PATH: Final = "/api/v1/identifiers/batch"
RESOLVE_PATH: Final = "/api/v1/identifiers/resolve"
MSGPACK_TYPE: Final = "application/msgpack"
NDJSON_TYPE: Final = "application/x-ndjson"
BATCH_ITEMS: Final = 10_000
"""Items that one request should carry unless its caller has a reason for another number."""

Item = Sequence[Any]
"""One identifier: its handle, and its values as lists of index, type, data and perhaps TTL."""


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that was refused: where it stood in the request (from 0), with which code, and why."""

    position: int
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Holds what became of a batch: how many items were registered, and which were refused."""

    accepted: int
    failures: tuple[FailedItem, ...]


def is_plain(value: HandleValue) -> bool:
    """Return whether a value fits into an item: relative TTL, default permissions, no references."""
    return (
        value.ttl_type == TtlType.RELATIVE
        and value.permissions == default_permissions(value.type.encode())
        and not value.references
    )


def item(handle: str, values: Sequence[HandleValue]) -> Item:
    """Return the item of a record.

    Raises:
        ValueError: A value has more than an item can say (`is_plain`); such a record needs a call of its own.

    """
    if not all(map(is_plain, values)):
        raise ValueError("A value has permissions, references or an absolute TTL")
    return [handle, [[value.index, value.type, value.data, value.ttl] for value in values]]


def pack_item(found: Item) -> bytes:
    """Return one item in msgpack, for `packed_batch`.

    Raises:
        ValueError, TypeError: Something in it has no form in msgpack.

    """
    packed: bytes = msgpack.packb(found)
    return packed


def batch(
    items: Sequence[Item], *, overwrite: bool = False, all_or_nothing: bool = False
) -> Call[BatchResult]:
    """Return the call that registers these items.

    Raises:
        ValueError, TypeError: Something in an item has no form in msgpack.

    """
    packed = [pack_item(each) for each in items]
    return packed_batch(packed, overwrite=overwrite, all_or_nothing=all_or_nothing)


def packed_batch(
    packed: Sequence[bytes], *, overwrite: bool = False, all_or_nothing: bool = False
) -> Call[BatchResult]:
    """Return the call that registers items which are in msgpack one by one."""
    body = msgpack.Packer().pack_array_header(len(packed)) + b"".join(packed)
    return _batch(body, MSGPACK_TYPE, overwrite=overwrite, all_or_nothing=all_or_nothing)


def lines_batch(
    lines: Sequence[bytes], *, overwrite: bool = False, all_or_nothing: bool = False
) -> Call[BatchResult]:
    """Return the call that registers items which are lines of NDJSON, without line ends and none empty."""
    body = b"\n".join(lines)
    return _batch(body, NDJSON_TYPE, overwrite=overwrite, all_or_nothing=all_or_nothing)


def _batch(
    body: bytes, content_type: str, *, overwrite: bool, all_or_nothing: bool
) -> Call[BatchResult]:
    switches = {"overwrite": overwrite, "all_or_nothing": all_or_nothing}
    query = urlencode([(name, "true") for name, on in switches.items() if on])
    target = f"{BATCH_PATH}?{query}" if query else BATCH_PATH
    return Call("POST", target, _read_batch, body, content_type=content_type)


def _checked_object(response: HttpResponse) -> dict[str, Any]:
    """Return the JSON object of a bulk answer.

    Raises:
        Refused: The request was refused as a whole.

    """
    found = read_object(response)
    if response.status != 200:
        code = found.get("responseCode", ResponseCode.ERROR)
        message = str(found.get("message", "")).encode(errors="replace").decode()
        raise error_for(code if isinstance(code, int) else ResponseCode.ERROR, message)
    return found


def _read_batch(response: HttpResponse) -> BatchResult:
    found = _checked_object(response)
    try:
        failures = tuple([_failed(each) for each in found["failures"]])
        accepted = int(found["accepted"])
    except UNREADABLE as error:
        raise MalformedAnswer(f"The counts of the batch cannot be read: {error!r}") from error
    return BatchResult(accepted, failures)


def _failed(found: Mapping[str, Any]) -> FailedItem:
    message = str(found.get("message", "")).encode(errors="replace").decode()
    return FailedItem(int(found["position"]), int(found["code"]), message)


def resolution(handles: Sequence[bytes], *, restricted: bool = False) -> Call[list[Answer]]:
    """Return the call that resolves these handles; one answer each, in order.

    ``restricted`` asks for values without public read too, where the caller may read them.
    """
    body: bytes = msgpack.packb([handle.decode(errors="replace") for handle in handles])

    def read(response: HttpResponse) -> list[Answer]:
        return _read_records(handles, response)

    target = f"{RESOLVE_PATH}?restricted=true" if restricted else RESOLVE_PATH
    return Call("POST", target, read, body, content_type=MSGPACK_TYPE, accept=MSGPACK_TYPE)


def _read_records(handles: Sequence[bytes], response: HttpResponse) -> list[Answer]:
    if response.status != 200:
        _checked_object(response)
    try:
        records = msgpack.unpackb(response.body)["records"]
        if len(records) != len(handles):
            raise MalformedAnswer(f"{len(records)} records for {len(handles)} handles")
        return [
            _answer(handle, record, response)
            for handle, record in zip(handles, records, strict=True)
        ]
    except (*UNREADABLE, msgpack.UnpackException) as error:
        raise MalformedAnswer(f"The records cannot be read: {error!r}") from error


def _answer(handle: bytes, record: Mapping[str, Any], response: HttpResponse) -> Answer:
    return Answer(
        handle,
        tuple([_value(*each) for each in record["values"] or ()]),
        int(record.get("code", ResponseCode.SUCCESS)),
        str(record.get("message", "")).encode(errors="replace").decode(),
        transport=Transport.HTTP,
        server=response.server,
        seconds=response.seconds,
        message_bytes=len(response.body),
    )


def _value(  # noqa: PLR0913, PLR0917  # the fields of a value in the answer, in their order
    index: int,
    value_type: str,
    data: bytes,
    ttl: int | str,
    timestamp: int,
    permissions: int = PERMISSIONS_DEFAULT,
    references: Sequence[Sequence[Any]] = (),
) -> HandleValue:
    if not isinstance(data, bytes):
        raise TypeError("The data of a value is no bytes")
    absolute = isinstance(ttl, str)
    return HandleValue(
        index=index,
        type=value_type,
        data=data,
        ttl=seconds_of(ttl) if isinstance(ttl, str) else ttl,
        ttl_type=TtlType.ABSOLUTE if absolute else TtlType.RELATIVE,
        timestamp=timestamp,
        permissions=permissions,
        references=tuple([Reference(handle, at) for handle, at in references]),
    )
