"""`make load` tells the truth.

- It ends green, with a table, Locust's report and the result at their known places; every face was asked.
- The same with the node standing still for a second ends red on its p99. The percentile that counts from the
  intended times shows the second; the one that counts from sending does not: almost nobody sent meanwhile.
"""

import shutil

import pytest

from idnode.loadtests.verdict import ExitCode

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]


def test_make_load_ends_green_with_a_report(make_load):
    done = make_load()
    if done.code in {ExitCode.LOCUST_WAS_THE_LIMIT, ExitCode.INCOMPLETE}:
        # The machine gave Locust no processor in time, so it has said that it knows nothing: ask again.
        done = make_load()
    assert done.code == 0, done.text + done.errors
    assert "PASSED" in done.text
    assert '<section id="verdict"' in done.report
    assert "corrected" in done.text
    for operation in ("resolve", "resolve missing", "register batch"):
        assert operation in done.text
        assert operation in done.report
    result = done.result
    asked = {entry["face"] for entry in result["operations"]}
    assert asked == set(result["profile"]["users"])
    assert result["all"]["failed"] == 0
    assert all(each["held"] for each in result["thresholds"])


def test_a_node_that_stands_still_for_a_second_turns_it_red(make_load):
    done = make_load("--freeze", "1")
    assert done.code != 0, done.text
    assert "BROKEN  all p99_ms" in done.text
    assert not done.threshold("p99_ms")["held"]
    everything = done.result["all"]
    corrected, uncorrected = everything["corrected_ms"], everything["uncorrected_ms"]
    assert corrected["max"] >= 900
    assert corrected["p99"] > 2 * uncorrected["p99"]
    # All other thresholds but that on latency hold: the node lost nothing.
    assert done.threshold("failures_percent")["held"]
