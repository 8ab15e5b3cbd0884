"""Reads once what a ``PUT`` or ``DELETE`` of ``/api/handles/{handle}`` asks for (handle-http-api.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from idnode.node.faces.handle_json.handles import insist_on_text
from idnode.node.faces.handle_json.host_names import replace_host_names
from idnode.node.faces.handle_json.values_input import pack_values
from idnode.node.faces.http.body import read_body
from idnode.node.faces.http.java_texts import parse, plain, unsupported_media_type
from idnode.node.faces.http.json_input import read_json
from idnode.node.faces.http.parameters import query_parameters
from idnode.node.service import events
from idnode.registry.handle.names import complete
from idnode.registry.handle.types.json_reading import MalformedJson, text_of
from idnode.registry.handle.values import EMPTY

if TYPE_CHECKING:
    from aiohttp import web

    from idnode.node.faces.http.authorization import HttpAuthorization
    from idnode.node.service.identifiers.credentials import Identity

RECORD_BODY_BYTES_MAX: Final = 2 * 1024 * 1024
"""Largest JSON form of one record: 256,000 bytes of values, escaped in the longest way, and room."""

_VARIOUS: Final = "various"
_VALUE_MEMBERS: Final = frozenset({"index", "type", "data"})


@dataclass(slots=True)
class Change:
    """One change: who asks for it, and what becomes of a record, or with ``of_values`` of some of its values."""

    handle: bytes
    identity: Identity | None
    operation: str
    of_values: bool
    indexes: tuple[int, ...] = ()
    values: bytes = EMPTY
    overwrite: bool = True
    mint: bool = False


async def read_deletion(
    request: web.Request, handle: bytes, authorization: HttpAuthorization
) -> Change:
    """Return what a ``DELETE`` asks for.

    Raises:
        InvalidHandle: The path names no handle.
        CredentialsRefused: Whoever asks is not who they claim to be.
        MalformedRequest: An index is no number.

    """
    insist_on_text(handle)
    identity = await authorization.identity(request)
    indexes = query_parameters(request).integers("index")
    operation = events.REMOVE if indexes else events.DELETE
    return Change(handle, identity, operation, bool(indexes), indexes)


async def read_put(request: web.Request, handle: bytes, authorization: HttpAuthorization) -> Change:
    """Return what a ``PUT`` asks for: a whole record, or with ``index`` values of one.

    Raises:
        InvalidHandle: The path names no handle.
        CredentialsRefused: Whoever asks is not who they claim to be.
        MalformedRequest: Parameters or body are not what they should be.
        BodyRefused: The body is too long or broken.
        IndexNotPositive, IndexConflict: As `pack_values`.

    """
    insist_on_text(handle)
    identity = await authorization.identity(request)
    parameters = query_parameters(request)
    of_values = "index" in parameters
    various = parameters.first("index") == _VARIOUS
    wanted = () if various else parameters.integers("index")
    items = _values_in(await _read_json(request), handle)
    await replace_host_names(items, known=identity is not None)
    packed, indexes = pack_values(items)
    if of_values and not various and set(wanted) != set(indexes):
        raise plain("Mismatched indexes in PUT request")
    return Change(
        handle,
        identity,
        events.ADD if of_values else events.CREATE,
        of_values,
        indexes,
        packed,
        parameters.truth("overwrite", otherwise=True),
        parameters.truth("mintNewSuffix"),
    )


async def _read_json(request: web.Request) -> Any:
    content_type = request.headers.get("Content-Type")
    if request.content_type != "application/json" or content_type is None:
        raise unsupported_media_type(content_type)
    return read_json(await read_body(request, RECORD_BODY_BYTES_MAX), request.charset)


def _values_in(found: Any, handle: bytes) -> Any:
    """Return the list of values in a body: bare, in a record, or a single value."""
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and "values" in found:
        if "handle" in found and _folded(_named(found["handle"])) != _folded(handle):
            raise plain("Mismatched handle in PUT request")
        return [] if found["values"] is None else found["values"]
    if isinstance(found, dict) and found.keys() >= _VALUE_MEMBERS:
        return [found]
    raise plain("Invalid JSON in PUT request")


def _named(found: Any) -> bytes:
    try:
        return text_of(found).encode(errors="replace")
    except MalformedJson as error:
        raise parse(str(error)) from error


def _folded(handle: bytes) -> bytes:
    return complete(handle).upper()
