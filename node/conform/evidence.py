"""Evidence about a client: the requests that a node's journal kept, and what the client said came of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OK: Final = "ok"
ERROR: Final = "error"
UNSUPPORTED: Final = "unsupported"
OUTCOMES: Final = (OK, ERROR, UNSUPPORTED)

UNSUPPORTED_EXIT_CODE: Final = 77
"""Exit code of a client that cannot do what a case asks for, as test harnesses have it."""

_ADDED_BY_SERVER: Final = "HS_ADMIN"


class Request:
    """One entry of the journal, as `GET /api/v1/journal/{id}` shows it: a request and its answer."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.number: int = data["number"]
        self.face: str = data["face"]
        self.operation: str = data["operation"]
        self.handle: str = data["handle"]
        self.peer: str = data["peer"]
        self.code: int | None = data["code"]
        self.status: int | None = data["status"]
        self.fault: str | None = data["fault"]
        self.broken: str | None = (data["why"] or {}).get("rule")

    @property
    def at(self) -> float:
        """When it was answered, in epoch seconds of the node's clock."""
        return datetime.fromisoformat(self.data["time"]).timestamp()

    @property
    def binary(self) -> bool:
        """True if it came over the Handle protocol."""
        return bool(self.data["request"]["form"] == "binary")

    @cached_property
    def fields(self) -> dict[str, str]:
        """The fields of a binary request by name; of several with one name the first."""
        return _named(self.data["request"].get("fields", ()))

    @property
    def op_code(self) -> int | None:
        """The operation code of a binary request."""
        number = self.fields.get("op code", "").partition(" ")[0]
        return int(number) if number.isdecimal() else None

    @property
    def wire(self) -> str:
        """The bytes of a binary request in hexadecimal digits, as far as they are kept."""
        return str(self.data["request"].get("hex", ""))

    @property
    def method(self) -> str:
        """The method of an HTTP request."""
        return str(self.data["request"].get("method", ""))

    @property
    def target(self) -> str:
        """Path and query of an HTTP request."""
        return str(self.data["request"].get("target", ""))

    @property
    def path(self) -> str:
        """The path of an HTTP request."""
        return self.target.partition("?")[0]

    @property
    def answered(self) -> bool:
        """True if an answer left that no fault had touched."""
        return self.fault is None and self.data["answer"] is not None

    def body(self) -> Any:
        """Return the JSON of an HTTP request, None if there is none."""
        try:
            return json.loads(self.data["request"].get("body") or "null")
        except ValueError:
            return None


def _named(fields: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in _walked(fields):
        found.setdefault(name, text)
    return found


def _walked(fields: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for each in fields:
        yield each["name"], each["text"]
        yield from _walked(each.get("fields", ()))


Values = tuple[tuple[int, str, str], ...]
"""Index, type and data of values."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Holds what a client said came of a case; what it left out is None."""

    outcome: str
    values: Values | None = None
    records: tuple[Values, ...] | None = None
    """Of a case with several questions: the values of each, in order."""
    handles: tuple[str, ...] | None = None
    items: tuple[tuple[str, bool], ...] | None = None
    """Of a batch: each handle, and whether it was accepted."""
    kind: str | None = None
    """Of an error: a word of `KINDS`."""
    message: str = ""

    @property
    def ok(self) -> bool:
        """True if the client believes that it has what it wanted."""
        return self.outcome == OK


KINDS: Final = (
    *("not_found", "values_not_found", "exists", "busy", "refused", "authentication"),
    *("unanswered", "malformed", "referral", "other"),
)
"""Words for errors, so that a case can tell one from another."""


def outcome_of(said: str, exit_code: int | None) -> Outcome:
    """Return the outcome that a client printed as its last line of JSON, or that its exit code tells."""
    for line in reversed(said.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("outcome") in OUTCOMES:
            return read_outcome(found)
    if exit_code == UNSUPPORTED_EXIT_CODE:
        return Outcome(UNSUPPORTED)
    return Outcome(ERROR if exit_code else OK, message=said.strip()[-500:])


def read_outcome(found: Mapping[str, Any]) -> Outcome:
    """Return the outcome that a JSON object tells; members of another shape count as left out."""
    records, handles, items = found.get("records"), found.get("handles"), found.get("items")
    return Outcome(
        found["outcome"],
        _values(found.get("values")),
        tuple(_values(each) or () for each in records) if isinstance(records, list) else None,
        tuple(map(str, handles)) if isinstance(handles, list) else None,
        tuple(
            (str(each.get("handle")), each.get("ok") is True)
            for each in items
            if isinstance(each, dict)
        )
        if isinstance(items, list)
        else None,
        None if found.get("kind") is None else str(found["kind"]),
        str(found.get("message", ""))[:500],
    )


def _values(found: Any) -> Values | None:
    if not isinstance(found, list):
        return None
    values = [each for each in found if isinstance(each, dict)]
    return tuple(
        (int(each.get("index") or 0), str(each.get("type", "")), str(each.get("data", "")))
        for each in values
        if each.get("type") != _ADDED_BY_SERVER
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """Tells what a right client comes to; None asks for nothing."""

    outcome: str | None = None
    values: Values | None = None
    records: tuple[Values, ...] | None = None
    handles: tuple[str, ...] | None = None
    items: tuple[tuple[str, bool], ...] | None = None
    state: Mapping[str, Values | None] = field(default_factory=dict)
    """What the node has afterwards, by handle; None: no record."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Holds all that is known of a client's way through one case, or of traffic that was watched."""

    requests: tuple[Request, ...]
    outcome: Outcome | None = None
    expected: Expected = field(default_factory=Expected)
    state: Mapping[str, Values | None] = field(default_factory=dict)
    """What the node has afterwards, by handle."""
    in_time: bool = True
    """Whether the client ended by itself."""
    handles: tuple[str, ...] = ()
    """The handles that the case is about."""
    limit: int = 12
    """Most requests that a right client needs for the case."""

    def of(self, *operations: str) -> tuple[Request, ...]:
        """Return the requests of these operations."""
        return tuple(each for each in self.requests if each.operation in operations)

    @property
    def struck(self) -> tuple[Request, ...]:
        """The requests whose answers a fault spoiled."""
        return tuple(each for each in self.requests if each.fault is not None)
