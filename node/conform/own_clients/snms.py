"""Tasks over SNMS, by `idnode.clients.snms_blocking`."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idnode.clients.snms_answers import Attribute, Identifier, NotLoggedIn, SnmsRefused
from idnode.clients.snms_blocking import Client as SnmsClient
from idnode.clients.snms_requests import Account
from idnode.node.conform.own_clients.attempts import ATTEMPTS, PAUSE_SECONDS, Said, surely
from idnode.registry.handle.clock import MovableClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_BUSY: Final = "系统繁忙"


def _client(task: Mapping[str, Any]) -> SnmsClient:
    clock = MovableClock()
    clock.set(_epoch(task["now"]))
    who = task["credentials"]
    return SnmsClient(task["url"], Account(who["username"], who["password"]), clock=clock)


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _patiently(ask: Callable[[], Any]) -> Any:
    """Ask until the system is not busy, a few times."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return ask()
        except SnmsRefused as error:
            if _BUSY not in error.message:
                raise
            time.sleep(PAUSE_SECONDS)
    return ask()


def _login(client: SnmsClient) -> None:
    """Log in; around midnight a digest may be refused that is right a moment later."""
    try:
        client.login()
    except SnmsRefused:
        client.login()


def _identifier(task: Mapping[str, Any], handle: str, values: Sequence[Any]) -> Identifier:
    attributes = tuple(Attribute(each["index"], each["type"], each["data"]) for each in values)
    return Identifier(handle, task["template"], attributes)


def _shown(found: Identifier) -> list[Said]:
    return [
        {"index": each.index, "type": each.type, "data": each.value} for each in found.attributes
    ]


def _resolve(task: Mapping[str, Any]) -> Said:
    return {"values": _resolve_each(task)["records"][0]}


def _resolve_each(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        _login(client)
        found = [_patiently(partial(client.detail, handle)) for handle in task["handles"]]
    return {"records": [_shown(each) for each in found]}


def _create(task: Mapping[str, Any]) -> Said:
    handle = task["handle"]
    identifier = _identifier(task, handle, task["values"])
    with _client(task) as client:

        def is_there() -> bool:
            try:
                client.detail(handle)
            except SnmsRefused:
                return False
            return True

        _login(client)
        surely(lambda: client.create(identifier), is_there)
    return {}


def _delete(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        client.delete(task["handle"])
    return {}


def _batch(task: Mapping[str, Any]) -> Said:
    asked = [_identifier(task, each["handle"], each["values"]) for each in task["items"]]
    with _client(task) as client:
        found = client.batch_create(asked)
    if len(found) != len(asked):
        message = f"{len(found)} outcomes for {len(asked)} items"
        return {"outcome": "error", "kind": "malformed", "message": message}
    return {"items": [{"handle": each.handle, "ok": each.accepted} for each in found]}


KINDS: Final = ((NotLoggedIn, "authentication"), (SnmsRefused, "refused"))

OPERATIONS: Final[dict[str, Callable[[Mapping[str, Any]], Said]]] = {
    "resolve": _resolve,
    "resolve_each": _resolve_each,
    "create": _create,
    "delete": _delete,
    "batch": _batch,
}
