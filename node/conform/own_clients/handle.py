"""Tasks over the Handle protocol, by `idnode.clients.blocking`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.clients.answer import Question, Transport
from idnode.clients.blocking import Client as HandleClient
from idnode.clients.dialogues import (
    Administrator,
    add_values,
    create,
    delete,
    list_handles,
    modify_values,
    open_session,
    remove_values,
)
from idnode.clients.identity import KeyIdentity, SecretIdentity
from idnode.clients.request import Schedule
from idnode.node.conform.own_clients.attempts import (
    Said,
    given,
    patiently,
    shown,
    surely,
    with_administrators,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idnode.clients.answer import Answer
    from idnode.clients.identity import Identity
    from idnode.registry.handle.model import HandleValue

SCHEDULE = Schedule()
"""When a question is sent again, and when it is given up."""


def _client(task: Mapping[str, Any]) -> HandleClient:
    transport = Transport.UDP if task["face"] == "handle_udp" else Transport.TCP
    return HandleClient((task["host"], task["port"]), transport=transport, schedule=SCHEDULE)


def _identity(task: Mapping[str, Any]) -> Identity:
    who = task["credentials"]
    handle = who["handle"].encode()
    if "private_key" in who:
        return KeyIdentity.from_pem(handle, who["index"], who["private_key"].encode())
    return SecretIdentity(handle, who["index"], who["secret"].encode())


def _resolved(client: HandleClient, task: Mapping[str, Any], handle: str) -> Answer:
    indexes, types = tuple(task.get("indexes", ())), tuple(task.get("types", ()))
    found: Answer = patiently(
        lambda: client.resolve(handle, indexes=indexes, types=types, follow=True)
    )
    return found


def _resolve(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        return {"values": shown(_resolved(client, task, task["handle"]).values)}


def _resolve_each(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        found = [_resolved(client, task, handle) for handle in task["handles"]]
    return {"records": [shown(each.values) for each in found]}


def _create_each(task: Mapping[str, Any]) -> Said:
    administrator = Administrator(_identity(task))
    with _client(task) as client:
        if task.get("session"):
            client.do(open_session(administrator))
        for handle in task["handles"]:
            values = with_administrators(handle, given(task["values"]))

            def is_there(handle: str = handle) -> bool:
                return client.query(Question.of(handle)).succeeded

            def write(handle: str = handle, values: list[HandleValue] = values) -> Any:
                return client.do(create(administrator, handle, values))

            surely(write, is_there)
    return {}


def _write(task: Mapping[str, Any]) -> Said:
    administrator, handle = Administrator(_identity(task)), task["handle"]
    writes: dict[str, Callable[[], Any]] = {
        "modify": lambda: modify_values(administrator, handle, given(task["values"])),
        "add": lambda: add_values(administrator, handle, given(task["values"])),
        "remove": lambda: remove_values(administrator, handle, task["indexes"]),
        "delete": lambda: delete(administrator, handle),
    }
    with _client(task) as client:
        client.do(writes[task["operation"]]())
    return {}


def _list(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        prefix = task["handle"].removeprefix("0.NA/")
        found = client.do(list_handles(Administrator(_identity(task)), prefix))
    return {"handles": [each.decode() for each in found]}


OPERATIONS: Final[dict[str, Callable[[Mapping[str, Any]], Said]]] = {
    "resolve": _resolve,
    "resolve_each": _resolve_each,
    "create": _create_each,
    "create_each": _create_each,
    "list": _list,
    **dict.fromkeys(("modify", "add", "remove", "delete"), _write),
}
