"""One entry of the journal: a request and its answer without their secrets, and why it was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from idnode.registry.handle.dissection.message import dissect

if TYPE_CHECKING:
    from idnode.node.interceptors.rules.rule import Why
    from idnode.registry.handle.dissection.fields import Field

_OVERHEAD_BYTES: Final = 1_000
"""Memory of an entry beside the bytes that it keeps, about."""

TEXT_CHARACTERS_MAX: Final = 512
"""Most characters of a name that a peer chose (handle, identity, account); longer ones are cut."""


@dataclass(frozen=True, slots=True)
class KeptBinary:
    """A message of the binary protocol: secrets overwritten by zeros, and at most so many bytes of it kept."""

    wire: bytes
    length: int
    """Bytes of the whole message."""

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return len(self.wire)

    def as_data(self) -> dict[str, Any]:
        """Return the message as plain data: bytes in hexadecimal, and its fields with their offsets."""
        return {
            "form": "binary",
            "length": self.length,
            "hex": self.wire.hex(),
            "fields": [_field(each) for each in dissect(self.wire).children],
        }


@dataclass(frozen=True, slots=True)
class KeptHttp:
    """An HTTP request or answer without its secrets; ``start`` is ``(method, target)`` or ``(status, phrase)``."""

    start: tuple[str, str]
    headers: tuple[tuple[str, str], ...]
    body: str
    length: int
    """Bytes of the body as it came."""

    @property
    def size(self) -> int:
        """Bytes that are kept, about."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)

    def as_data(self) -> dict[str, Any]:
        """Return the message as plain data."""
        names = ("method", "target") if not self.start[0].isdigit() else ("status", "phrase")
        return {
            "form": "http",
            **dict(zip(names, self.start, strict=True)),
            "headers": [list(header) for header in self.headers],
            "length": self.length,
            "body": self.body,
        }


Kept = KeptBinary | KeptHttp


@dataclass(frozen=True, slots=True)
class Entry:
    """A request, its answer, and the reason of a refusal."""

    number: int
    """Its place in the journal since the node started, from 1; what cursors count by."""
    id: str
    """The request's id, the same as in the log and in ``X-Request-Id``."""
    time: float
    """When it was answered, in epoch seconds of the node's clock."""
    face: str
    connection: int
    peer: str
    operation: str
    handle: str
    identity: str | None
    """``index:handle`` of who proved to be the sender, or claimed it without a good proof."""
    account: str | None
    """The SNMS account behind the request's token."""
    code: int | None
    """The protocol's response code."""
    status: int | None
    """The HTTP status."""
    seconds: float
    """How long the answer took."""
    request: Kept
    answer: Kept | None
    answers: int = 1
    """Messages of the answer; only the first is kept."""
    fault: str | None = None
    """The name of the fault that was injected."""
    error: str | None = None
    """The class of the error that refused the request."""
    why: Why | None = None
    facts: dict[str, str] = field(default_factory=dict)
    """What the request named that is not there: its kind and name."""

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _OVERHEAD_BYTES + self.request.size + (self.answer.size if self.answer else 0)

    @property
    def prefix(self) -> str:
        """The prefix of the handle that was asked for."""
        return self.handle.partition("/")[0]

    def as_summary(self) -> dict[str, Any]:
        """Return the entry as plain data, without the messages."""
        return {
            "number": self.number,
            "id": self.id,
            "time": f"{datetime.fromtimestamp(self.time, UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "face": self.face,
            "connection": self.connection,
            "peer": self.peer,
            "operation": self.operation,
            "handle": self.handle,
            "identity": self.identity,
            "account": self.account,
            "code": self.code,
            "status": self.status,
            "seconds": round(self.seconds, 6),
            "fault": self.fault,
            "error": self.error,
            "why": None if self.why is None else self.why.as_data(),
        }

    def as_data(self) -> dict[str, Any]:
        """Return the whole entry as plain data."""
        return self.as_summary() | {
            "request": self.request.as_data(),
            "answer": None if self.answer is None else self.answer.as_data(),
            "answers": self.answers,
        }


def cut(text: str) -> str:
    """Return a name that a peer chose, cut where it is longer than an entry keeps."""
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[:TEXT_CHARACTERS_MAX] + "…"


def _field(each: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": each.name,
        "offset": each.offset,
        "length": each.length,
        "text": each.text,
    }
    if each.children:
        found["fields"] = [_field(child) for child in each.children]
    return found
