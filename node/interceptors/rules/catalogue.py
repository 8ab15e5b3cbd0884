"""The one catalogue: finds the rule that a refused request broke, and says it with the request's facts.

A rule is found by the class of the error that refused the request, or its nearest ancestor that has one. What several
mistakes are answered with alike is told apart here by more: which part of the header is missing, which date a digest bears.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from idnode.node.interceptors.exchange import FAULT, HttpAnswer, HttpRequest, phrase_of
from idnode.node.interceptors.rules import directory, identifiers, protocol, sessions
from idnode.node.interceptors.rules.batches import RULES as BATCH_RULES
from idnode.node.interceptors.rules.batches import of_batch
from idnode.node.interceptors.rules.rule import Rule
from idnode.node.service.directory.refusals import LoginRefused, TokenRefused
from idnode.node.service.errors import AuthenticationFailed
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.errors import UnsupportedVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idnode.node.interceptors.exchange import Exchange
    from idnode.node.interceptors.rules.rule import Why

UNPLANNED: Final = Rule(
    "W-NODE-UNPLANNED",
    "The node failed at this request: an error that nobody planned.",
    "节点处理该请求时发生了意外错误。",
    "The traceback is in the node's log under this request's id; please report it.",
    "节点日志中有该请求号的错误堆栈，请反馈。",
)
HTTP_STATUS: Final = Rule(
    "W-HTTP-STATUS",
    "HTTP refused the request: {status} {phrase} for {method} {target}.",
    "HTTP 层拒绝了请求：{method} {target} 返回 {status} {phrase}。",
    "Check method and path; the calls are listed at /docs.",
    "请检查方法和路径；接口列表见 /docs。",
)
RESPONSE_CODE: Final = Rule(
    "W-HDL-CODE",
    "{operation} of {handle} was answered with response code {code}, {meaning}; no error of the node's own led to it.",
    "{handle} 的 {operation} 操作得到响应码 {code}（{meaning}），并非节点自身的错误所致。",
    "Read the answer field by field with `idnode show`: a referral names the sites to ask, other codes carry a message.",
    "用 `idnode show` 逐字段查看应答：引荐会列出应询问的站点，其他响应码附有消息。",
    "handle-protocol.md §2.3",
)

FAULT_INJECTED: Final = Rule(
    "W-FAULT",
    "The fault {fault} was injected into the answer; the node itself would have said: {own}.",
    "应答中注入了故障 {fault}；节点本来的结果：{own}。",
    "See what a good client does then: `idnode fault show {fault}`.",
    "合格的客户端应如何处理，见 `idnode fault show {fault}`。",
)

SERVICE_RULES: Final[dict[type[BaseException], Rule]] = (
    protocol.RULES | sessions.RULES | identifiers.RULES | directory.RULES
)
"""Rules of everything below the faces; each face brings its own."""

_TOKEN_RULES: Final = {
    "none": directory.TOKEN_NONE,
    "garbage": directory.TOKEN_GARBAGE,
    "application": directory.TOKEN_OF_APPLICATION,
    "expired": directory.TOKEN_EXPIRED,
    "gone": directory.TOKEN_GARBAGE,
}
_LOGIN_RULES: Final = {
    "account": directory.ACCOUNT_UNKNOWN,
    "date": directory.DIGEST_DATE,
    "undated": directory.DIGEST_NO_DATE,
    "plain": directory.DIGEST_PLAIN,
    "digested": directory.DIGEST_HERE,
}
_NO_REFUSAL: Final = frozenset(
    (None, int(ResponseCode.SUCCESS), int(ResponseCode.AUTHENTICATION_NEEDED))
)
"""A challenge asks who is there; only what follows it can be a refusal."""


_TLS_HANDSHAKE: Final = b"\x16\x03"
_HTTP_METHODS: Final = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ")
_SILENT: Final[dict[type[BaseException], str]] = {
    AuthenticationFailed: "the secret is wrong, or this index of this handle holds none",
}
"""Words for errors that come without."""


class Catalogue:
    """Explains refusals; made of the service's rules and those of the faces."""

    def __init__(self, *faces: Mapping[type[BaseException], Rule]) -> None:
        self.rules: dict[type[BaseException], Rule] = dict(SERVICE_RULES)
        for rules in faces:
            self.rules |= rules

    def rule_for(self, error: type[BaseException]) -> Rule:
        """Return the rule of a class of errors, or of its nearest ancestor that has one."""
        return next((self.rules[each] for each in error.__mro__ if each in self.rules), UNPLANNED)

    def all_rules(self) -> list[Rule]:
        """Return every rule, by id."""
        special = (
            *directory.SPECIAL,
            *BATCH_RULES,
            protocol.NOT_HANDLE,
            UNPLANNED,
            HTTP_STATUS,
            RESPONSE_CODE,
            FAULT_INJECTED,
        )
        return sorted({*self.rules.values(), *special}, key=lambda rule: rule.id)

    def explain(self, exchange: Exchange) -> Why | None:
        """Return why a request was refused; None when it was not."""
        fault = exchange.notes.get(FAULT)
        if fault is not None:
            return FAULT_INJECTED.why(fault=fault, own=_own_outcome(exchange))
        error = exchange.error
        if error is not None:
            return self._rule_of(error, exchange).why(**_facts(error, exchange))
        answer = exchange.answer
        if isinstance(answer, HttpAnswer) and answer.status >= HTTPStatus.BAD_REQUEST:
            return _of_status(exchange, answer)
        if isinstance(answer, HttpAnswer) and (why := of_batch(exchange, answer)) is not None:
            return why
        if exchange.response_code not in _NO_REFUSAL:
            return _of_code(exchange)
        return None

    def _rule_of(self, error: BaseException, exchange: Exchange) -> Rule:
        if isinstance(error, TokenRefused):
            # A header with another scheme reaches the service as no token at all.
            request = exchange.request
            if error.reason == "none" and isinstance(request, HttpRequest):
                sent = any(name.lower() == "authorization" for name in request.headers)
                return directory.TOKEN_NO_BEARER if sent else directory.TOKEN_NONE
            return _TOKEN_RULES.get(error.reason, self.rule_for(type(error)))
        if isinstance(error, LoginRefused):
            return _LOGIN_RULES.get(error.reason, self.rule_for(type(error)))
        if isinstance(error, UnsupportedVersion) and _other_protocol(exchange) is not None:
            return protocol.NOT_HANDLE
        return self.rule_for(type(error))


def _facts(error: BaseException, exchange: Exchange) -> dict[str, Any]:
    """Return what rules may name: the error's own facts, who asked, and for what."""
    own = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return {
        "error": _said(error).rstrip("."),
        "protocol": _other_protocol(exchange),
        "handle": exchange.handle or "the handle",
        "who": exchange.identity or "Whoever asks",
        "account": exchange.account or "?",
    } | own


def _said(error: BaseException) -> str:
    """Return what an error says, or else what led to it: some say nothing, since peers are told nothing."""
    if str(error) or error.__cause__ is None:
        return str(error) or _SILENT.get(type(error)) or type(error).__name__
    return _said(error.__cause__)


def _other_protocol(exchange: Exchange) -> str | None:
    """Return which other protocol the bytes of a request are, if they can be told."""
    request = exchange.request
    if not isinstance(request, bytes):
        return None
    if request.startswith(_TLS_HANDSHAKE):
        return "TLS"
    return "HTTP" if request.startswith(_HTTP_METHODS) else None


def _own_outcome(exchange: Exchange) -> str:
    """Return what the node made of a request into whose answer a fault was injected."""
    if exchange.error is not None:
        return str(exchange.error) or type(exchange.error).__name__
    if exchange.answer is None:
        return "nothing, it was not carried out"
    if isinstance(exchange.answer, HttpAnswer):
        return f"{exchange.answer.status} {phrase_of(exchange.answer.status)}"
    return f"response code {exchange.response_code}"


def _of_code(exchange: Exchange) -> Why:
    code = exchange.response_code or 0
    known = code in ResponseCode.__members__.values()
    return RESPONSE_CODE.why(
        code=code,
        meaning=ResponseCode(code).name.lower().replace("_", " ") if known else "which is none",
        operation=exchange.operation or "An operation",
        handle=exchange.handle or "no handle",
    )


def _of_status(exchange: Exchange, answer: HttpAnswer) -> Why:
    request = exchange.request
    method, target = (
        (request.method, request.target) if isinstance(request, HttpRequest) else ("", "")
    )
    phrase = phrase_of(answer.status)
    return HTTP_STATUS.why(
        status=answer.status, phrase=phrase, method=method, target=target.partition("?")[0]
    )
