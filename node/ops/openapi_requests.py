"""The journal, the faults and the identifiers as OpenAPI operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.interceptors.journal.query import NAMES
from idnode.node.interceptors.journal.recorder import MODES
from idnode.node.interceptors.journal.verification import Asked
from idnode.node.openapi.document import Body, Operation, Parameter, ResponseDoc
from idnode.node.ops.models import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_REFUSED: Final = ResponseDoc("Refused, and why", Failure)
_INTEGER: Final[dict[str, Any]] = {"type": "integer", "minimum": 0, "maximum": 2**53}
_NUMBERS: Final = {"code": _INTEGER, "status": _INTEGER, "since": {"type": "number"}}
_FILTERS: Final = tuple(
    Parameter(
        name,
        "only entries in which it is so",
        {"type": "boolean"} if name == "refused" else _NUMBERS.get(name, {"type": "string"}),
    )
    for name in NAMES
)
_FORMS: Final = {"har": "application/json", "pcapng": "application/x-pcapng"} | {
    "ndjson": "application/x-ndjson"
}


def operations() -> list[Operation]:
    """Return the calls."""
    docking = Operation(
        "GET", "/api/v1/docking", "Tell what was filed at the national node, or here", "Docking",
        _told("Filings and reports"),
    )  # fmt: skip
    about = Operation(
        "GET", "/api/v1/node", "Tell addresses and credentials", "Node", _told("What it says")
    )
    return [about, *_journal(), *_faults(), *_identifiers(), docking]


def _told(
    text: str, schema: Mapping[str, Any] | None = None, *encodings: str
) -> dict[str, ResponseDoc]:
    found = dict(schema or _OBJECT)
    described = (
        ResponseDoc(text, schema=found, encodings=encodings)
        if encodings
        else ResponseDoc(text, schema=found)
    )
    return {"200": described, "default": _REFUSED}


def _journal() -> list[Operation]:
    tag, path = "Journal", "/api/v1/journal"
    mode = Body(schema={
        "type": "object",
        "properties": {"mode": {"type": "string", "enum": list(MODES)}},
        "required": ["mode"],
    })  # fmt: skip
    paging = (
        Parameter("after", "number of the last entry that is known", _INTEGER),
        Parameter("limit", "entries of a page", _INTEGER),
    )
    most = Parameter(
        "most",
        "entries a second at most: events are lists then, with how many were left out",
        _INTEGER,
    )
    exports = [
        Operation("GET", f"{path}/export/{form}", f"Export entries as {form}", tag,
                  _told("A file", _OBJECT if form == "har" else {"type": "string"}, encoding),
                  _FILTERS)
        for form, encoding in _FORMS.items()
    ]  # fmt: skip
    return [
        Operation("GET", path, "List entries", tag, _told("Entries"), (*_FILTERS, *paging)),
        Operation("DELETE", path, "Forget all entries", tag, _told("How many there were")),
        Operation("PUT", f"{path}/mode", "Switch the mode", tag, _told("The mode"), body=mode),
        Operation("GET", f"{path}/stream", "Follow entries as server-sent events", tag,
                  _told("Events", {"type": "string"}, "text/event-stream"), (*_FILTERS, most)),
        Operation("POST", f"{path}/verify", "Assert what the journal has", tag,
                  _told("The verdict"), body=Body(Asked)),
        *exports,
        Operation("GET", path + "/{id}", "Read an entry, decoded", tag, _told("The entry"),
                  (Parameter("id", "number or request id"),)),
    ]  # fmt: skip


def _faults() -> list[Operation]:
    tag, path = "Faults", "/api/v1/faults"
    faults = Body(schema={"type": "object", "properties": {"faults": {"type": "array"}}})
    switch = Body(schema={
        "type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"],
    })  # fmt: skip
    name = (Parameter("name", "of the fault or trap"),)
    every, one = _told("Every fault and trap"), _told("The fault")
    return [
        Operation("GET", path, "List faults and traps", tag, every),
        Operation("PUT", path, "Have these faults and no others", tag, every, body=faults),
        Operation("POST", path, "Have these faults besides", tag, every, body=faults),
        Operation("DELETE", path, "Forget the faults", tag, every),
        Operation("POST", f"{path}/dry-run", "Try faults on the journal", tag,
                  _told("What would have matched"), body=faults),
        Operation("GET", path + "/{name}", "Read a fault", tag, one, name),
        Operation("PUT", path + "/{name}", "Switch a fault", tag, one, name, body=switch),
        Operation("DELETE", path + "/{name}", "Forget a fault", tag, every, name),
    ]  # fmt: skip


def _identifiers() -> list[Operation]:
    tag, path = "Identifiers", "/api/v1/identifiers"
    text = {"type": "string"}
    handle = Parameter("handle", "percent-encoded, its slash too")
    session = Parameter("index", "only the value at this index", _INTEGER)
    identity = Body(schema={
        "type": "object",
        "properties": {"identity": text, "secret": text},
        "required": ["identity", "secret"],
    })  # fmt: skip
    record = Body(schema={
        "type": "object",
        "properties": {"values": {"type": "array"}, "new": {"type": "boolean"}},
        "required": ["values"],
    })  # fmt: skip
    transport = Body(schema={
        "type": "object",
        "properties": {
            "transport": {"type": "string", "enum": ["udp", "tcp"]},
            "language": {"type": "string", "enum": ["en", "zh"]},
        },
    })  # fmt: skip
    asked = (
        Parameter("prefix", "whose identifiers", required=True),
        Parameter("text", "only those with this in their suffix"),
        Parameter("after", "cursor: where the page starts"),
        Parameter("limit", "identifiers of a page", _INTEGER),
    )
    signing = "/api/v1/identity"
    return [
        Operation("GET", path, "Find identifiers", tag, _told("A page"), asked),
        Operation("GET", path + "/{handle}", "Read a record, decoded", tag, _told("The record"), (handle,)),
        Operation("PUT", path + "/{handle}", "Create a record, or put values into one", tag,
                  _told("The handle"), (handle,), body=record),
        Operation("DELETE", path + "/{handle}", "Delete a record, or some of its values", tag,
                  _told("The handle"), (handle, session)),
        Operation("POST", path + "/{handle}/trace", "Trace an identifier", tag, _told("Its hops"),
                  (handle,), body=transport),
        Operation("POST", signing, "Sign in as an identity", tag, _told("The session"), body=identity),
        Operation("DELETE", signing, "Sign out", tag, _told("Whether there was a session")),
    ]  # fmt: skip
