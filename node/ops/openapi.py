"""The management port as OpenAPI operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.fixtures.models import Fixtures
from idnode.node.openapi.document import Body, Operation, Parameter, ResponseDoc
from idnode.node.ops import models, openapi_requests
from idnode.node.ops.clock import ClockMove, ClockReading
from idnode.node.ops.fixture_models import FixturesOrFiles, Given, Mistakes
from idnode.node.ops.load_result import PATH as LOAD_RESULT
from idnode.node.ops.load_result import KeptLoadResult, LoadResult
from idnode.node.ops.states import Forgotten, KeptState, KeptStates, Reset, Returned

if TYPE_CHECKING:
    from pydantic import BaseModel

TAG: Final = "Directory"
REFUSED: Final = ResponseDoc("Refused, and why", models.Failure)

_OBJECT: Final[dict[str, Any]] = {"type": "object"}
_TEXT: Final = "text/plain"
_PAGE: Final = (
    Parameter("name", "only rows with this in their name (for templates: version)"),
    Parameter("prefix", "only rows with this in their prefix (for templates: of this prefix)"),
    Parameter("page", "from 1", {"type": "integer", "minimum": 1}),
    Parameter("size", "rows of a page", {"type": "integer", "minimum": 1, "maximum": 1000}),
)
_STATUSES: Final = (
    "disabled",
    "enabled",
    "to_be_deleted",
    "rejected",
    "waiting",
    "under_review",
)


def operations() -> list[Operation]:
    """Return the calls of the management port."""
    return [*_watching(), *_states(), *_fixtures(), *openapi_requests.operations(), *_directory()]


def _states() -> list[Operation]:
    tag = "States"
    named = "/api/v1/states/{name}"
    kept, returned = _answers(KeptStates), _answers(Returned)
    return [
        Operation("POST", "/api/v1/reset", "Return to a state", tag, returned, body=Body(Reset)),
        Operation("GET", "/api/v1/states", "List the states", tag, kept),
        Operation("POST", named, "Keep a state", tag, _answers(KeptState, "201")),
        Operation("POST", named + "/load", "Return to this state", tag, returned),
        Operation("DELETE", named, "Forget a state", tag, _answers(Forgotten)),
    ]


def _fixtures() -> list[Operation]:
    tag, path = "Fixtures", "/api/v1/fixtures"
    given = {
        **_answers(Given),
        "400": ResponseDoc(
            "Every mistake, with file, line and field; nothing is changed", Mistakes
        ),
    }
    only = (Parameter("prefix", "only what is of this prefix"),)
    lines = {
        "200": ResponseDoc("A line for each", Fixtures, ("application/x-ndjson",)),
        "default": REFUSED,
    }
    body = Body(FixturesOrFiles)
    form = {"200": ResponseDoc("JSON Schema", schema=_OBJECT), "default": REFUSED}
    return [
        Operation("GET", path, "Tell what the node has as fixtures", tag, lines, only),
        Operation("POST", path, "Have the node be as fixtures say", tag, given, body=body),
        Operation("GET", path + "/schema", "The form of a fixture file", tag, form),
    ]


def _watching() -> list[Operation]:
    tag = "Node"
    told = {"200": ResponseDoc("What it says", schema=_OBJECT), "default": REFUSED}
    ready = told | {"503": ResponseDoc("Not ready", schema=_OBJECT)}
    metrics = {
        "200": ResponseDoc("Metrics for Prometheus", schema={"type": "string"}, encodings=(_TEXT,))
    }
    name = Body(schema={
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"}},
        "required": ["name"],
    })  # fmt: skip
    taken = {"201": ResponseDoc("Where it lies", schema=_OBJECT), "default": REFUSED}
    return [
        Operation("GET", "/livez", "Whether the process lives", tag, told),
        Operation("GET", "/readyz", "Whether traffic is wanted", tag, ready),
        Operation("GET", "/metrics", "Metrics", tag, metrics),
        Operation("GET", "/api/v1/clock", "Read the node's clock", tag, _answers(ClockReading)),
        Operation(
            "POST",
            "/api/v1/clock",
            "Move the node's clock",
            tag,
            _answers(ClockReading),
            body=Body(ClockMove),
        ),
        Operation(
            "GET",
            LOAD_RESULT,
            "Read the result of the last load test",
            tag,
            _answers(KeptLoadResult),
        ),
        Operation(
            "PUT",
            LOAD_RESULT,
            "Leave the result of a load test",
            tag,
            {"204": ResponseDoc("It is kept"), "default": REFUSED},
            body=Body(LoadResult),
        ),
        Operation("GET", "/api/v1/stats", "What the node says about itself", tag, told),
        Operation("POST", "/api/v1/snapshots", "Copy the register", tag, taken, body=name),
    ]


def _answers(model: type[BaseModel], status: str = "200") -> dict[str, ResponseDoc]:
    return {status: ResponseDoc("What there is", model), "default": REFUSED}


def _directory() -> list[Operation]:
    decision = Body(models.Decision)
    status = Parameter("status", "only prefixes in it", {"type": "string", "enum": list(_STATUSES)})
    one = _answers(models.Prefix)
    number = {"type": "integer", "minimum": 1}
    return [
        Operation("GET", "/api/v1/enterprises", "List enterprises", TAG,
                  _answers(models.Page[models.Enterprise]), _PAGE),
        Operation("POST", "/api/v1/enterprises", "Onboard an enterprise", TAG,
                  _answers(models.Enterprise, "201"), body=Body(models.NewEnterprise)),
        Operation("GET", "/api/v1/enterprises/{id}", "Read an enterprise", TAG,
                  _answers(models.EnterpriseWithApplication), (Parameter("id", schema=number),)),
        Operation("GET", "/api/v1/prefixes", "List prefixes", TAG,
                  _answers(models.Page[models.Prefix]), (*_PAGE, status)),
        Operation("GET", "/api/v1/prefixes/{prefix}", "Read a prefix", TAG, one),
        Operation("POST", "/api/v1/prefixes/{prefix}/enable", "Enable a prefix again", TAG, one,
                  body=decision),
        Operation("POST", "/api/v1/prefixes/{prefix}/disable", "Disable a prefix", TAG, one,
                  body=decision),
        Operation("GET", "/api/v1/templates", "List templates", TAG,
                  _answers(models.Page[models.Template]), _PAGE),
        Operation("GET", "/api/v1/accounts", "List accounts", TAG,
                  _answers(models.Page[models.Account]), (_PAGE[0], *_PAGE[2:])),
        Operation("GET", "/api/v1/reviews", "List applications that wait", TAG,
                  _answers(models.Page[models.Prefix]), _PAGE[2:]),
        Operation("POST", "/api/v1/reviews/{prefix}/approve", "Approve what waits", TAG, one,
                  body=decision),
        Operation("POST", "/api/v1/reviews/{prefix}/reject", "Reject what waits", TAG, one,
                  body=decision),
        Operation("GET", "/api/v1/volumes", "Registrations and resolutions by prefix and day", TAG,
                  _answers(models.DailyVolumes),
                  (Parameter("prefix", "only this prefix"),
                   Parameter("days", "how many, today's included",
                             {"type": "integer", "minimum": 1, "maximum": 400}))),
        Operation("GET", "/api/v1/volumes/top", "Prefixes that registered and resolved most", TAG,
                  _answers(models.TopPrefixes),
                  (Parameter("count", "how many prefixes",
                             {"type": "integer", "minimum": 1, "maximum": 1000}),
                   Parameter("days", "of how many days, today's included",
                             {"type": "integer", "minimum": 1, "maximum": 400}))),
    ]  # fmt: skip
