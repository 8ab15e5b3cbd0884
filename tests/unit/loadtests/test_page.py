"""The report of a load test, in its other forms.

Promises: the HTML report begins with verdict, thresholds, doubts and both latencies, escaped, and is otherwise as it
was; JUnit has a case for each threshold and one for whether all of the load was sent; Markdown has the same tables.
"""

from xml.etree import ElementTree as ET

from idnode.loadtests.forms import as_junit, as_markdown
from idnode.loadtests.page import with_verdict

LATENCIES = {"p50": 1.0, "p90": 2.0, "p99": 3.0, "p99.9": 4.0, "max": 5.5}
DONE = {
    "requests": 7,
    "failed": 1,
    "corrected_ms": LATENCIES,
    "uncorrected_ms": {**LATENCIES, "max": 0.25},
}
RESULT = {
    "exit_code": 4,
    "verdict": "INCOMPLETE: a part",
    "profile": {"name": "mine", "title": "<mine>"},
    "seconds": 9.5,
    "arrivals": {"asked": 100, "planned": 99, "sent": 98, "late": 2, "dropped": 1},
    "operations": [{"face": "bulk", "operation": "a|b <x>", **DONE}],
    "all": DONE,
    "thresholds": [
        {"of": "all", "name": "p99_ms", "asked": 100, "measured": 50.0, "held": True},
        {"of": "bulk", "name": "max_ms", "asked": 100, "measured": 700.0, "held": False},
    ],
    "doubts": ["late"],
    "missing": ["bulk was not asked"],
    "remarks": ["closed"],
}


def test_e31_the_report_begins_with_the_verdict():
    script = '<script>const page = "<body>"</script>'
    page = with_verdict(f"<html>{script}<body><div>charts</div></body></html>", RESULT)
    assert page.startswith(f'<html>{script}<body><section id="verdict"')
    assert page.endswith("</section><div>charts</div></body></html>")
    for said in (
        "<h1>INCOMPLETE: a part</h1>",
        "&lt;mine&gt;, exit code 4",
        "<td>all p99_ms</td><td>100</td><td>50.00</td><td>ok</td>",
        "<td>bulk max_ms</td><td>100</td><td>700.00</td><td>BROKEN</td>",
        "<li>LOCUST WAS THE LIMIT: late</li>",
        "<li>INCOMPLETE: bulk was not asked</li>",
        "<li>closed</li>",
        "<li>arrivals: 100 asked by the profile, 99 planned, 98 sent, 2 of them late</li>",
        "<td>a|b &lt;x&gt;</td><td>7</td><td>1</td><td>corrected</td><td>1.0</td>",
        "<td>uncorrected</td><td>1.0</td><td>2.0</td><td>3.0</td><td>4.0</td><td>0.25</td>",
    ):
        assert said in page


def test_junit_has_a_case_for_each_threshold_and_one_for_the_load():
    (suite,) = ET.fromstring(as_junit(RESULT))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failures = {case.get("name"): case.find("failure") for case in suite.iter("testcase")}
    assert failures["all p99_ms 100"] is None
    assert failures["bulk max_ms 100"].get("message") == "measured 700, asked 100"
    assert failures["the whole load was sent and measured"].text == "late\nbulk was not asked"
    said = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert said["verdict"] == "INCOMPLETE: a part"
    assert (said["all corrected max_ms"], said["all uncorrected max_ms"]) == ("5.5", "0.25")


def test_markdown_has_the_same_tables():
    text = as_markdown(RESULT)
    assert text.startswith("## mine: INCOMPLETE: a part\n")
    for line in (
        "| bulk max_ms | 100 | 700.0 | BROKEN |",
        "| bulk | a\\|b <x> | 7 | 1 | uncorrected | 1.0 | 2.0 | 3.0 | 4.0 | 0.25 |",
        "- arrivals: 100 asked by the profile, 99 planned, 98 sent, 2 of them late",
        "- LOCUST WAS THE LIMIT: late",
    ):
        assert line in text.splitlines()
