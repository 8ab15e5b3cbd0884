"""Leaves the result of a load test with the node that was loaded: its console shows it."""

import http.client
import json
from pathlib import Path

from idnode.node.testing.asking import NodeRefused, ask


def leave_result(ready: Path, result: Path) -> str:
    """Leave a result, if there is one, with the node of a ready file; return why the node did not take it.

    One without a management port is not asked.
    """
    if not result.exists():
        return ""
    admin = json.loads(ready.read_bytes()).get("admin")
    if admin is None:
        return ""
    try:
        ask(str(admin), "PUT", "/api/v1/load/result", json.loads(result.read_bytes()))
    except (NodeRefused, OSError, http.client.HTTPException) as error:
        return f"the node did not take the result: {error}"
    return ""
