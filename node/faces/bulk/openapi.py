"""The bulk API as OpenAPI operations."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from idnode.node.faces.bulk.formats import Encoding
from idnode.node.faces.handle_json.openapi import REFUSED, UNPROVEN
from idnode.node.openapi.document import BASIC, BEARER, Body, Operation, Parameter, ResponseDoc

TAG: Final = "Bulk"

_ENCODINGS: Final = (Encoding.JSON.value, Encoding.NDJSON.value, Encoding.MSGPACK.value)
_ITEM: Final[dict[str, Any]] = {
    "type": "array",
    "description": "[handle, [[index, type, data, ttl?], …]]",
    "prefixItems": [
        {"type": "string"},
        {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [
                    {"type": "integer"},
                    {"type": "string"},
                    {"type": "string"},
                    {"type": "integer"},
                ],
                "minItems": 3,
                "maxItems": 4,
            },
        },
    ],
    "minItems": 2,
    "maxItems": 2,
}


class FailedItem(BaseModel):
    """An item that was refused: where it stood, from 0, and why."""

    position: int
    code: int
    message: str
    handle: str | None = None


class Counts(BaseModel):
    """Holds what became of a batch; in NDJSON each failure is a line of its own."""

    accepted: int
    failed: int
    failures: list[FailedItem] = []


class Records(BaseModel):
    """A record for each handle, in order; without values there is a ``code`` that says why."""

    records: list[dict[str, Any]]


class Identifiers(BaseModel):
    """Identifiers as they were spelled, and where the next page begins."""

    responseCode: int
    total: int
    handles: list[str]
    after: str | None


def operations() -> list[Operation]:
    """Return the calls of the bulk API."""
    switch = {"type": "string", "enum": ["true", "false"]}
    answered = (Encoding.JSON.value,)
    return [
        Operation(
            "GET",
            "/api/v1/identifiers",
            "List the identifiers of a prefix",
            TAG,
            {"200": ResponseDoc("A page", Identifiers), "401": UNPROVEN, "default": REFUSED},
            (
                Parameter("prefix", required=True),
                Parameter("after", "where the page begins"),
                Parameter("limit", "identifiers of a page", {"type": "integer", "minimum": 1}),
            ),
            security=BEARER,
            or_security=BASIC,
        ),
        Operation(
            "POST",
            "/api/v1/identifiers/batch",
            "Register up to 50,000 identifiers",
            TAG,
            {
                "200": ResponseDoc("Counts, and why items failed", Counts, answered),
                "401": UNPROVEN,
                "default": REFUSED,
            },
            (
                Parameter("overwrite", "replace records that exist", switch),
                Parameter("all_or_nothing", "one bad item fails all", switch),
            ),
            Body(schema={"type": "array", "items": _ITEM}),
            security=BASIC,
        ),
        Operation(
            "POST",
            "/api/v1/identifiers/resolve",
            f"Resolve up to 50,000 identifiers, in {', '.join(_ENCODINGS)}",
            TAG,
            {
                "200": ResponseDoc("A record for each", Records, answered),
                "401": UNPROVEN,
                "default": REFUSED,
            },
            (),
            Body(schema={"type": "array", "items": {"type": "string"}}),
            security=BASIC,
        ),
    ]
