"""Rules about batches that were carried out and refused items: what clients miss that look at the outside alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgpack
import orjson

from idnode.node.interceptors.exchange import BULK, SNMS, HttpAnswer
from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service import events

if TYPE_CHECKING:
    from idnode.node.interceptors.exchange import Exchange
    from idnode.node.interceptors.rules.rule import Why

SNMS_ALL_REFUSED: Final = Rule(
    "W-SNMS-BATCH-ALL-REFUSED",
    "The envelope says status 1, and all {count} items of the batch were refused, each in its own `msg`; the first says "
    "{first}.",
    "外层 status 为 1，但批次中的 {count} 条全部失败，原因在各条的 `msg` 中，第一条为：{first}。",
    "Look at each item's outcome; status 1 only says that the call was carried out.",
    "请检查每一条的结果；status 1 只表示调用已执行。",
    "snms-api.md §6",
)
SNMS_SOME_REFUSED: Final = Rule(
    "W-SNMS-BATCH-SOME-REFUSED",
    "The envelope says status 1, and {refused} of {count} items were refused, each in its own `msg`; the first of them says "
    "{first}.",
    "外层 status 为 1，但 {count} 条中有 {refused} 条失败，原因在各条的 `msg` 中，其中第一条为：{first}。",
    "Look at each item's outcome, and send the refused ones again once they are mended.",
    "请检查每一条的结果，修正失败的条目后重发。",
    "snms-api.md §6",
)
BULK_REFUSED: Final = Rule(
    "W-BULK-REFUSED",
    "HTTP says 200, and {refused} of {count} items were refused; the first of them says {first}.",
    "HTTP 状态为 200，但 {count} 项中有 {refused} 项被拒绝，其中第一项为：{first}。",
    "Look at `failures`: it has position, code and message of each item that was refused.",
    "请查看 `failures`：其中有每个被拒绝项的位置、代码和消息。",
)
RULES: Final = (SNMS_ALL_REFUSED, SNMS_SOME_REFUSED, BULK_REFUSED)

_BODY_BYTES_MAX: Final = 1 << 20
"""Longer answers are not looked into."""

_SUCCESS: Final = 1
_ITEM_SUCCESS: Final = "success"
"""What an item of a batch says when it was carried out (snms-api.md §6)."""

_SNMS_BATCHES: Final = frozenset((events.BATCH_REGISTER, events.MODIFY, events.DELETE))


def of_batch(exchange: Exchange, answer: HttpAnswer) -> Why | None:
    """Return that items of a batch were refused although its answer says success, if so."""
    if answer.streamed or len(answer.body) > _BODY_BYTES_MAX:
        return None
    if exchange.face == SNMS and exchange.operation in _SNMS_BATCHES:
        return _of_snms(_read(answer.body))
    if exchange.face == BULK and exchange.operation == events.BATCH_REGISTER:
        return _of_bulk(_read(answer.body))
    return None


def _of_snms(found: Any) -> Why | None:
    items = found.get("data") if isinstance(found, dict) else None
    if not isinstance(items, list) or found.get("status") != _SUCCESS:
        return None
    refused = [each for each in items if isinstance(each, dict) and _is_refused(each)]
    if not refused:
        return None
    rule = SNMS_ALL_REFUSED if len(refused) == len(items) else SNMS_SOME_REFUSED
    return rule.why(count=len(items), refused=len(refused), first=refused[0].get("msg", "?"))


def _is_refused(item: dict[str, Any]) -> bool:
    return item.get("code", item.get("msg")) not in {_SUCCESS, _ITEM_SUCCESS}


def _of_bulk(found: Any) -> Why | None:
    failures = found.get("failures") if isinstance(found, dict) else None
    if not isinstance(failures, list) or not failures:
        return None
    count = len(failures) + int(found.get("accepted", 0))
    return BULK_REFUSED.why(
        count=count, refused=len(failures), first=failures[0].get("message", "?")
    )


def _read(body: bytes) -> Any:
    """Return what JSON, lines of JSON or MessagePack say; lines as one object with the failures in it."""
    try:
        if body[:1] == b"{":
            first, *others = body.split(b"\n")
            found = orjson.loads(body if not others else first)
            failures = [orjson.loads(line) for line in others if line]
            return found | {"failures": failures} if failures else found
        return msgpack.unpackb(body)
    except (ValueError, msgpack.UnpackException):
        return None
