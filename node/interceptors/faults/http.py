"""Faults in what HTTP answers say: statuses, SNMS envelopes, parts of a batch, answers of yesterday."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import orjson
from pydantic import Field, PrivateAttr

from idnode.node.interceptors.actions import Send, segments
from idnode.node.interceptors.exchange import HttpAnswer, HttpRequest
from idnode.node.interceptors.faults.actions import Delay, FaultAction
from idnode.node.service import events

if TYPE_CHECKING:
    from random import Random

    from idnode.node.interceptors.actions import Plan
    from idnode.node.interceptors.exchange import Exchange

Status = Annotated[int, Field(ge=200, le=599)]
_JSON: Final = ("Content-Type", "application/json;charset=utf-8")
_FRAMING: Final = {"content-length", "transfer-encoding", "content-encoding"}
_REMEMBERED_MAX: Final = 1_000
_READING: Final = frozenset((events.RESOLVE, events.BATCH_RESOLVE, events.LIST))


class HttpStatusAction(FaultAction):
    """Answers with an HTTP status after the request was carried out: it worked, and the client cannot know."""

    kind: Literal["http"]
    status: Status
    body: Annotated[str, Field(max_length=10_000)] = ""
    content_type: Annotated[str, Field(max_length=100)] = "text/html"
    retry_after: Annotated[int, Field(ge=0, le=86_400)] | None = None

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Put it in the answer's place."""
        del seeded
        return self._answer() if _is_http(exchange) else plan

    def _answer(self) -> Plan:
        headers = [("Content-Type", self.content_type)]
        if self.retry_after is not None:
            headers.append(("Retry-After", str(self.retry_after)))
        return (Send(HttpAnswer(self.status, tuple(headers), self.body.encode())),)


class HttpStatusEarlyAction(HttpStatusAction):
    """Answers with an HTTP status before the request is carried out: nothing has happened."""

    kind: Literal["http_early"]  # type: ignore[assignment]
    before: ClassVar[bool] = True

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Leave answers as they are."""
        del exchange, seeded
        return plan

    def early(self, exchange: Exchange, seeded: Random) -> Plan | None:
        """Answer at once."""
        del seeded
        return self._answer() if _is_http(exchange) else None


class SnmsAction(FaultAction):
    """Answers with an SNMS envelope of this status and message, after the request was carried out."""

    kind: Literal["snms"]
    status: Annotated[int, Field(ge=-99_999, le=99_999)]
    message: Annotated[str, Field(max_length=500)]

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Put it in the answer's place."""
        del seeded
        return self._answer() if _is_http(exchange) else plan

    def _answer(self) -> Plan:
        body = orjson.dumps({"status": self.status, "message": self.message, "data": None})
        return (Send(HttpAnswer(200, (_JSON,), body)),)


class SnmsEarlyAction(SnmsAction):
    """Answers with an SNMS envelope before the request is carried out, as for a token that has expired."""

    kind: Literal["snms_early"]  # type: ignore[assignment]
    status: Annotated[int, Field(ge=-99_999, le=99_999)] = -1
    message: Annotated[str, Field(max_length=500)] = "未登录或登录已失效"
    before: ClassVar[bool] = True

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Leave answers as they are."""
        del exchange, seeded
        return plan

    def early(self, exchange: Exchange, seeded: Random) -> Plan | None:
        """Answer at once."""
        del seeded
        return self._answer() if _is_http(exchange) else None


class CutBatchAction(FaultAction):
    """Reports only the first items of a batch, although all were carried out."""

    kind: Literal["cut_batch"]
    items: Annotated[int, Field(ge=0)] = 1

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Cut the list of outcomes."""
        del seeded
        if exchange.operation not in {events.BATCH_REGISTER, events.BATCH_RESOLVE}:
            return plan
        return tuple(
            Send(_cut(step.content, self.items))
            if isinstance(step, Send) and isinstance(step.content, HttpAnswer)
            else step
            for step in plan
        )


class RefuseItemsAction(FaultAction):
    """Reports each nth item of an SNMS batch as refused in its own ``msg``, under an envelope that says success."""

    kind: Literal["refuse_items"]
    every: Annotated[int, Field(ge=1)] = 2
    message: Annotated[str, Field(max_length=500)] = "系统繁忙"

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Change the outcomes of items."""
        del exchange, seeded
        return tuple(
            Send(self._refused(step.content))
            if isinstance(step, Send) and isinstance(step.content, HttpAnswer)
            else step
            for step in plan
        )

    def _refused(self, answer: HttpAnswer) -> HttpAnswer:
        found = _json_of(answer)
        items = found.get("data") if isinstance(found, dict) else None
        if not isinstance(items, list):
            return answer
        for number, item in enumerate(items, 1):
            if isinstance(item, dict) and "msg" in item and number % self.every == 0:
                item["msg"] = self.message
        return _with_body(answer, orjson.dumps(found))


class SlowBodyAction(FaultAction):
    """Sends the answer in pieces, each after a pause."""

    kind: Literal["slow"]
    bytes: Annotated[int, Field(ge=1, le=1 << 20)] = 64
    pause: Delay = 0.1

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Send slowly."""
        del exchange, seeded
        return segments(plan, self.bytes, self.pause)


class StaleAction(FaultAction):
    """Answers reads of a handle as before its last change, as a cache or a replica that lags behind does."""

    kind: Literal["stale"]

    _earlier: OrderedDict[tuple[str, bytes], Plan] = PrivateAttr(default_factory=OrderedDict)

    def apply(self, exchange: Exchange, plan: Plan, seeded: Random) -> Plan:
        """Answer with what was answered first."""
        del seeded
        if exchange.operation not in _READING or not exchange.connection:
            return plan  # over UDP an answer carries its request's id
        if not _is_http(exchange):
            return plan
        earlier = self._earlier.setdefault((exchange.face, exchange.handle.upper()), plan)
        while len(self._earlier) > _REMEMBERED_MAX:
            self._earlier.popitem(last=False)
        return earlier


def _is_http(exchange: Exchange) -> bool:
    return isinstance(exchange.request, HttpRequest)


def _json_of(answer: HttpAnswer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def _cut(answer: HttpAnswer, items: int) -> HttpAnswer:
    found = _json_of(answer)
    if not isinstance(found, dict):
        return answer
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = value[:items]
    return _with_body(answer, orjson.dumps(found))


def _with_body(answer: HttpAnswer, body: bytes) -> HttpAnswer:
    headers = tuple((n, v) for n, v in answer.headers if n.lower() not in _FRAMING)
    return HttpAnswer(answer.status, headers, body)
