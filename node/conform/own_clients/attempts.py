"""Patience and care with writes, and values as the task has them, for the drivers of all APIs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from idnode.clients import errors
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.types.hs_admin import AdminValue, Right, encode_admin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Said = dict[str, Any]
"""What is told of a task."""

ATTEMPTS: Final = 3
"""Attempts at what is refused for the moment, or of which no answer came."""

PAUSE_SECONDS: Final = 1.0
_ADMIN_INDEX: Final = 100
_LIST_INDEX: Final = 200


def patiently(ask: Callable[[], Any]) -> Any:
    """Ask until the server is not busy, a few times."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return ask()
        except errors.ServerBusy as error:
            time.sleep(error.retry_after or PAUSE_SECONDS)
    return ask()


def surely(write: Callable[[], Any], is_there: Callable[[], bool]) -> None:
    """Write, and where no answer came look whether it is there before it is written again."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            patiently(write)
        except errors.NotAnswered:
            if is_there():
                return
        else:
            return
    patiently(write)


def shown(values: Sequence[HandleValue]) -> list[Said]:
    """Return values as a task tells them."""
    return [
        {"index": each.index, "type": each.type, "data": each.data.decode(errors="replace")}
        for each in values
    ]


def given(found: Sequence[Mapping[str, Any]]) -> list[HandleValue]:
    """Return the values of a task."""
    return [HandleValue(each["index"], each["type"], each["data"].encode()) for each in found]


def with_administrators(handle: str, values: list[HandleValue]) -> list[HandleValue]:
    """Return the values of a new record, with the administrators of its prefix."""
    prefix = f"0.NA/{handle.partition('/')[0]}".encode()
    data = encode_admin(AdminValue(Right.ALL, prefix, _LIST_INDEX))
    return [*values, HandleValue(_ADMIN_INDEX, "HS_ADMIN", data)]
