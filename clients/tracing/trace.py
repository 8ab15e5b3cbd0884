"""A trace as data: its hops, and how it ended; as JSON and back."""

from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.clients.answer import Answer

HOPS_SHOWN_MAX = 64
"""Most hops that are read from what a node tells."""


class End(StrEnum):
    """The ways in which a trace ends."""

    ANSWERED = "answered"
    NOT_FOUND = "not found"
    REFUSED = "refused"
    LOOP = "loop"
    DEAD_END = "dead end"
    TOO_DEEP = "too deep"


@dataclass(frozen=True, slots=True)
class Hop:
    """One question to one node and what came of it, as it is shown.

    ``failure`` is why nothing came; else there is a ``response_code``. ``refers_to`` are the servers that a referral
    names. ``cache`` says what a recursive node's cache knew: hit, miss or stale. ``depth`` counts the nodes that
    ask for others: what a recursive node asks stands one deeper than the question to it.
    """

    server: str
    question: str
    node: str = ""
    role: str = ""
    transport: str = ""
    rule: str = ""
    response_code: int | None = None
    response: str = ""
    failure: str = ""
    refers_to: tuple[str, ...] = ()
    seconds: float = 0.0
    cache: str = ""
    values: int = 0
    depth: int = 0

    def deeper(self) -> "Hop":
        """Return the hop one deeper."""
        return replace(self, depth=self.depth + 1)


@dataclass(frozen=True, slots=True)
class Trace:
    """A question's way: the hops, how it ended and why, and the last answer if one came."""

    handle: str
    hops: tuple[Hop, ...]
    end: End
    why: str = ""
    answer: "Answer | None" = field(default=None, compare=False)


def trace_object(trace: Trace) -> dict[str, Any]:
    """Return a trace as a JSON object, without the answer."""
    return {
        "handle": trace.handle,
        "end": str(trace.end),
        "why": trace.why,
        "hops": [asdict(hop) | {"refers_to": list(hop.refers_to)} for hop in trace.hops],
    }


def read_trace(found: "Mapping[str, Any]") -> Trace:
    """Return the trace in a JSON object of a node.

    Raises:
        ValueError: It is none.

    """
    try:
        hops = tuple(_hop(each) for each in found["hops"][:HOPS_SHOWN_MAX])
        return Trace(str(found["handle"]), hops, End(found["end"]), str(found["why"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the node's answer is no trace: {error!r}") from error


def _hop(found: "Mapping[str, Any]") -> Hop:
    made: dict[str, Any] = {}
    for each in fields(Hop):
        value = found[each.name]
        if each.name == "refers_to":
            made[each.name] = tuple(map(str, value))
        elif each.name == "seconds":
            made[each.name] = float(value)
        elif each.name in {"values", "depth"}:
            made[each.name] = int(value)
        elif each.name == "response_code":
            made[each.name] = None if value is None else int(value)
        else:
            made[each.name] = str(value)
    return Hop(**made)
