"""Promises: the HTML report begins with verdict, thresholds and doubts, escaped, and is otherwise as it was."""

from idnode.loadtests.page import with_verdict

RESULT = {
    "exit_code": 4,
    "verdict": "INCOMPLETE: a part",
    "profile": {"title": "<mine>"},
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
    ):
        assert said in page
