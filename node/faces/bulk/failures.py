"""Describes how a refused item of a batch is described, and what it counts as."""

from typing import Any, Final

from idnode.node.service.answers import answer_for, text_for
from idnode.registry.handle.wire.constants import ResponseCode, name_of_response

MALFORMED: Final = int(ResponseCode.INVALID_VALUE)
"""What an item counts as whose handle was never looked at."""


def failure_of(position: int, error: Exception, handle: bytes | None) -> dict[str, Any]:
    """Return how a refused item is described; an item whose handle was never looked at shows none."""
    code = int(answer_for(error).response_code)
    failure: dict[str, Any] = {
        "position": position,
        "code": code,
        "message": text_for(error) or name_of_response(code),
    }
    if handle is not None:
        failure["handle"] = handle.decode(errors="replace")
    return failure
