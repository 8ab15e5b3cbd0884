"""`python -m idnode.node.conform.own_clients`: reads a task from standard input, does it, and prints what came of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from idnode.clients import errors
from idnode.clients.idhub_answers import IdhubRefused, NotGranted, ObjectMissing
from idnode.clients.snms_answers import NotLoggedIn, SnmsRefused
from idnode.node.conform.own_clients import handle, idhub, snms, web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.node.conform.own_clients.attempts import Said

_OPERATIONS: Final[dict[str, dict[str, Callable[[Mapping[str, Any]], Said]]]] = {
    "handle_udp": handle.OPERATIONS,
    "handle_tcp": handle.OPERATIONS,
    "handle_json": web.OPERATIONS,
    "bulk": web.OPERATIONS,
    "snms": snms.OPERATIONS,
    "idhub": idhub.OPERATIONS,
}

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
    (NotLoggedIn, "authentication"),
    (ObjectMissing, "not_found"),
    (NotGranted, "refused"),
    (SnmsRefused, "refused"),
    (IdhubRefused, "refused"),
    (errors.Refused, "refused"),
)


def do(task: Mapping[str, Any]) -> Said:
    """Do what a task asks for, and return what came of it."""
    operations = _OPERATIONS.get(task["face"], {})
    operation = operations.get(task["operation"])
    if operation is None:
        return {"outcome": "unsupported"}
    try:
        return {"outcome": "ok", **operation(task)}
    except errors.ClientError as error:
        kind = next((word for each, word in _KINDS if isinstance(error, each)), "other")
        return {"outcome": "error", "kind": kind, "message": str(error)}


def main() -> None:
    """Read a task from standard input, do it, and print what came of it."""
    said = do(json.loads(sys.stdin.readline()))
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.exit({"ok": 0, "error": 1}.get(said["outcome"], 77))


if __name__ == "__main__":
    main()
