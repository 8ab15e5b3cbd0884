"""Rules of the Handle protocol over TCP: streams, listings, connections, administration (RFC 3652; handle-protocol.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idnode.node.conform.rule import PASS, Judgement, Level, Rule, failed
from idnode.node.conform.rules.judging import (
    asked_again,
    breaks,
    created_under_one_name,
    done_if_said,
    no_wrong_answer,
    nothing_sent,
    right_answer,
    sent_once,
    state_is,
    told,
)
from idnode.registry.handle.wire.constants import HEADER_BYTES, OpCode, ResponseCode

if TYPE_CHECKING:
    from idnode.node.conform.evidence import Evidence, Request


def _challenge_of_own_request(evidence: Evidence) -> Judgement:
    struck = evidence.struck
    if not struck:
        return nothing_sent()
    wrong = [
        each
        for each in evidence.requests
        if each.op_code == OpCode.CHALLENGE_ANSWER and each.number == struck[0].number + 1
    ]
    if wrong:
        return failed(
            "the client proved its identity for a request that is not its own",
            "客户端为并非自己的请求作了身份证明",
            (struck[0], *wrong),
        )
    return PASS


def _challenges_answered(evidence: Evidence) -> Judgement:
    challenged = [
        each
        for each in evidence.requests
        if each.binary
        and each.code == ResponseCode.AUTHENTICATION_NEEDED
        and each.fault is None
        and each.op_code not in {OpCode.RESOLUTION, OpCode.CHALLENGE_ANSWER}
    ]
    if not challenged:
        return nothing_sent()
    answers = [each for each in evidence.requests if each.op_code == OpCode.CHALLENGE_ANSWER]
    for each in challenged:
        if not any(answer.number > each.number for answer in answers):
            return failed("the challenge was not answered", "质询没有得到回答", (each,))
    return PASS


def _credential_bytes(request: Request) -> int:
    """Return the length of what proves a message."""
    message, body = (int(request.fields.get(f"{name} length", 0)) for name in ("message", "body"))
    return message - HEADER_BYTES - body - _LENGTH_BYTES


def _session_kept(evidence: Evidence) -> Judgement:
    within = [
        each
        for each in evidence.requests
        if each.op_code in _ADMINISTRATION and each.fields.get("session id", "0") != "0"
    ]
    bare = [each for each in within if not _credential_bytes(each)]
    if bare:
        return failed(
            "a message of the session has no code that proves it",
            "会话中的消息没有认证码",
            bare,
        )
    return right_answer(evidence)


_LENGTH_BYTES: Final = 4
_ADMINISTRATION: Final = range(OpCode.CREATE_HANDLE, OpCode.LIST_HANDLES + 1)
MUST, SHOULD = Level.MUST, Level.SHOULD

RULES: Final = (
    Rule(
        "HDL-FRAMES", MUST, "RFC 3652 §2; handle-protocol.md §1.4",
        "Reads 20 bytes of envelope, then as many as it announces, however many reads that takes.",
        "先读 20 字节信封，再按其中长度读完消息，不论要读几次。",
        right_answer,
    ),
    Rule(
        "HDL-BIG", MUST, "RFC 3652 §2.1; handle-protocol.md §1.2",
        "Takes answers up to 256 KiB.",
        "能接收最长 256 KiB 的应答。",
        right_answer,
    ),
    Rule(
        "HDL-CONTINUED", MUST, "RFC 3652 §2.2.2.3 (CONT); handle-protocol.md §2.1, §5",
        "Goes on reading while messages are flagged CONTINUOUS, until one without the flag.",
        "消息带 CONTINUOUS 标志时继续读取，直到没有该标志的消息。",
        right_answer,
    ),
    Rule(
        "HDL-CLOSED-AFTER", MUST, "RFC 3652 §2.2.2.3 (KC); handle-protocol.md §1.4",
        "Opens another connection when the server closes after an answer.",
        "服务器应答后关闭连接时，另开连接继续。",
        right_answer,
    ),
    Rule(
        "HDL-CLOSED-BEFORE", SHOULD, "RFC 3652 §2.2.2.3; handle-protocol.md §1.4",
        "Asks a question again whose connection ended before the answer.",
        "连接在应答前断开时，重新提问。",
        asked_again,
    ),
    Rule(
        "HDL-UDP-ADMIN", MUST, "handle-protocol.md §3.4, §9",
        "Sends administration over TCP, to an interface for administration.",
        "管理操作走 TCP，发往管理接口。",
        breaks("W-HDL-UDP-ADMIN"), watched=True, basic=True,
    ),
    Rule(
        "HDL-CHALLENGE", MUST, "RFC 3652 §3.5; handle-protocol.md §6.1",
        "Answers a challenge with a proof of its identity.",
        "对质询给出身份证明。",
        _challenges_answered, watched=True, basic=True,
    ),
    Rule(
        "HDL-CHALLENGE-SESSION", MUST, "RFC 3652 §3.5; handle-protocol.md §6.1",
        "Answers a challenge once, with the session id it came with.",
        "以质询所带的会话号回答质询，且只回答一次。",
        breaks("W-AUTH-CHALLENGE-GONE"), watched=True, basic=True,
    ),
    Rule(
        "HDL-CHALLENGE-DIGEST", MUST, "RFC 3652 §3.5.1; handle-protocol.md §5, §6.1",
        "Compares the digest in a challenge with its own request before it proves anything.",
        "先核对质询中的摘要是否属于自己的请求，再作证明。",
        _challenge_of_own_request,
    ),
    Rule(
        "HDL-SM2", SHOULD, "GB/T 32918; handle-protocol.md §6.1",
        "Proves an SM2 key by a signature with SM2 and SM3.",
        "用 SM2 密钥时以 SM2 与 SM3 签名作证明。",
        right_answer,
    ),
    Rule(
        "HDL-EXISTS", MUST, "RFC 3652 §3.6.1 (RC 101); handle-protocol.md §2.1",
        "Overwrites an existing record only when that was asked for.",
        "未要求覆盖时，不覆盖已有记录。",
        state_is,
    ),
    Rule(
        "HDL-REFUSED", MUST, "RFC 3652 §2.2.2.2; handle-protocol.md §2.3",
        "Reports a write that the server refused as refused.",
        "服务器拒绝的写入要报告为失败。",
        told("refused", "authentication", "not_found", "other"),
    ),
    Rule(
        "HDL-WRITE-ONCE", MUST, "handle-protocol.md §1.3, §1.4",
        'Takes a lost answer to a registration for "unknown": it looks, or sends the same again, and never under another name.',
        "注册的应答丢失时视为“结果未知”：先查询或原样重发，绝不换名注册。",
        created_under_one_name,
    ),
    Rule(
        "HDL-PATIENCE", SHOULD, "handle-protocol.md §1.3",
        "Waits for a slow answer to a write, and does not send it a second time meanwhile.",
        "写入的应答较慢时耐心等待，期间不重复发送。",
        sent_once("create"),
    ),
    Rule(
        "HDL-MODIFY", MUST, "RFC 3652 §3.6.5; handle-protocol.md §5",
        "Changes the values that it names and leaves the others as they are.",
        "只修改指定的值，其余保持不变。",
        state_is,
    ),
    Rule(
        "HDL-REMOVE", MUST, "RFC 3652 §3.6.4; handle-protocol.md §5",
        "Removes the values that it names and keeps the record.",
        "只删除指定的值，保留记录。",
        state_is,
    ),
    Rule(
        "HDL-DONE", MUST, "RFC 3652 §3.6.2; handle-protocol.md §5",
        "Reports as done what is done.",
        "报告完成的操作必须确已完成。",
        done_if_said,
    ),
    Rule(
        "HDL-SESSION", MUST, "RFC 3652 §3.8; handle-protocol.md §7",
        "Authenticates each message of a session with its key and a rising counter.",
        "会话中每条消息都用会话密钥和递增计数认证。",
        _session_kept,
    ),
    Rule(
        "HDL-SESSION-ID", MUST, "RFC 3652 §2.1.3, §3.8; handle-protocol.md §7",
        "Takes no answer of another session for its own.",
        "不接受其他会话的应答。",
        no_wrong_answer,
    ),
)  # fmt: skip
