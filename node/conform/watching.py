"""Grades whatever traffic a node's journal kept, by the rules that traffic alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idnode.node.conform.case import Case, Face, Right, Task
from idnode.node.conform.evidence import Evidence, Request
from idnode.node.conform.judging import Result, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from idnode.node.conform.rule import Judgement

_PAGE: Final = 1_000


def kept(ask: Callable[[str, str, Any], Any], after: int, since: float) -> list[Request]:
    """Return the requests that a journal keeps behind a number and from a time on."""
    found: list[Request] = []
    while True:
        path = f"/api/v1/journal?after={after}&limit={_PAGE}&since={since}"
        page = ask("GET", path, None)["items"]
        found += [Request(ask("GET", f"/api/v1/journal/{each['number']}", None)) for each in page]
        if len(page) < _PAGE:
            return found
        after = page[-1]["number"]


def by_client(requests: Iterable[Request]) -> dict[str, list[Request]]:
    """Return requests by the host that they came from."""
    found: dict[str, list[Request]] = {}
    for each in requests:
        found.setdefault(each.peer.rpartition(":")[0] or "?", []).append(each)
    return found


def graded(host: str, requests: Sequence[Request]) -> list[Result]:
    """Return the results of one client's traffic, one a face; rules of which it shows nothing are left out."""
    results = []
    for face in Face:
        found = [each for each in requests if each.face == face]
        judgements = {
            name: each for name, each in watched(Evidence(tuple(found))).items() if _shown(each)
        }
        if judgements:
            results.append(Result(_traffic(host, face, len(found)), judgements, tuple(found)))
    return results


def _shown(judgement: Judgement) -> bool:
    return judgement.verdict in {"passed", "failed"}


def _traffic(host: str, face: Face, count: int) -> Case:
    """Return a case that stands for traffic of one client over one face."""
    return Case(
        id=f"traffic-{face.replace('_', '-')}",
        face=face,
        rules=["HDL-FORM"],
        en=f"{count} requests of {host}",
        zh=f"来自 {host} 的 {count} 个请求",
        task=Task(operation="watch"),
        right=Right(),
    )
