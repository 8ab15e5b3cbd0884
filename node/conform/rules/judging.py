"""Ways of judging that several rules share: by what the client said, what it sent, and what the node has afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idnode.node.conform.evidence import OK
from idnode.node.conform.rule import PASS, Judgement, failed, unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.node.conform.evidence import Evidence, Request

_CHALLENGE = 402
_WRITES = ("create", "delete", "add", "modify", "remove", "batch_register")


def differing(evidence: Evidence) -> tuple[str, str] | None:
    """Return how what the client has differs from what is right, in English and Chinese; None if it does not.

    What the client left out is taken for right.
    """
    found, right = evidence.outcome, evidence.expected
    if found is None:
        return None
    pairs: tuple[tuple[Any, Any, Callable[[Any], object]], ...] = (
        (found.values, right.values, set),
        (found.records, right.records, lambda many: [set(each) for each in many]),
        (found.items, right.items, list),
    )
    for given, wanted, comparable in pairs:
        if given is not None and wanted is not None and comparable(given) != comparable(wanted):
            return f"it has {_short(given)}, right is {_short(wanted)}", (
                f"得到 {_short(given)}，应为 {_short(wanted)}"
            )
    if found.handles is not None and right.handles is not None:
        missing = {each.upper() for each in right.handles} - {
            each.upper() for each in found.handles
        }
        if missing:
            return f"it lacks {_short(sorted(missing))}", f"缺少 {_short(sorted(missing))}"
    return None


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= 160 else f"{text[:160]}…"


def _gave_up(evidence: Evidence) -> Judgement:
    """Judge that the client reports no success: right where none is expected, else nothing is known."""
    if evidence.expected.outcome != OK:
        return PASS
    return unclear(f"the client gave up: {_said(evidence)}", f"客户端放弃：{_said(evidence)}")


def one_login(logins: Sequence[Request], calls: Sequence[Request], evidence: Evidence) -> Judgement:
    """Judge that the client logged in once for all its calls, and anew only where an answer was spoiled."""
    if not logins or len(calls) < 2:
        return nothing_sent()
    if len(logins) > 1 + len(evidence.struck):
        return failed(
            f"{len(logins)} log-ins for {len(calls)} calls",
            f"{len(calls)} 次调用登录了 {len(logins)} 次",
            logins,
        )
    return PASS


def right_answer(evidence: Evidence) -> Judgement:
    """Judge that the client came to the right result."""
    if evidence.outcome is None or not evidence.requests:
        return nothing_sent()
    if not evidence.outcome.ok:
        return failed(
            f"the client gave up: {_said(evidence)}",
            f"客户端放弃：{_said(evidence)}",
            evidence.requests,
        )
    differs = differing(evidence)
    return PASS if differs is None else failed(*differs, evidence.requests)


def no_wrong_answer(evidence: Evidence) -> Judgement:
    """Judge that the client took no spoiled answer for a good one; to report it is as good as to ask again."""
    if evidence.outcome is None or not evidence.struck:
        return nothing_sent()
    if not evidence.outcome.ok:
        return _gave_up(evidence)
    differs = differing(evidence)
    if differs is not None:
        return failed(*differs, evidence.struck)
    first = evidence.struck[0].number
    if not any(
        each.answered and each.code != _CHALLENGE
        for each in evidence.requests
        if each.number > first
    ):
        return failed(
            "the client reports success, and every answer was spoiled",
            "客户端报告成功，而所有应答都是被破坏的",
            evidence.struck,
        )
    return PASS


def told(*kinds: str) -> Callable[[Evidence], Judgement]:
    """Return the judge that an error is told as one, of one of these kinds if the client names kinds."""

    def judge(evidence: Evidence) -> Judgement:
        if evidence.outcome is None or not evidence.requests:
            return nothing_sent()
        if evidence.outcome.ok:
            return failed(
                "the client reports success", "客户端把错误报告为成功", evidence.requests[-2:]
            )
        kind = evidence.outcome.kind
        if kinds and kind is not None and kind not in kinds:
            expected = " / ".join(kinds)
            return failed(
                f"the client calls it {kind}, it is {expected}",
                f"客户端把它当作 {kind}，实际是 {expected}",
                evidence.requests[-2:],
            )
        return PASS

    return judge


def never_called(kind: str) -> Callable[[Evidence], Judgement]:
    """Return the judge that the client does not take an answer for an error of this kind."""

    def judge(evidence: Evidence) -> Judgement:
        if evidence.outcome is None or not evidence.requests:
            return nothing_sent()
        if evidence.outcome.kind == kind:
            return failed(
                f"the client calls it {kind}", f"客户端把它当作 {kind}", evidence.requests[-1:]
            )
        return PASS

    return judge


def asked_again(evidence: Evidence) -> Judgement:
    """Judge that a request whose answer was spoiled was followed by another one."""
    struck = evidence.struck
    if not struck:
        return nothing_sent()
    last = struck[-1]
    later = [each for each in evidence.requests if each.number > last.number]
    if later:
        return PASS
    return failed(
        "no further request came after the spoiled answer", "应答被破坏后没有再次请求", struck
    )


def within_limit(evidence: Evidence) -> Judgement:
    """Judge that the client gave up after a reasonable number of requests."""
    if not evidence.struck:
        return nothing_sent()
    if len(evidence.requests) > evidence.limit:
        return failed(
            f"{len(evidence.requests)} requests came; {evidence.limit} are plenty",
            f"共 {len(evidence.requests)} 个请求，{evidence.limit} 个已足够",
            evidence.requests[-3:],
        )
    if not evidence.in_time:
        return failed("the client did not end", "客户端没有结束", evidence.requests[-3:])
    return PASS


def created_under_one_name(evidence: Evidence) -> Judgement:
    """Judge that a write whose answer was lost was not made again under another name."""
    written = [each for each in evidence.of(*_WRITES) if each.handle]
    if not written or not evidence.struck:
        return nothing_sent()
    names = {each.handle.upper() for each in written}
    if len(names) > 1:
        return failed(
            f"one registration became several: {', '.join(sorted(names))}",
            f"一次注册变成了多个标识：{', '.join(sorted(names))}",
            written,
        )
    return PASS


def sent_once(*operations: str) -> Callable[[Evidence], Judgement]:
    """Return the judge that a request was not repeated while its answer was on the way."""

    def judge(evidence: Evidence) -> Judgement:
        sent = evidence.of(*operations)
        if not sent:
            return nothing_sent()
        bodies = [(each.wire[48:72] + each.wire[80:] or str(each.data["request"])) for each in sent]
        again = [each for at, each in enumerate(sent) if bodies[at] in bodies[:at]]
        if again:
            return failed(
                "the same request came again while its answer was on the way",
                "应答尚在途中就重复发送同一请求",
                [sent[0], *again],
            )
        return PASS

    return judge


def state_is(evidence: Evidence) -> Judgement:
    """Judge by what the node has afterwards."""
    if not evidence.requests:
        return nothing_sent()
    for handle, wanted in evidence.expected.state.items():
        found = evidence.state.get(handle)
        same = found is None if wanted is None else found is not None and set(found) == set(wanted)
        if not same and not evidence.of(*_WRITES, "other") and not _succeeded(evidence):
            return nothing_sent()
        if not same:
            return failed(
                f"{handle} is {_short(found)} now, right is {_short(wanted)}",
                f"{handle} 现在是 {_short(found)}，应为 {_short(wanted)}",
                evidence.of(*_WRITES, "other"),
            )
    return PASS


def _succeeded(evidence: Evidence) -> bool:
    return evidence.outcome is not None and evidence.outcome.ok


def done_if_said(evidence: Evidence) -> Judgement:
    """Judge that what the client reports as done is done; to say that it does not know is no lie."""
    if evidence.outcome is None or not evidence.requests:
        return nothing_sent()
    if not evidence.outcome.ok:
        return _gave_up(evidence)
    named = {each.upper() for each in evidence.handles}
    if any(each.handle and each.handle.upper() not in named for each in evidence.of("create")):
        return unclear("it was written under another name", "以另一名称写入")
    for handle, wanted in evidence.expected.state.items():
        found = evidence.state.get(handle)
        if (found is None) != (wanted is None):
            return failed(
                f"the client reports success, and {handle} {'is not there' if found is None else 'is still there'}",
                f"客户端报告成功，而 {handle} {'不存在' if found is None else '仍然存在'}",
                evidence.requests,
            )
    return PASS


def both(*judges: Callable[[Evidence], Judgement]) -> Callable[[Evidence], Judgement]:
    """Return the judge that asks several; the first that does not pass decides."""

    def judge(evidence: Evidence) -> Judgement:
        for each in judges:
            found = each(evidence)
            if found != PASS:
                return found
        return PASS

    return judge


def breaks(*rules: str) -> Callable[[Evidence], Judgement]:
    """Return the judge that no request broke one of these rules of the journal."""

    def judge(evidence: Evidence) -> Judgement:
        return none_of(
            [each for each in evidence.requests if each.broken in rules],
            evidence,
            lambda each: (each.data["why"]["en"], each.data["why"]["zh"]),
        )

    return judge


def none_of(
    found: Iterable[Request],
    evidence: Evidence,
    why: Callable[[Request], tuple[str, str]],
) -> Judgement:
    """Return the judgement on requests none of which should be there; ``why`` tells of the first."""
    wrong = list(found)
    if wrong:
        return failed(*why(wrong[0]), wrong)
    return PASS if evidence.requests else nothing_sent()


def nothing_sent() -> Judgement:
    """Return the judgement on a client that did not come as far as the case needs."""
    return unclear(
        "the client sent nothing that the case is about", "客户端没有发出与本用例有关的请求"
    )


def _said(evidence: Evidence) -> str:
    if not evidence.in_time:
        return "time over / 超时"
    outcome = evidence.outcome
    if outcome is None:
        return ""
    return (
        " ".join(each for each in (outcome.kind, outcome.message) if each)[:200] or outcome.outcome
    )
