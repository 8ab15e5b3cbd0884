"""Tasks over the Handle JSON API and the batch API, by `idnode.clients.web_blocking`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.clients.answer import Question
from idnode.clients.bulk import item
from idnode.clients.web_blocking import Client as WebClient
from idnode.clients.web_requests import Credential
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


def _web_client(task: Mapping[str, Any]) -> WebClient:
    who = task["credentials"]
    return WebClient(task["url"], Credential(who["index"], who["handle"], who["secret"]))


def _resolve(task: Mapping[str, Any]) -> Said:
    indexes, types = tuple(task.get("indexes", ())), tuple(task.get("types", ()))
    with _web_client(task) as client:
        found = patiently(lambda: client.get(task["handle"], indexes=indexes, types=types))
    return {"values": shown(found.values)}


def _create(task: Mapping[str, Any]) -> Said:
    handle = task["handle"]
    values = with_administrators(handle, given(task["values"]))
    with _web_client(task) as client:
        surely(
            lambda: client.create(handle, values),
            lambda: client.query(Question.of(handle)).succeeded,
        )
    return {}


def _write(task: Mapping[str, Any]) -> Said:
    handle = task["handle"]
    with _web_client(task) as client:
        if task["operation"] == "delete":
            client.delete(handle)
        elif task["operation"] == "remove":
            client.delete_values(handle, task["indexes"])
        else:
            overwrite = task["operation"] == "modify"
            client.put_values(handle, given(task["values"]), overwrite=overwrite)
    return {}


def _batch(task: Mapping[str, Any]) -> Said:
    items = [item(each["handle"], given(each["values"])) for each in task["items"]]
    with _web_client(task) as client:
        result = client.batch(items)
    refused = {each.position for each in result.failures}
    return {
        "items": [
            {"handle": each["handle"], "ok": at not in refused}
            for at, each in enumerate(task["items"])
        ]
    }


OPERATIONS: Final[dict[str, Callable[[Mapping[str, Any]], Said]]] = {
    "resolve": _resolve,
    "create": _create,
    "batch": _batch,
    **dict.fromkeys(("modify", "add", "remove", "delete"), _write),
}
