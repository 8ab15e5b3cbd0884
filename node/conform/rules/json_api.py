"""Rules of the Handle JSON API and of batches (handle-http-api.md; RFC 9110)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from idnode.node.conform.rule import PASS, Judgement, Level, Rule, failed
from idnode.node.conform.rules.judging import (
    asked_again,
    breaks,
    created_under_one_name,
    done_if_said,
    never_called,
    no_wrong_answer,
    nothing_sent,
    right_answer,
    state_is,
    told,
    within_limit,
)

if TYPE_CHECKING:
    from idnode.node.conform.evidence import Evidence

_HANDLES: Final = "/api/handles/"
RETRY_AFTER_SECONDS: Final = 1.0
_EARLY: Final = 0.05
"""A clock of seconds may be so much behind another one."""


def _encoded(evidence: Evidence) -> Judgement:
    asked = [each for each in evidence.requests if each.path.startswith(_HANDLES)]
    if not asked or not evidence.handles:
        return nothing_sent()
    wanted = tuple(each.upper() for each in evidence.handles)
    # Reading the record of who writes is a client's own affair.
    wrong = [
        each
        for each in asked
        if not unquote(each.path.removeprefix(_HANDLES)).upper().startswith((*wanted, "0.NA/"))
    ]
    if not wrong:
        return PASS
    meant = unquote(wrong[0].path.removeprefix(_HANDLES))
    return failed(f"the path means {meant!r}", f"路径表示的是 {meant!r}", wrong)


def _waited(evidence: Evidence) -> Judgement:
    struck = evidence.struck
    if not struck:
        return nothing_sent()
    later = [each for each in evidence.requests if each.number > struck[-1].number]
    if not later:
        return nothing_sent()
    waited = later[0].at - struck[-1].at
    if waited < RETRY_AFTER_SECONDS - _EARLY:
        return failed(
            f"the next request came after {waited:.2f} s, Retry-After said {RETRY_AFTER_SECONDS:.0f}",
            f"{waited:.2f} 秒后就再次请求，而 Retry-After 为 {RETRY_AFTER_SECONDS:.0f} 秒",
            (struck[-1], later[0]),
        )
    return PASS


def _administered(evidence: Evidence) -> Judgement:
    bodies = [(each, each.body()) for each in evidence.of("create") if each.data["code"] == 1]
    if not bodies:
        return nothing_sent()
    for request, body in bodies:
        values = body.get("values", []) if isinstance(body, dict) else body
        types = [each.get("type") for each in values if isinstance(each, dict)]
        if "HS_ADMIN" not in types:
            return failed("the record has no HS_ADMIN value", "记录没有 HS_ADMIN 值", (request,))
    return PASS


MUST, SHOULD = Level.MUST, Level.SHOULD

RULES: Final = (
    Rule(
        "JSON-BASIC", MUST, "RFC 7617 §2; handle-http-api.md §7",
        "Percent-encodes index:handle in the user name of Basic, for a colon ends it.",
        "Basic 用户名 index:handle 要百分号编码，因为冒号会截断用户名。",
        breaks("W-HTTP-CREDENTIALS", "W-HTTP-USER-COLON"), watched=True, basic=True,
    ),
    Rule(
        "JSON-PATH", MUST, "RFC 3986 §2.4; handle-http-api.md §1",
        "Percent-encodes a handle in a path exactly once, as UTF-8.",
        "路径中的标识按 UTF-8 百分号编码一次，且只一次。",
        _encoded, basic=True,
    ),
    Rule(
        "JSON-VALUES", MUST, "handle-http-api.md §3, §5",
        "Returns every value of a record with its index, type and data.",
        "返回记录的全部值，连同索引、类型和数据。",
        right_answer,
    ),
    Rule(
        "JSON-FILTER", MUST, "handle-http-api.md §3",
        "Returns the types that are wanted, and no others.",
        "只返回需要的类型。",
        right_answer,
    ),
    Rule(
        "JSON-UNICODE", MUST, "RFC 8259 §8.1; handle-http-api.md §3",
        "Sends and reads names and texts in UTF-8.",
        "名称和文本以 UTF-8 收发。",
        right_answer,
    ),
    Rule(
        "JSON-NOT-FOUND", MUST, "handle-http-api.md §2 (404, RC 100)",
        "Says that a handle does not exist, and does not return an empty record for it.",
        "标识不存在时明确报告，不返回空记录。",
        told("not_found"),
    ),
    Rule(
        "JSON-VALUES-NOT-FOUND", MUST, "handle-http-api.md §2 (200, RC 200)",
        "Tells a handle without the values asked for from a handle that does not exist.",
        "区分“标识存在但没有所查的值”和“标识不存在”。",
        never_called("not_found"),
    ),
    Rule(
        "JSON-UNKNOWN-CODE", MUST, "handle-http-api.md §2; handle-protocol.md §2.3",
        "Takes a response code that it does not know for a failure, whatever the HTTP status.",
        "遇到不认识的响应码按失败处理，不论 HTTP 状态码。",
        told(),
    ),
    Rule(
        "JSON-NOT-JSON", MUST, "RFC 9110 §15.6.3; RFC 8259",
        "Looks at status and content type before it parses: a proxy's HTML page is no record.",
        "先看状态码和内容类型再解析：代理的 HTML 页面不是记录。",
        no_wrong_answer,
    ),
    Rule(
        "JSON-CUT", MUST, "RFC 9112 §8; handle-http-api.md §3",
        "Takes a body that ends before its length for broken.",
        "正文短于声明长度时视为损坏。",
        no_wrong_answer,
    ),
    Rule(
        "JSON-SLOW", MUST, "RFC 9112 §6.3",
        "Reads a body to its end, however slowly it comes.",
        "正文到达再慢也要读完。",
        right_answer,
    ),
    Rule(
        "JSON-BIG", MUST, "handle-http-api.md §3",
        "Takes records of several hundred kilobytes.",
        "能接收数百 KB 的记录。",
        right_answer,
    ),
    Rule(
        "JSON-RETRY", SHOULD, "RFC 9110 §15.6.4 (503)",
        "Tries again when the service is away for a moment.",
        "服务暂时不可用时稍后重试。",
        asked_again,
    ),
    Rule(
        "JSON-RETRY-AFTER", SHOULD, "RFC 9110 §10.2.3",
        "Waits as long as Retry-After says.",
        "按 Retry-After 的时间等待。",
        _waited,
    ),
    Rule(
        "JSON-RETRY-BOUND", MUST, "RFC 9110 §15.6.4",
        "Stops asking a service that stays away, and says so.",
        "服务持续不可用时停止重试并报告。",
        within_limit,
    ),
    Rule(
        "JSON-AUTH-BOUND", MUST, "RFC 9110 §15.5.2 (401)",
        "Does not send a secret again and again that was refused.",
        "凭据被拒绝后不再反复发送。",
        within_limit,
    ),
    Rule(
        "JSON-EXISTS", MUST, "handle-http-api.md §4",
        "Says overwrite=false unless overwriting was asked for: the default of PUT is true.",
        "未要求覆盖时写 overwrite=false：PUT 默认会覆盖。",
        state_is,
    ),
    Rule(
        "JSON-REFUSED", MUST, "handle-http-api.md §2 (401, 403)",
        "Reports a write that the server refused as refused.",
        "服务器拒绝的写入要报告为失败。",
        told("refused", "authentication", "not_found", "other"),
    ),
    Rule(
        "JSON-ADMIN", SHOULD, "handle-protocol.md §3.3, §6.2; handle-http-api.md §10",
        "Gives a record an HS_ADMIN value: without one nobody but the server's administrators can change it.",
        "为记录写入 HS_ADMIN 值：没有它，除服务器管理员外谁也不能修改。",
        _administered,
    ),
    Rule(
        "JSON-MODIFY", MUST, "handle-http-api.md §4 (index=)",
        "Changes the values that it names and leaves the others as they are.",
        "只修改指定的值，其余保持不变。",
        state_is,
    ),
    Rule(
        "JSON-REMOVE", MUST, "handle-http-api.md §4 (DELETE ?index=)",
        "Removes the values that it names and keeps the record.",
        "只删除指定的值，保留记录。",
        state_is,
    ),
    Rule(
        "JSON-DONE", MUST, "handle-http-api.md §4",
        "Reports as done what is done.",
        "报告完成的操作必须确已完成。",
        done_if_said,
    ),
    Rule(
        "JSON-WRITE-ONCE", MUST, "RFC 9110 §9.2.2, §15.6.5 (504)",
        'Takes 504 for "unknown": it looks, or sends the same again, and never under another name.',
        "504 视为“结果未知”：先查询或原样重发，绝不换名注册。",
        created_under_one_name,
    ),
    Rule(
        "JSON-UNSURE", MUST, "RFC 9110 §15.6.5 (504)",
        "Does not take 504 for success: it makes sure that the record is there.",
        "不把 504 当作成功：要确认记录已经存在。",
        done_if_said,
    ),
    Rule(
        "BULK-ITEMS", MUST, "bulk API: POST /api/v1/identifiers/batch",
        "Reads the outcome of each item: HTTP 200 does not mean that all were registered.",
        "逐条查看结果：HTTP 200 不代表全部注册成功。",
        right_answer,
    ),
)  # fmt: skip
