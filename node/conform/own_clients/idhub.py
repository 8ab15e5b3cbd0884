"""Tasks over IDHub, by `idnode.clients.idhub_blocking`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.clients.idhub_answers import IdhubRefused, NotGranted, ObjectMissing
from idnode.clients.idhub_blocking import Client as IdhubClient
from idnode.clients.idhub_requests import ApplicationIdentity
from idnode.node.conform.own_clients.attempts import Said, surely
from idnode.registry.handle.proofs.private_keys import decode_private_key
from idnode.registry.handle.proofs.signatures import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def _client(task: Mapping[str, Any]) -> IdhubClient:
    who = task["credentials"]
    key: Any = decode_private_key(who["private_key"].encode())
    return IdhubClient(
        task["url"],
        ApplicationIdentity(who["application"], lambda data: sign(key, "SHA256", data)),
    )


def _content(values: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {each["type"]: each["data"] for each in values}


def _create_each(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        for handle in task["handles"]:
            _create(client, task, handle)
    return {}


def _create(client: IdhubClient, task: Mapping[str, Any], handle: str) -> None:
    def is_there() -> bool:
        try:
            client.retrieve(handle)
        except ObjectMissing:
            return False
        return True

    surely(lambda: client.create(handle, task["template"], _content(task["values"])), is_there)


def _resolve(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        return {"values": _values(client, task)}


def _values(client: IdhubClient, task: Mapping[str, Any]) -> list[Said]:
    found = client.retrieve(task["handle"]).values
    index = {each["type"]: each["index"] for each in task.get("values", ())}
    return [
        {"index": index.get(kind, 0), "type": kind, "data": data} for kind, data in found.items()
    ]


def _create_and_resolve(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        _create(client, task, task["handle"])
        return {"values": _values(client, task)}


def _create_and_modify(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        _create(client, task, task["handle"])
        changed = _content(task["items"][0]["values"])
        client.update(task["handle"], task["template"], changed)
    return {}


def _publish(task: Mapping[str, Any]) -> Said:
    with _client(task) as client:
        client.publish(task["handles"][0], withdraw=True)
        failed = client.publish(*task["handles"])
    return {"items": [{"handle": each, "ok": each not in failed} for each in task["handles"]]}


KINDS: Final = ((ObjectMissing, "not_found"), (NotGranted, "refused"), (IdhubRefused, "refused"))

OPERATIONS: Final[dict[str, Callable[[Mapping[str, Any]], Said]]] = {
    "resolve": _resolve,
    "create": _create_each,
    "create_each": _create_each,
    "create_and_resolve": _create_and_resolve,
    "create_and_modify": _create_and_modify,
    "publish": _publish,
}
