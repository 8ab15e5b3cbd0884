"""pyhandle 1.5.0 as a client to be graded: does a task by its REST client, and prints what came of it."""

import json
import logging
import sys

from pyhandle.client.resthandleclient import RESTHandleClient
from pyhandle.handleexceptions import (
    GenericHandleError,
    HandleAlreadyExistsException,
    HandleAuthenticationError,
    HandleNotFoundException,
    HandleSyntaxError,
)
from requests.exceptions import RequestException

KINDS = (
    (HandleNotFoundException, "not_found"),
    (HandleAlreadyExistsException, "exists"),
    (HandleAuthenticationError, "authentication"),
    (HandleSyntaxError, "refused"),
    (GenericHandleError, "other"),
    (RequestException, "unanswered"),
)


def writer(task):
    who = task["credentials"]
    user = f"{who['index']}:{who['handle']}"
    return RESTHandleClient.instantiate_with_username_and_password(
        task["url"], user, who["secret"], handleowner=f"200:{who['handle']}"
    )


def by_type(values):
    return {each["type"]: each["data"] for each in values}


def resolve(task):
    record = RESTHandleClient(task["url"]).retrieve_handle_record_json(task["handle"])
    if record is None:
        return {"outcome": "error", "kind": "not_found"}
    values = [
        {"index": each["index"], "type": each["type"], "data": each["data"]["value"]}
        for each in record["values"]
        if not task.get("types") or each["type"] in task["types"]
    ]
    return {"outcome": "ok", "values": values}


def create(task):
    given = by_type(task["values"])
    writer(task).register_handle_kv(task["handle"], overwrite=False, **given)
    return {"outcome": "ok"}


def modify(task):
    writer(task).modify_handle_value(task["handle"], **by_type(task["values"]))
    return {"outcome": "ok"}


def add(task):
    writer(task).add_handle_value(task["handle"], **by_type(task["values"]))
    return {"outcome": "ok"}


def remove(task):
    writer(task).delete_handle_value(task["handle"], task["types"])
    return {"outcome": "ok"}


def delete(task):
    writer(task).delete_handle(task["handle"])
    return {"outcome": "ok"}


OPERATIONS = {
    "resolve": resolve,
    "create": create,
    "modify": modify,
    "add": add,
    "remove": remove,
    "delete": delete,
}


def do(task):
    """Do a task, and return what came of it."""
    operation = OPERATIONS.get(task["operation"])
    if task["face"] != "handle_json" or operation is None:
        return {"outcome": "unsupported"}
    try:
        return operation(task)
    except Exception as error:  # noqa: BLE001  # what a caller of pyhandle would see, whatever its class
        kind = next((word for each, word in KINDS if isinstance(error, each)), "other")
        return {"outcome": "error", "kind": kind, "message": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    said = do(json.loads(sys.stdin.readline()))
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
