"""``POST /api/v1/identifiers/resolve``: resolve many identifiers with one request."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiohttp import web

from idnode.node.faces.bulk.formats import (
    Encoding,
    RecordWriter,
    body_bytes_max,
    encoding_of,
    read_items,
    wanted_encoding,
)
from idnode.node.faces.http.body import read_body
from idnode.node.faces.http.exchange import HttpExchange
from idnode.node.faces.http.parameters import query_parameters
from idnode.node.faces.http.replies import PLANNED, SERVER, add_cors, add_request_id, log_failure
from idnode.node.faces.http.values_json import text_or_base64, timestamp_text
from idnode.node.service import events
from idnode.node.service.answers import answer_for, text_for
from idnode.node.service.errors import AuthenticationNeeded, ServiceError
from idnode.registry.fetching import fetched, together
from idnode.registry.handle.errors import InvalidHandle, RegistryError
from idnode.registry.handle.model import PERMISSIONS_DEFAULT, TtlType
from idnode.registry.handle.names import complete, prefix_of
from idnode.registry.handle.types.hs_admin import Right
from idnode.registry.handle.wire.constants import name_of_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from idnode.node.faces.http.parameters import Parameters
    from idnode.node.faces.http.services import Services
    from idnode.node.service.identifiers.credentials import Identity
    from idnode.registry.register import RequestHandles

SLICE_ITEMS: Final = 250
"""Handles between two turns of the event loop."""

PART_BYTES: Final = 1 << 18
"""Bytes of records that the register makes between two turns of the event loop."""

_FIXED: Final = struct.Struct(">iIBiBI")
_unpack_fixed = _FIXED.unpack_from
_unpack_count = struct.Struct(">I").unpack_from
_unpack_index = struct.Struct(">i").unpack_from


class _Record(NamedTuple):
    """One entry of an answer, and what it counts as."""

    code: int
    prefix: bytes
    members: dict[str, Any]


class BatchResolution:
    """Answers for many handles at once, each on its own: a record, or why there is none."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._resolve = services.resolver.resolve

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; the records are streamed in the order of the handles."""
        exchange = HttpExchange(self._services, request, events.BATCH_RESOLVE)
        try:
            identity = await self._services.authorization.identity(request)
            if identity is None:
                raise AuthenticationNeeded
            encoding = encoding_of(request.content_type)
            parameters = query_parameters(request)
            filters = _filters(parameters)
            reader = identity if parameters.flag("restricted", otherwise=False) else None
            accept = wanted_encoding(request.headers.get("Accept", ""), encoding)
            body = await read_body(request, body_bytes_max(encoding))
            plain = (
                encoding is accept is Encoding.MSGPACK
                and reader is None
                and not any(filters.values())
            )
            read = await self._services.resolver.read_handles(body) if plain else None
            handles = await _take(read_items(body, encoding)) if read is None else []
            del body
        except PLANNED as error:
            return exchange.refused(error)
        response = web.StreamResponse(headers={"Content-Type": accept.value, "Server": SERVER})
        if "Origin" in request.headers:
            add_cors(request, response)
        add_request_id(response)
        await response.prepare(request)
        if read is None:
            await self._stream(response, handles, accept, reader=reader, filters=filters)
            exchange.handle = handles[0] if handles else None
        else:
            await self._stream_read(response, read)
            exchange.handle = read.handle(0) if len(read) else None
        exchange.note(1)
        return response

    async def _stream(
        self,
        response: web.StreamResponse,
        handles: list[bytes | None],
        accept: Encoding,
        *,
        reader: Identity | None,
        filters: dict[str, Any],
    ) -> None:
        writer = RecordWriter(accept, len(handles))
        shown = _in_msgpack if accept is Encoding.MSGPACK else _in_json
        counted: Counter[tuple[int, bytes]] = Counter()
        remaining = iter(handles)
        await response.write(writer.opening())
        while some := list(islice(remaining, SLICE_ITEMS)):
            records = await self._records(some, shown, reader=reader, filters=filters)
            counted.update((each.code, each.prefix) for each in records)
            await response.write(writer.records([each.members for each in records]))
            await asyncio.sleep(0)
        await response.write(writer.closing())
        if reader is None:  # an administrator who reads everything exports, and resolves nothing
            for (code, prefix), count in counted.items():
                self._services.observer.resolved(code, prefix, count)

    async def _stream_read(self, response: web.StreamResponse, read: RequestHandles) -> None:
        """Stream what the register answers by itself, and between that what it does not."""
        writer = RecordWriter(Encoding.MSGPACK, len(read))
        counted: Counter[tuple[int, bytes]] = Counter()
        parts = [writer.opening()]
        position = others = 0
        while position < len(read):
            answered, position = read.answer(position, PART_BYTES)
            parts.append(answered)
            if len(answered) < PART_BYTES and position < len(read):
                (record,) = await self._records([read.handle(position)], _in_msgpack)
                counted[record.code, record.prefix] += 1
                parts.append(writer.records([record.members]))
                position += 1
                others += 1
            if len(answered) >= PART_BYTES or others % SLICE_ITEMS == 0:
                await response.write(b"".join(parts))
                parts.clear()
                await asyncio.sleep(0)
        await response.write(b"".join(parts))
        counted.update({(1, prefix): count for prefix, count in read.answered().items()})
        for (code, prefix), count in counted.items():
            self._services.observer.resolved(code, prefix, count)

    async def _records(
        self,
        handles: Sequence[bytes | None],
        shown: Callable[[bytes], Any],
        *,
        reader: Identity | None = None,
        filters: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[_Record]:
        """Return one entry of the answer for each handle; what they miss is fetched at once."""

        def record(handle: bytes | None) -> _Record:
            asked = {"public_only": False} if self._may_read(reader, handle) else {}
            return self._record(handle, shown, **asked, **filters)

        try:
            return await fetched(partial(together, record, handles))
        except RegistryError as error:  # the answer has begun, so each of them says why
            return [_refused(handle, error) for handle in handles]

    def _may_read(self, reader: Identity | None, handle: bytes | None) -> bool:
        """Return whether this reader may see the restricted values of a handle."""
        if reader is None or handle is None:
            return False
        try:
            return self._services.permissions.allows(reader, Right.READ_VALUE, complete(handle))
        except RegistryError:
            return False  # the record will not be had either, and says why

    def _record(
        self, handle: bytes | None, shown: Callable[[bytes], Any], **filters: Any
    ) -> _Record:
        """Return one entry of the answer."""
        try:
            if handle is None:
                raise InvalidHandle("Handle is no text")
            packed = self._resolve(handle, **filters)
        except (RegistryError, ServiceError) as error:
            return _refused(handle, error)
        text = handle.decode(errors="replace")
        members = {"handle": text, "values": _values(packed, shown)}
        return _Record(1, prefix_of(handle), members)


def _refused(handle: bytes | None, error: Exception) -> _Record:
    """Return the entry for a handle that has no answer."""
    log_failure(error)
    code = int(answer_for(error).response_code)
    text = None if handle is None else handle.decode(errors="replace")
    message = text_for(error) or name_of_response(code)
    members = {"handle": text, "values": None, "code": code, "message": message}
    return _Record(code, b"" if handle is None else prefix_of(handle), members)


def _filters(parameters: Parameters) -> dict[str, Any]:
    return {
        "indexes": parameters.integers("index"),
        "types": [text.encode(errors="replace") for text in parameters.all("type")],
    }


async def _take(items: Iterator[Any]) -> list[bytes | None]:
    """Return the handles of a body; None stands for an item that is no text."""
    handles: list[bytes | None] = []
    for position, item in enumerate(items):
        if isinstance(item, str):
            handles.append(item.encode())
        else:
            handles.append(item if isinstance(item, bytes) else None)
        if not position % SLICE_ITEMS:
            await asyncio.sleep(0)
    return handles


def _in_msgpack(data: bytes) -> bytes:
    return data


def _in_json(data: bytes) -> Any:
    """Return data as a text, or as ``{"base64": …}`` if it is none: the form that a batch takes."""
    found = text_or_base64(data)
    return found["value"] if found["format"] == "string" else {"base64": found["value"]}


def _values(packed: bytes, shown: Callable[[bytes], Any]) -> list[list[Any]]:
    """Return the values of a packed list as ``[index, type, data, ttl, timestamp]``.

    A value that has other permissions than the usual ones, or references, carries both behind these.
    """
    (count,) = _unpack_count(packed)
    at = 4
    found = []
    for _ in range(count):
        index, timestamp, ttl_type, ttl, permissions, type_bytes = _unpack_fixed(packed, at)
        at += _FIXED.size
        value_type = packed[at : at + type_bytes].decode(errors="replace")
        at += type_bytes
        (data_bytes,) = _unpack_count(packed, at)
        at += 4
        data = shown(packed[at : at + data_bytes])
        at += data_bytes
        lasting = ttl if ttl_type == TtlType.RELATIVE else timestamp_text(ttl)
        value: list[Any] = [index, value_type, data, lasting, timestamp]
        (count_references,) = _unpack_count(packed, at)
        at += 4
        references = []
        for _ in range(count_references):
            (handle_bytes,) = _unpack_count(packed, at)
            at += 4
            handle = packed[at : at + handle_bytes].decode(errors="replace")
            references.append([handle, _unpack_index(packed, at + handle_bytes)[0]])
            at += handle_bytes + 4
        if permissions != PERMISSIONS_DEFAULT or references:
            value += (permissions, references)
        found.append(value)
    return found
