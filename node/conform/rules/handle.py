"""Rules of the Handle protocol, over UDP and TCP alike (RFC 3652; handle-protocol.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from idnode.node.conform.rule import PASS, Judgement, Level, Rule, failed
from idnode.node.conform.rules.judging import (
    asked_again,
    breaks,
    never_called,
    no_wrong_answer,
    none_of,
    nothing_sent,
    right_answer,
    told,
    within_limit,
)

if TYPE_CHECKING:
    from idnode.node.conform.evidence import Evidence, Request

_MALFORMED: Final = (
    *("W-HDL-ANSWER", "W-HDL-BODY", "W-HDL-BODY-LONG", "W-HDL-BYTES-BEHIND", "W-HDL-COUNT"),
    *("W-HDL-CREDENTIAL-LONG", "W-HDL-ENCODING", "W-HDL-ENVELOPE", "W-HDL-ENVELOPE-SHORT"),
    *("W-HDL-FIELD-SHORT", "W-HDL-FORM", "W-HDL-FRAGMENTS", "W-HDL-HEADER-SHORT"),
    *("W-HDL-INCOMPLETE", "W-HDL-MALFORMED", "W-HDL-MESSAGE", "W-HDL-OP-RESERVED"),
    *("W-HDL-OP-UNKNOWN", "W-HDL-OTHER-PROTOCOL", "W-HDL-TOO-LARGE"),
)
_MINOR_MAX: Final = 11
_MEANT: Final = 2
"""The major version that everybody writes."""


def _version(evidence: Evidence) -> Judgement:
    def wrong(request: Request) -> bool:
        major, minor = (request.fields.get(f"{name} version", "") for name in ("major", "minor"))
        return (major, minor.isdecimal() and 1 <= int(minor) <= _MINOR_MAX) != (str(_MEANT), True)

    def why(request: Request) -> tuple[str, str]:
        shown = ".".join(request.fields.get(f"{name} version", "?") for name in ("major", "minor"))
        return f"the envelope says version {shown}", f"信封里的版本是 {shown}"

    binary = [each for each in evidence.requests if each.binary]
    return none_of(filter(wrong, binary), evidence, why) if binary else nothing_sent()


def _expiration(evidence: Evidence) -> Judgement:
    def wrong(request: Request) -> bool:
        shown = request.fields.get("expiration")
        if shown is None:
            return False
        try:
            at = datetime.strptime(shown, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
        except ValueError:
            return True
        return at.timestamp() < request.at

    def why(request: Request) -> tuple[str, str]:
        shown = request.fields.get("expiration", "?")
        return f"the message expired at {shown}", f"消息的过期时间是 {shown}"

    binary = [each for each in evidence.requests if each.binary]
    return none_of(filter(wrong, binary), evidence, why) if binary else nothing_sent()


def _question(request: Request) -> tuple[str, str]:
    """Return what a datagram asks, without its ids and dates."""
    return request.peer.rpartition(":")[0], request.wire[40:72] + request.wire[80:]


def _same_request_id(evidence: Evidence) -> Judgement:
    unanswered: dict[tuple[str, str], Request] = {}
    seen = False
    for request in evidence.requests:
        if request.face != "handle_udp" or not request.binary:
            continue
        earlier = unanswered.get(_question(request))
        if earlier is not None:
            seen = True
            ids = [each.fields.get("request id") for each in (earlier, request)]
            if ids[0] != ids[1]:
                return failed(
                    f"request id {ids[0]} became {ids[1]} when it was sent again",
                    f"重发时请求号由 {ids[0]} 变为 {ids[1]}",
                    (earlier, request),
                )
        if request.fault is not None:
            unanswered[_question(request)] = request
        else:
            unanswered.pop(_question(request), None)
    return PASS if seen else nothing_sent()


def _fresh_request_id(evidence: Evidence) -> Judgement:
    answered: dict[tuple[str, str | None], Request] = {}
    for request in evidence.requests:
        if not request.binary:
            continue
        key = request.peer, request.fields.get("request id")
        earlier = answered.get(key)
        if earlier is not None:
            return failed(
                f"request id {key[1]} was used for two questions",
                f"两次提问使用了同一请求号 {key[1]}",
                (earlier, request),
            )
        if request.answered:
            answered[key] = request
    return PASS if len(answered) > 1 else nothing_sent()


def _filtered(evidence: Evidence) -> Judgement:
    if evidence.outcome is None or not evidence.requests or not evidence.outcome.ok:
        return right_answer(evidence)
    asked = evidence.requests[-1]
    if asked.fields.get("type count") == "0" and asked.fields.get("index count") == "0":
        return failed(
            "the request asks for all values, types and indexes are left out",
            "请求未带类型和索引，要的是全部值",
            (asked,),
        )
    return right_answer(evidence)


MUST, SHOULD = Level.MUST, Level.SHOULD

RULES: Final = (
    Rule(
        "HDL-FORM", MUST, "RFC 3652 §2; handle-protocol.md §1 to §5",
        "Sends messages that can be decoded: lengths and counts agree with the bytes.",
        "发送可以解码的消息：长度和个数与字节一致。",
        breaks(*_MALFORMED), watched=True, basic=True,
    ),
    Rule(
        "HDL-VERSION", MUST, "RFC 3652 §2.1; handle-protocol.md §1.5",
        "Writes version 2.1 to 2.11 into the envelope, and the highest that it speaks as suggestion.",
        "信封里写版本 2.1 至 2.11，并在建议版本中写自己支持的最高版本。",
        _version, watched=True, basic=True,
    ),
    Rule(
        "HDL-EXPIRATION", SHOULD, "RFC 3652 §2.2.1; handle-protocol.md §2",
        "Dates a request some hours ahead, so that a server does not take it for an old one replayed.",
        "把请求的过期时间写在几小时之后，以免服务器把它当作重放的旧消息。",
        _expiration, watched=True,
    ),
    Rule(
        "HDL-VALUES", MUST, "RFC 3652 §3.2; handle-protocol.md §3.1",
        "Returns every value of a record with its index, type and data.",
        "返回记录的全部值，连同索引、类型和数据。",
        right_answer,
    ),
    Rule(
        "HDL-FILTER", MUST, "RFC 3652 §3.2.1; handle-protocol.md §5.1",
        "Asks for the types and indexes that are wanted, and returns no others.",
        "按需要的类型和索引查询，且不返回其他值。",
        _filtered,
    ),
    Rule(
        "HDL-NOT-FOUND", MUST, "RFC 3652 §2.2.2.2 (RC 100); handle-protocol.md §2.3",
        "Says that a handle does not exist, and does not return an empty record for it.",
        "标识不存在时明确报告，不返回空记录。",
        told("not_found"),
    ),
    Rule(
        "HDL-VALUES-NOT-FOUND", MUST, "RFC 3652 §2.2.2.2 (RC 200); handle-protocol.md §2.3",
        "Tells a handle without the values asked for from a handle that does not exist.",
        "区分“标识存在但没有所查的值”和“标识不存在”。",
        never_called("not_found"),
    ),
    Rule(
        "HDL-REQUEST-ID", MUST, "RFC 3652 §2.1.4; handle-protocol.md §1.1",
        "Drops an answer with another request id and waits for its own.",
        "丢弃请求号不符的应答，继续等待自己的应答。",
        no_wrong_answer,
    ),
    Rule(
        "HDL-FRESH-ID", SHOULD, "RFC 3652 §2.1.4; handle-protocol.md §1.1",
        "Draws a new request id for each question.",
        "每次提问使用新的请求号。",
        _fresh_request_id, watched=True,
    ),
    Rule(
        "HDL-RESEND", MUST, "RFC 3652 §2.3; handle-protocol.md §1.3",
        "Sends again when no answer comes, or asks over TCP.",
        "没有收到应答时重发，或改用 TCP 查询。",
        asked_again,
    ),
    Rule(
        "HDL-SAME-ID", SHOULD, "RFC 3652 §2.1.4; handle-protocol.md §1.3",
        "Keeps the request id when it sends the same datagram again, so that a server answers a write once.",
        "重发同一数据报时保持请求号不变，使服务器只执行一次。",
        _same_request_id, watched=True,
    ),
    Rule(
        "HDL-RESEND-BOUND", MUST, "RFC 3652 §2.3; RFC 8085 §3.1",
        "Gives up after a few attempts at a server that never answers, and says so.",
        "服务器一直不应答时，尝试数次后放弃并报告。",
        within_limit,
    ),
    Rule(
        "HDL-PARTS", MUST, "RFC 3652 §2.3; handle-protocol.md §1.3",
        "Joins an answer of several datagrams by their sequence numbers and the total length, in whatever order they come.",
        "按序号和总长度拼接多个数据报，不论到达次序。",
        right_answer,
    ),
    Rule(
        "HDL-PART-LOST", MUST, "RFC 3652 §2.3; handle-protocol.md §1.3",
        "Takes an answer for whole only when all of its datagrams are there.",
        "只有全部数据报到齐才算得到应答。",
        no_wrong_answer,
    ),
    Rule(
        "HDL-STRAY", MUST, "RFC 3652 §2.1.4; handle-protocol.md §1.3",
        "Ignores the second copy of an answer, and does not take it for the answer to the next question.",
        "忽略重复到达的应答，不把它当作下一个问题的应答。",
        right_answer,
    ),
    Rule(
        "HDL-TRUNCATED", MUST, "RFC 3652 §2.3; handle-protocol.md §1.3",
        "Asks over TCP for an answer that UDP does not bring as a whole.",
        "UDP 不能完整送达应答时改用 TCP 查询。",
        right_answer,
    ),
    Rule(
        "HDL-BUSY", SHOULD, "RFC 3652 §2.2.2.2 (RC 3); handle-protocol.md §2.3",
        'Takes "server busy" for temporary and asks again after a pause.',
        "把“服务器忙”当作暂时情况，稍后再问。",
        asked_again,
    ),
    Rule(
        "HDL-BUSY-BOUND", MUST, "RFC 3652 §2.2.2.2 (RC 3)",
        "Stops asking a server that stays busy, and says that it is.",
        "服务器持续繁忙时停止重试并报告。",
        within_limit,
    ),
    Rule(
        "HDL-UNKNOWN-CODE", MUST, "RFC 3652 §2.2.2.2; handle-protocol.md §2.3",
        "Takes a response code that it does not know for a failure, and does not crash or hang.",
        "遇到不认识的响应码按失败处理，不崩溃、不挂起。",
        told(),
    ),
    Rule(
        "HDL-REFERRAL", SHOULD, "RFC 3652 §3.4 (RC 302, 303); handle-protocol.md §9",
        "Follows a referral to the server that it names.",
        "跟随指引（302、303）到所指的服务器查询。",
        right_answer,
    ),
    Rule(
        "HDL-REFERRAL-BOUND", MUST, "RFC 3652 §3.4; handle-protocol.md §9",
        "Counts referrals, and stops where they lead in a circle.",
        "对指引计数，发现循环时停止。",
        within_limit,
    ),
    Rule(
        "HDL-ANSWER-VERSION", MUST, "RFC 3652 §2.1; handle-protocol.md §1.5",
        "Reads an answer that an older server writes in a lower version.",
        "能读取旧服务器以较低版本写的应答。",
        right_answer,
    ),
    Rule(
        "HDL-UNICODE", MUST, "RFC 3651 §2; RFC 3652 §2",
        "Sends and reads names and texts in UTF-8.",
        "名称和文本以 UTF-8 收发。",
        right_answer,
    ),
    Rule(
        "HDL-DAMAGED", MUST, "RFC 3652 §2; handle-protocol.md §1.2",
        "Reports an answer that cannot be decoded or asks again, and makes no record of it.",
        "无法解码的应答要报告或重新查询，不能当作记录。",
        no_wrong_answer,
    ),
    Rule(
        "HDL-AUTH-TOLD", MUST, "RFC 3652 §2.2.2.2 (RC 402); handle-protocol.md §2.3",
        'Says that reading needs authentication, and does not report "not found".',
        "读取需要认证时如实报告，不报告“不存在”。",
        told("authentication", "refused", "other", "malformed"),
    ),
)  # fmt: skip
