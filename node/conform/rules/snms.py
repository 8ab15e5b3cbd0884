"""Rules of the SNMS API (snms-api.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.conform.rule import PASS, Judgement, Level, Rule, failed
from idnode.node.conform.rules.judging import (
    asked_again,
    breaks,
    created_under_one_name,
    done_if_said,
    no_wrong_answer,
    none_of,
    nothing_sent,
    one_login,
    right_answer,
    state_is,
    told,
    within_limit,
)

if TYPE_CHECKING:
    from idnode.node.conform.evidence import Evidence, Request

_LOGIN: Final = ("/identity/token", "/identity/token/v1")
LOGINS_MAX: Final = 3
"""Log-ins that a right client may need while each of its tokens is refused."""


def _plain_password(evidence: Evidence) -> Judgement:
    logins = [each for each in evidence.requests if each.path in _LOGIN]
    if not logins:
        return nothing_sent()
    return none_of(
        [each for each in logins if each.path == _LOGIN[0]],
        evidence,
        lambda _: ("the password itself was sent", "发送了明文密码"),
    )


def _one_login(evidence: Evidence) -> Judgement:
    logins = [each for each in evidence.requests if each.path in _LOGIN]
    calls = [each for each in evidence.requests if each.path not in _LOGIN]
    return one_login(logins, calls, evidence)


def _few_logins(evidence: Evidence) -> Judgement:
    logins = [each for each in evidence.requests if each.path in _LOGIN]
    if not evidence.struck:
        return nothing_sent()
    if len(logins) > LOGINS_MAX:
        return failed(f"{len(logins)} log-ins in a row", f"连续登录 {len(logins)} 次", logins)
    return PASS


def _digest_of_china(evidence: Evidence) -> Judgement:
    logins = [each for each in evidence.requests if each.path == _LOGIN[1] and not each.fault]
    if not logins:
        return nothing_sent()
    if all(_refused(each) for each in logins):
        return failed(
            "every digest was refused: it is dated by another day than China's",
            "摘要全部被拒绝：所用日期不是北京时间的日期",
            logins,
        )
    return PASS


def _refused(request: Request) -> bool:
    return request.code != 1


MUST, SHOULD = Level.MUST, Level.SHOULD

RULES: Final = (
    Rule(
        "SNMS-DIGEST", SHOULD, "snms-api.md §4 (A2)",
        "Logs in with the dated digest, and does not send the password itself.",
        "用带日期的摘要登录，不发送明文密码。",
        _plain_password, watched=True,
    ),
    Rule(
        "SNMS-DIGEST-DATE", MUST, "snms-api.md §4 (A2)",
        "Dates the digest by the day in Asia/Shanghai, wherever it runs.",
        "无论在哪里运行，摘要都用北京时间（Asia/Shanghai）的日期。",
        _digest_of_china, basic=True,
    ),
    Rule(
        "SNMS-DIGEST-AGAIN", SHOULD, "snms-api.md §4 (A2)",
        "Makes the digest anew once when it is refused around midnight, before it blames the password.",
        "零点前后摘要被拒绝时重新计算一次，再判断密码是否错误。",
        asked_again,
    ),
    Rule(
        "SNMS-TOKEN-KEPT", SHOULD, "snms-api.md §4 (Token)",
        "Uses a token for all calls of its 24 hours, and does not log in for each.",
        "令牌在 24 小时内反复使用，不为每次调用登录。",
        _one_login,
    ),
    Rule(
        "SNMS-TOKEN-RENEWED", MUST, "snms-api.md §2 (status -1), §4",
        "Logs in again when a token is refused, and repeats the call.",
        "令牌被拒绝时重新登录并重试该调用。",
        right_answer,
    ),
    Rule(
        "SNMS-LOGIN-BOUND", MUST, "snms-api.md §2",
        'Does not log in for ever while each call says "not logged in".',
        "每次调用都返回“未登录”时，不无限登录。",
        _few_logins,
    ),
    Rule(
        "SNMS-STATUS", MUST, "snms-api.md §2",
        "Reads the status in the envelope: HTTP 200 does not mean success.",
        "读取信封中的 status：HTTP 200 不代表成功。",
        told("refused", "exists", "authentication", "not_found", "other"),
    ),
    Rule(
        "SNMS-NOT-FOUND", MUST, "snms-api.md §2.1, §6",
        "Says that an identifier does not exist, and does not return an empty one.",
        "标识不存在时明确报告，不返回空标识。",
        told(),
    ),
    Rule(
        "SNMS-VALUES", MUST, "snms-api.md §6 (H1)",
        "Returns every attribute of an identifier.",
        "返回标识的全部属性。",
        right_answer,
    ),
    Rule(
        "SNMS-UNICODE", MUST, "snms-api.md §1; RFC 8259 §8.1",
        "Sends and reads Chinese in UTF-8.",
        "中文以 UTF-8 收发。",
        state_is,
    ),
    Rule(
        "SNMS-MEMBERS", MUST, "snms-api.md §2 (21000)",
        "Gives each member the type that the guide names.",
        "每个字段使用指南规定的类型。",
        breaks("W-SNMS-FIELD", "W-SNMS-PARAMETER", "W-SNMS-VALUE"), watched=True, basic=True,
    ),
    Rule(
        "SNMS-WRITE-ONCE", MUST, "snms-api.md §2 (504); RFC 9110 §15.6.5",
        'Takes 504 for "unknown": it looks, or sends the same again and takes 标识已存在 for success; never another name.',
        "504 视为“结果未知”：先查询，或原样重发并把“标识已存在”视为成功；绝不换名。",
        created_under_one_name,
    ),
    Rule(
        "SNMS-UNSURE", MUST, "snms-api.md §2 (504)",
        "Does not take 504 for success: it makes sure that the identifier is there.",
        "不把 504 当作成功：要确认标识已经存在。",
        done_if_said,
    ),
    Rule(
        "SNMS-BUSY", SHOULD, "snms-api.md §2 (系统繁忙)",
        "Tries again after a pause when the system is busy.",
        "系统繁忙时稍后重试。",
        asked_again,
    ),
    Rule(
        "SNMS-BUSY-BOUND", MUST, "snms-api.md §2 (系统繁忙)",
        "Stops asking a system that stays busy, and says so.",
        "系统持续繁忙时停止重试并报告。",
        within_limit,
    ),
    Rule(
        "SNMS-NOT-JSON", MUST, "snms-api.md §2; RFC 9110 §15.6.3",
        "Takes a proxy's HTML page for a failure.",
        "代理的 HTML 页面按失败处理。",
        no_wrong_answer,
    ),
    Rule(
        "SNMS-ITEMS", MUST, "snms-api.md §6 (H3, H5, H7)",
        "Reads the outcome of each item of a batch: the envelope says success all the same.",
        "逐条查看批量结果：外层 status 始终为成功。",
        right_answer,
    ),
    Rule(
        "SNMS-ITEMS-COUNTED", MUST, "snms-api.md §6 (H3)",
        "Compares the number of outcomes with that of items, and takes none for done that it was not told about.",
        "核对结果条数与提交条数，没有结果的条目不算完成。",
        no_wrong_answer,
    ),
    Rule(
        "SNMS-DONE", MUST, "snms-api.md §6 (H6)",
        "Reports as done what is done.",
        "报告完成的操作必须确已完成。",
        done_if_said,
    ),
)  # fmt: skip
