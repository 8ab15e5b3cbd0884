"""The Handle JSON API as OpenAPI operations (handle-http-api.md §§1 to 6)."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from idnode.node.openapi.document import BASIC, BEARER, Body, Operation, Parameter, ResponseDoc

TAG: Final = "Handle JSON"


class Data(BaseModel):
    """The content of a value in the form that its type has: string, base64, admin, vlist, site or key."""

    format: str
    value: Any


class Reference(BaseModel):
    """A pointer to a value of another handle."""

    handle: str
    index: int


class RecordValue(BaseModel):
    """A value of a record."""

    index: int
    type: str
    data: Data
    permissions: str | None = Field(None, description="four bits, absent for 1110")
    ttl: int | str = Field(description="seconds, or a point in time")
    timestamp: str | None = None
    references: list[Reference] | None = None


class Record(BaseModel):
    """The answer to a resolution; without values when none matches."""

    responseCode: int
    handle: str
    values: list[RecordValue] | None = None
    message: str | None = None


class Outcome(BaseModel):
    """The answer to a change, or why there was none."""

    responseCode: int
    handle: str | None = None
    message: str | None = None


class Handles(BaseModel):
    """Handles of a prefix."""

    responseCode: int
    prefix: str
    totalCount: str
    page: int | None = None
    pageSize: int | None = None
    handles: list[str]


class Prefixes(BaseModel):
    """Prefixes that live here."""

    responseCode: int
    totalCount: str
    prefixes: list[str]


class SiteInfo(BaseModel):
    """The node's site record."""

    responseCode: int
    site: dict[str, Any]


class NewValue(BaseModel):
    """A value to be written; ``data`` may be a plain string."""

    index: int
    type: str
    data: Data | str
    permissions: str | None = None
    ttl: int | None = None


class NewRecord(BaseModel):
    """A record to be written."""

    handle: str | None = None
    values: list[NewValue]


REFUSED: Final = ResponseDoc("Refused; `responseCode` says why", Outcome)
UNPROVEN: Final = ResponseDoc("Credentials are needed, or prove nothing (then without a body)")
_INDEX: Final = Parameter("index", "only values at these indexes", {"type": "integer"})
_PRETTY: Final = Parameter("pretty", "indented", {"type": "string", "enum": ["true", "false"]})
_SWITCH: Final = {"type": "string", "enum": ["true", "false"]}


def operations() -> list[Operation]:
    """Return the calls of this API, without the browser's redirect."""
    return [*_of_a_handle(), *_of_prefixes()]


def _of_a_handle() -> list[Operation]:
    path = "/api/handles/{handle}"
    handle = Parameter("handle", "prefix/suffix", {"type": "string", "minLength": 1})
    refused = {"401": UNPROVEN, "default": REFUSED}
    created = ResponseDoc("Created", Outcome)
    return [
        Operation(
            "GET",
            path,
            "Resolve a handle",
            TAG,
            {
                "200": ResponseDoc("The record", Record),
                "300": ResponseDoc("Answered elsewhere: `values` name the servers to ask", Record),
                "400": ResponseDoc("Invalid, or the prefix is not known here", Outcome),
                "401": UNPROVEN,
                "404": ResponseDoc("Not found", Outcome),
                "default": REFUSED,
            },
            (handle, _INDEX, Parameter("type", "only values of these types"), _PRETTY),
            security=BASIC,
            optional_security=True,
        ),
        Operation(
            "PUT",
            path,
            "Create or replace a record, or with `index` values of it",
            TAG,
            {"200": ResponseDoc("Replaced", Outcome), "201": created, **refused},
            (
                handle,
                Parameter("overwrite", "replace what is there", _SWITCH),
                Parameter("index", "`various`, or the indexes in the body"),
                Parameter("mintNewSuffix", "append a UUID to the handle", _SWITCH),
            ),
            Body(NewRecord),
            security=BASIC,
        ),
        Operation(
            "DELETE",
            path,
            "Delete a record, or with `index` values of it",
            TAG,
            {"200": ResponseDoc("Deleted", Outcome), **refused},
            (handle, _INDEX),
            security=BASIC,
        ),
    ]


def _of_prefixes() -> list[Operation]:
    number = {"type": "integer", "minimum": -1, "maximum": 0x7FFFFFFF}
    return [
        Operation(
            "GET",
            "/api/handles",
            "List the handles of a prefix",
            TAG,
            {
                "200": ResponseDoc("A page, or all handles", Handles),
                "401": UNPROVEN,
                "default": REFUSED,
            },
            (
                Parameter("prefix", required=True),
                Parameter("page", "from 0", number),
                Parameter("pageSize", "0 for none, -1 for all", number),
            ),
            security=BEARER,
            or_security=BASIC,
        ),
        Operation(
            "GET",
            "/api/site",
            "What this node is",
            TAG,
            {"200": ResponseDoc("Its site record", SiteInfo), "default": REFUSED},
        ),
        Operation(
            "GET",
            "/api/prefixes",
            "Prefixes that live here",
            TAG,
            {
                "200": ResponseDoc("The prefixes", Prefixes),
                "401": UNPROVEN,
                "default": REFUSED,
            },
            security=BASIC,
        ),
    ]
