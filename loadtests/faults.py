"""The faults that the node injects while it is loaded: a report that is silent about them would mislead."""

import http.client
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

from idnode.node.testing.asking import NodeRefused, ask

_PATH = "/api/v1/faults"


class FaultOn(NamedTuple):
    """A fault that is on, and how many requests it struck."""

    name: str
    struck: int


class FaultUnknown(Exception):
    """The node has no fault of this name; the message is what it said."""


def faults_on(admin: str | None) -> list[FaultOn] | None:
    """Return the faults that are on, None if the node does not tell."""
    if admin is None:
        return None
    try:
        items = ask(admin, "GET", _PATH)["items"]
        return [FaultOn(str(each["name"]), int(each["struck"])) for each in items if each["on"]]
    except (NodeRefused, OSError, http.client.HTTPException, KeyError, TypeError, ValueError):
        return None


@contextmanager
def switched_on(admin: str, names: Sequence[str]) -> Iterator[None]:
    """Have faults of the node on while the block lasts.

    Raises:
        FaultUnknown: The node refuses one.

    """
    switched: list[str] = []
    try:
        for name in names:
            _switch(admin, name, on=True)
            switched.append(name)
        yield
    finally:
        for name in switched:
            _switch(admin, name, on=False)


def _switch(admin: str, name: str, *, on: bool) -> None:
    try:
        ask(admin, "PUT", f"{_PATH}/{quote(name, safe='')}", {"on": on})
    except NodeRefused as error:
        raise FaultUnknown(str(error)) from error


def as_data(faults: Sequence[FaultOn] | None) -> list[dict[str, Any]] | None:
    """Return the faults as plain data."""
    return None if faults is None else [fault._asdict() for fault in faults]


def as_lines(faults: Sequence[FaultOn] | None) -> Iterator[str]:
    """Return what a report says of them: nothing where there are none."""
    if faults is None:
        yield "faults: not known, for the node's management port was not asked, or did not answer"
    elif faults:
        struck = ", ".join(f"{fault.name} (struck {fault.struck:,})" for fault in faults)
        yield f"FAULTS WERE ON: {struck}; these figures are not those of the node alone"
