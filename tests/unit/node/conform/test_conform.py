"""What grading a client rests on keeps these promises.

- The last line of JSON that a client prints is its outcome; without one its exit code is. Strange members are left out.
- Cases are read whole or not at all; a mistake is told with file, case and member.
- A known failure names case, rule and reason; what failed is compared with it both ways.
- A request that cannot be read fails for that, and the other rules of the case become unclear.
- Reports have each failure with bytes decoded and what is right, in both languages; JUnit is read by a CI's parser; known
  failures count as skipped. Nothing that a client says gets out of its place in page or XML.
"""

import json
from html.parser import HTMLParser

import pytest
from junitparser import JUnitXml

from idnode.node.conform.case import CasesInvalid, all_cases, read_cases
from idnode.node.conform.evidence import Evidence, Expected, Outcome, Request, outcome_of
from idnode.node.conform.judging import Result, judged, watched
from idnode.node.conform.known import KnownInvalid, compared, read_known
from idnode.node.conform.page import as_html
from idnode.node.conform.report import Run, as_json, as_junit
from idnode.node.conform.rule import Verdict
from idnode.node.conform.rules.table import RULES
from idnode.node.interceptors.journal.entry import KeptBinary
from idnode.registry.handle.wire.constants import OpCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import Message, encode_message
from idnode.registry.handle.wire.resolution import Query, encode_query

CASE = all_cases()["udp-not-found"]
HOSTILE = "</pre><script>alert(1)</script>\x00\x1b&'\""
NOW = "2026-03-01T12:00:00.000000Z"
LATER = 1_772_400_000


def request(number=1, *, request_id=7, version=2, fault=None, broken=None, peer="127.0.0.1:9"):
    body = encode_query(Query(b"88.900.1/x", (), ()))
    wire = encode_message(Message(OpCode.RESOLUTION, 0, 0, 0xFFFF, 0, LATER, body))
    envelope = Envelope(version, 11, 0, 2, 11, 0, request_id, 0, len(wire))
    kept = KeptBinary(envelope.encode() + wire, len(wire) + 20).as_data()
    return Request(
        {
            "number": number,
            "time": NOW,
            "face": "handle_udp",
            "peer": peer,
            "operation": "resolve",
            "handle": "88.900.1/x",
            "code": 100,
            "status": None,
            "fault": fault,
            "why": broken and {"rule": broken, "en": "why", "zh": "原因"},
            "request": kept,
            "answer": kept,
        }
    )


def result(outcome, *requests, case=CASE):
    evidence = Evidence(requests or (request(),), outcome, Expected("error"))
    return Result(case, judged(case, evidence), evidence.requests, outcome)


def test_the_outcome_is_the_last_line_of_json():
    said = outcome_of(
        'starting\n{"outcome": "ok", "values": [{"index": 1, "type": "URL", "data": "x"}]}\nbye\n',
        1,
    )
    assert (said.ok, said.values) == (True, ((1, "URL", "x"),))
    assert outcome_of("no json", 0) == Outcome("ok", message="no json")
    assert outcome_of("", 3).outcome == "error"
    assert outcome_of("", 77).outcome == "unsupported"
    odd = outcome_of('{"outcome": "ok", "values": 7, "handles": "x", "items": [1], "kind": 5}', 0)
    assert (odd.values, odd.handles, odd.items, odd.kind) == (None, None, (), "5")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- [", "a.yaml"),
        ("7", "a.yaml: expected a list of cases"),
        ("- {id: x-1, face: gopher}", "a.yaml: x-1: face"),
        (
            "- {id: x-1, face: snms, rules: [HDL-NO], en: a, zh: b, task: {operation: resolve}}",
            "a.yaml: x-1: there is no rule HDL-NO",
        ),
    ],
)
def test_a_mistake_in_cases_is_told_with_its_place(text, told):
    with pytest.raises(CasesInvalid) as caught:
        read_cases(text, "a.yaml")
    assert str(caught.value).startswith(told)


def test_there_are_enough_cases_and_each_rule_has_one():
    cases = all_cases().values()
    assert len(cases) >= 60
    assert {case.face for case in cases} >= {
        "handle_udp",
        "handle_tcp",
        "handle_json",
        "snms",
        "idhub",
    }
    assert {rule for case in cases for rule in case.rules} == set(RULES)
    assert all(rule.en and rule.zh and rule.source for rule in RULES.values())


def test_known_failures_have_a_reason_and_are_compared_both_ways():
    known = read_known(
        "# all\n\nudp-not-found HDL-NOT-FOUND it is old\nudp-busy HDL-BUSY no\n", "k"
    )
    right, wrong = result(Outcome("error", kind="not_found")), result(Outcome("ok"))
    assert compared([wrong], known).new == ()
    assert compared([wrong], {}).new == (("udp-not-found", "HDL-NOT-FOUND"),)
    assert compared([right], known).passing == (("udp-not-found", "HDL-NOT-FOUND"),)
    for line in ("nothing HDL-BUSY x", "udp-busy NOTHING x", "udp-busy HDL-BUSY"):
        with pytest.raises(KnownInvalid, match=r"k:1: "):
            read_known(line, "k")


def test_the_cause_hides_what_follows_from_it():
    found = result(Outcome("ok"), request(version=3)).judgements
    assert found["HDL-VERSION"].verdict is Verdict.FAILED
    assert (found["HDL-NOT-FOUND"].verdict, found["HDL-NOT-FOUND"].en) == (
        Verdict.UNCLEAR,
        "see HDL-VERSION",
    )


def test_a_client_that_cannot_do_it_is_skipped():
    assert result(Outcome("unsupported")).verdict is Verdict.SKIPPED


def test_traffic_alone_shows_what_it_shows():
    lost, again = request(1, fault="lost"), request(2, request_id=8)
    found = watched(Evidence((lost, again)))
    assert found["HDL-SAME-ID"].verdict is Verdict.FAILED
    assert found["HDL-SAME-ID"].shown_by == (1, 2)
    assert found["HDL-FORM"].verdict is Verdict.PASSED
    assert found["SNMS-DIGEST"].verdict is Verdict.UNCLEAR
    assert watched(Evidence((request(broken="W-HDL-BODY"),)))["HDL-FORM"].verdict is Verdict.FAILED


@pytest.fixture
def run():
    results = [
        result(Outcome("ok", message=HOSTILE)),
        result(Outcome("error", kind="not_found")),
        result(Outcome("unsupported")),
        result(Outcome("ok"), case=all_cases()["tcp-not-found"]),
    ]
    return Run(HOSTILE, NOW, results, {("tcp-not-found", "HDL-NOT-FOUND"): f"old {HOSTILE}"})


def test_junit_is_read_by_a_parser_of_ci(run):
    suites = list(JUnitXml.fromstring(as_junit(run).encode()))
    assert [(suite.name, suite.tests, suite.failures, suite.skipped) for suite in suites] == [
        ("handle_udp", 3, 1, 1),
        ("handle_tcp", 1, 0, 1),
    ]
    failed, _passed, _skipped = suites[0]
    (failure,) = failed.result
    assert (failure.type, failed.name) == ("HDL-NOT-FOUND", "udp-not-found")
    for words in ("right: ", "正确做法：", "op code: 1 resolution", "request id: 7"):
        assert words in failure.text
    (known,) = next(iter(suites[1])).result
    assert known.message.startswith("known: HDL-NOT-FOUND: old")


def test_json_names_rule_exchange_and_what_is_right(run):
    found = json.loads(as_json(run))
    assert found["counts"] == {"failed": 2, "passed": 1, "skipped": 1}
    (judgement,) = found["cases"][0]["rules"]
    assert judgement["right"].keys() == {"en", "zh"}
    assert judgement["exchanges"][0]["request"]["fields"]


class Squares(HTMLParser):
    """Collects links of squares, places that they may lead to, and scripts."""

    def __init__(self):
        super().__init__()
        self.targets, self.ids, self.scripts = [], set(), 0

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids.add(found.get("id"))
        self.scripts += tag == "script"
        if tag == "a" and "square" in found.get("class", ""):
            self.targets.append((found["class"].split()[1], found["href"].removeprefix("#")))


def test_squares_of_the_page_lead_to_the_evidence(run):
    page = Squares()
    page.feed(as_html(run))
    assert page.scripts == 1
    assert [shade for shade, _ in page.targets] == ["failed", "passed", "skipped", "known"]
    assert {target for _, target in page.targets} <= page.ids
    text = as_html(run)
    assert "op code: 1 resolution" in text
    assert RULES["HDL-NOT-FOUND"].zh in text
