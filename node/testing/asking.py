"""Asking a node over HTTP, with the standard library alone."""

from __future__ import annotations

import http.client
import json
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 330.0
"""More than the node ever waits for a verification."""

_ERRORS: Final = 400


class NodeRefused(Exception):
    """The node answered with an error; ``status`` is that of HTTP, the message what the node said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


def ask(
    base: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    authorization: str | None = None,
) -> Any:
    """Return the JSON that a call answers, None for an empty body.

    Raises:
        NodeRefused: The node answered with an error.
        OSError: No node answers there.

    """
    address = urlsplit(base)
    # A proxy of the environment is not asked, as `urllib.request` would: the node is on this machine.
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=TIMEOUT_SECONDS
    )
    headers = {"Content-Type": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    try:
        connection.request(
            method,
            address.path.rstrip("/") + path,
            None if body is None else json.dumps(body),
            headers,
        )
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    found = _json(content)
    if response.status >= _ERRORS:
        said = found.get("message") if isinstance(found, dict) else None
        raise NodeRefused(response.status, str(said or response.reason))
    return found


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
