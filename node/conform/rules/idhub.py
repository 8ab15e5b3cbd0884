"""Rules of the IDHub API (idhub-api.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from idnode.node.conform.rule import PASS, Judgement, Level, Rule, failed
from idnode.node.conform.rules.judging import (
    breaks,
    created_under_one_name,
    no_wrong_answer,
    nothing_sent,
    one_login,
    right_answer,
    state_is,
    told,
)

if TYPE_CHECKING:
    from idnode.node.conform.evidence import Evidence

_CHALLENGE: Final = "/api/v1/doip/public/challenge"
_PROOF: Final = "/api/v1/doip/public/verify-response"


def _proven(evidence: Evidence) -> Judgement:
    proofs = [each for each in evidence.requests if each.path == _PROOF]
    if not proofs:
        return nothing_sent()
    wrong = [each for each in proofs if each.code != 1 and each.fault is None]
    if wrong:
        return failed("the signature of the challenge was refused", "质询的签名被拒绝", wrong)
    return PASS


def _one_login(evidence: Evidence) -> Judgement:
    proofs = [each for each in evidence.requests if each.path == _PROOF]
    calls = [each for each in evidence.requests if each.path not in {_PROOF, _CHALLENGE}]
    return one_login(proofs, calls, evidence)


def _partly(evidence: Evidence) -> Judgement:
    whole = [each for each in evidence.requests if _WHOLE in unquote(each.target)]
    if whole:
        return failed(
            "it was changed by Op.Update, which replaces the items that are left out",
            "使用了 Op.Update，会替换未给出的数据项",
            whole,
        )
    return state_is(evidence)


_WHOLE: Final = "operationId=0.DOIP/Op.Update"
MUST, SHOULD = Level.MUST, Level.SHOULD

RULES: Final = (
    Rule(
        "IDHUB-PROOF", MUST, "idhub-api.md §3.2",
        "Signs the bytes of the challenge itself with RSA (PKCS #1 v1.5, SHA-256).",
        "对质询文本本身的字节以 RSA（PKCS #1 v1.5，SHA-256）签名。",
        _proven, basic=True,
    ),
    Rule(
        "IDHUB-TOKEN-KEPT", SHOULD, "idhub-api.md §3.4",
        "Uses a token for many calls, and does not answer a challenge for each.",
        "令牌反复使用，不为每次调用回答质询。",
        _one_login,
    ),
    Rule(
        "IDHUB-TOKEN-RENEWED", MUST, "idhub-api.md §2.1 (101), §3.4",
        "Asks for another token when one is refused, and repeats the call.",
        "令牌被拒绝（101）时重新获取并重试该调用。",
        right_answer,
    ),
    Rule(
        "IDHUB-CODE", MUST, "idhub-api.md §2",
        "Reads the code in the envelope: HTTP 200 does not mean success.",
        "读取信封中的 code：HTTP 200 不代表成功。",
        told("refused", "not_found", "exists", "other"),
    ),
    Rule(
        "IDHUB-SUCCESS", MUST, "idhub-api.md §2",
        "Takes 10000 for success as well as 1.",
        "success 码 1 和 10000 都视为成功。",
        right_answer,
    ),
    Rule(
        "IDHUB-VALUES", MUST, "idhub-api.md §6.2",
        "Returns every item of an identifier.",
        "返回标识的全部数据项。",
        right_answer,
    ),
    Rule(
        "IDHUB-UNICODE", MUST, "idhub-api.md §5.1; RFC 8259 §8.1",
        "Sends and reads Chinese in UTF-8.",
        "中文以 UTF-8 收发。",
        state_is,
    ),
    Rule(
        "IDHUB-PARTLY", MUST, "idhub-api.md §6 (Op.Update.Non.Overlay)",
        "Changes single items by the operation that leaves the others as they are.",
        "修改个别数据项时使用不覆盖其余项的操作。",
        _partly,
    ),
    Rule(
        "IDHUB-ITEMS", MUST, "idhub-api.md §5.5",
        "Reads which of several templates could not be published.",
        "逐个查看哪些元数据模板发布失败。",
        right_answer,
    ),
    Rule(
        "IDHUB-WRITE-ONCE", MUST, "RFC 9110 §15.6.5 (504)",
        'Takes 504 for "unknown": it looks, or sends the same again, and never under another name.',
        "504 视为“结果未知”：先查询或原样重发，绝不换名注册。",
        created_under_one_name,
    ),
    Rule(
        "IDHUB-NOT-JSON", MUST, "RFC 9110 §15.6.3",
        "Takes a proxy's HTML page for a failure.",
        "代理的 HTML 页面按失败处理。",
        no_wrong_answer,
    ),
    Rule(
        "IDHUB-MEMBERS", MUST, "idhub-api.md §2.1 (40508)",
        "Gives each member the type that the guide names.",
        "每个字段使用指南规定的类型。",
        breaks("W-IDHUB-FORM", "W-IDHUB-PARAMETER", "W-IDHUB-QUERY"), watched=True, basic=True,
    ),
)  # fmt: skip
