"""Reports of a run for people and programs: a table in the terminal, JSON, JUnit XML."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from idnode.node.conform.rule import Verdict
from idnode.node.conform.rules.table import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idnode.node.conform.judging import Result
    from idnode.node.conform.known import Failure
    from idnode.node.conform.rule import Judgement

EVIDENCE_MAX: Final = 4
"""Most exchanges that a report shows for one judgement."""

_KEPT_CHARACTERS_MAX: Final = 4_000
"""Most characters of bytes or of a body in a report."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run: who was graded, when, and what became of each case."""

    client: str
    at: str
    results: Sequence[Result]
    known: Mapping[Failure, str] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        """Return the number of cases by verdict."""
        return Counter(str(result.verdict) for result in self.results)

    def reason(self, result: Result, rule: str) -> str | None:
        """Return why a failure is known, None if it is not."""
        return self.known.get((result.case.id, rule))


def exchanges(result: Result, judgement: Judgement) -> list[dict[str, Any]]:
    """Return the exchanges that show a judgement, as plain data, long contents cut."""
    wanted = judgement.shown_by[:EVIDENCE_MAX]
    return [_cut(each.data) for each in result.requests if each.number in wanted]


def _cut(found: Any) -> Any:
    if isinstance(found, str) and len(found) > _KEPT_CHARACTERS_MAX:
        return f"{found[:_KEPT_CHARACTERS_MAX]}… ({len(found)} characters)"
    if isinstance(found, dict):
        return {name: _cut(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_cut(each) for each in found]
    return found


def as_json(run: Run) -> str:
    """Return a run as JSON, with the exchanges that show each failure."""
    return json.dumps(
        {
            "client": run.client,
            "at": run.at,
            "counts": run.counts(),
            "cases": [_case(run, each) for each in run.results],
        },
        ensure_ascii=False,
        indent=1,
    )


def _case(run: Run, result: Result) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "id": result.case.id,
        "face": result.case.face,
        "en": result.case.en,
        "zh": result.case.zh,
        "verdict": result.verdict,
        "seconds": round(result.seconds, 3),
        "said": None
        if outcome is None
        else {"outcome": outcome.outcome, "kind": outcome.kind, "message": outcome.message},
        "rules": [_judgement(run, result, name, each) for name, each in result.judgements.items()],
    }


def _judgement(run: Run, result: Result, name: str, judgement: Judgement) -> dict[str, Any]:
    rule = RULES[name]
    found: dict[str, Any] = {
        "rule": name,
        "level": rule.level,
        "source": rule.source,
        "verdict": judgement.verdict,
    }
    if judgement.verdict is Verdict.FAILED:
        found |= {"right": {"en": rule.en, "zh": rule.zh}}
        found |= {"found": {"en": judgement.en, "zh": judgement.zh}}
        found |= {"known": run.reason(result, name), "exchanges": exchanges(result, judgement)}
    elif judgement.en:
        found |= {"found": {"en": judgement.en, "zh": judgement.zh}}
    return found


def as_junit(run: Run) -> str:
    """Return a run as JUnit XML: a test suite a face, a test case a case; known failures count as skipped."""
    root = ET.Element("testsuites", name="idnode conform")
    faces = dict.fromkeys(result.case.face for result in run.results)
    for face in faces:
        results = [result for result in run.results if result.case.face == face]
        suite = ET.SubElement(root, "testsuite", name=str(face), timestamp=run.at)
        cases = [_test_case(suite, run, result) for result in results]
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(each.find("failure") is not None for each in cases)))
        suite.set("skipped", str(sum(each.find("skipped") is not None for each in cases)))
        suite.set("errors", "0")
        suite.set("time", f"{sum(result.seconds for result in results):.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _test_case(suite: ET.Element, run: Run, result: Result) -> ET.Element:
    found = ET.SubElement(
        suite,
        "testcase",
        classname=f"conform.{result.case.face}",
        name=result.case.id,
        time=f"{result.seconds:.3f}",
    )
    broken = {
        name: each for name, each in result.judgements.items() if each.verdict is Verdict.FAILED
    }
    new = [name for name in broken if run.reason(result, name) is None]
    if new:
        failure = ET.SubElement(found, "failure", type=new[0], message=_plain(broken[new[0]].en))
        failure.text = _plain("\n\n".join(_told(result, name, broken[name]) for name in new))
    elif broken:
        reasons = "; ".join(f"{name}: {run.reason(result, name)}" for name in broken)
        ET.SubElement(found, "skipped", message=_plain(f"known: {reasons}"))
    elif result.verdict in {Verdict.SKIPPED, Verdict.UNCLEAR}:
        first = next(each for each in result.judgements.values() if each.en)
        ET.SubElement(found, "skipped", message=_plain(first.en))
    return found


def _told(result: Result, name: str, judgement: Judgement) -> str:
    rule = RULES[name]
    lines = [
        f"{name} ({rule.level}, {rule.source})",
        f"right: {rule.en}",
        f"正确做法：{rule.zh}",
        f"found: {judgement.en}",
        f"实际：{judgement.zh}",
        *(line for each in exchanges(result, judgement) for line in exchange_lines(each)),
    ]
    return "\n".join(lines)


def exchange_lines(entry: Mapping[str, Any]) -> list[str]:
    """Return an exchange as lines: what was asked and answered, field by field with offsets."""
    code = entry["code"] if entry["status"] is None else f"HTTP {entry['status']}"
    fault = f", fault {entry['fault']}" if entry["fault"] else ""
    head = (
        f"#{entry['number']} {entry['face']} {entry['operation']} {entry['handle']} → {code}{fault}"
    )
    return [
        head,
        *_message_lines("request", entry["request"]),
        *_message_lines("answer", entry["answer"]),
    ]


def _message_lines(title: str, message: Mapping[str, Any] | None) -> list[str]:
    if message is None:
        return [f"  {title}: none"]
    if message["form"] == "http":
        start = " ".join(
            str(message[name])
            for name in ("method", "target", "status", "phrase")
            if name in message
        )
        headers = [f"    {name}: {value}" for name, value in message["headers"]]
        body = [f"    {message['body']}"] if message["body"] else []
        return [f"  {title}: {start}", *headers, *body]
    return [
        f"  {title}: {message['length']} bytes {message['hex'][:200]}",
        *_field_lines(message["fields"], 2),
    ]


def _field_lines(fields: Sequence[Mapping[str, Any]], depth: int) -> list[str]:
    lines = []
    for each in fields:
        lines.append(f"{'  ' * depth}{each['offset']:>5} {each['name']}: {each['text']}")
        lines += _field_lines(each.get("fields", ()), depth + 1)
    return lines


def _plain(text: str) -> str:
    """Return text without characters that XML has no place for."""
    return "".join(each if each >= " " or each in "\n\t" else "�" for each in text)
