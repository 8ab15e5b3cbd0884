"""`python -m idnode.node.conform.own_clients`: reads a task from standard input, does it, and prints what came of it."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from idnode.clients import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.node.conform.own_clients.attempts import Said

_ROOMS: Final = {
    "handle_udp": "handle",
    "handle_tcp": "handle",
    "handle_json": "web",
    "bulk": "web",
    "snms": "snms",
    "idhub": "idhub",
}
"""Module by API, imported when a task is for it: one task is done by one process, which somebody waits for."""

_KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (errors.HandleNotFound, "not_found"),
    (errors.ValuesNotFound, "values_not_found"),
    (errors.HandleExists, "exists"),
    (errors.ServerBusy, "busy"),
    (errors.Referral, "referral"),
    (errors.AuthenticationNeeded, "authentication"),
    (errors.AuthenticationFailed, "authentication"),
    (errors.MalformedAnswer, "malformed"),
    (errors.NotAnswered, "unanswered"),
    (errors.Refused, "refused"),
)
"""Of errors that no API has for itself."""


def do(task: Mapping[str, Any]) -> Said:
    """Do what a task asks for, and return what came of it."""
    if task["face"] not in _ROOMS:
        return {"outcome": "unsupported"}
    room = import_module(f"idnode.node.conform.own_clients.{_ROOMS[task['face']]}")
    operation = room.OPERATIONS.get(task["operation"])
    if operation is None:
        return {"outcome": "unsupported"}
    try:
        return {"outcome": "ok", **operation(task)}
    except errors.ClientError as error:
        kinds = (*getattr(room, "KINDS", ()), *_KINDS)
        kind = next((word for each, word in kinds if isinstance(error, each)), "other")
        return {"outcome": "error", "kind": kind, "message": str(error)}


def main() -> None:
    """Read a task from standard input, do it, and print what came of it."""
    said = do(json.loads(sys.stdin.readline()))
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.exit({"ok": 0, "error": 1}.get(said["outcome"], 77))


if __name__ == "__main__":
    main()
