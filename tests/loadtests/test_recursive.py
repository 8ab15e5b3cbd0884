"""A load test through the recursive node of Suzhou's whole tree, as `make load ARGS="recursive"` runs it.

Promises: the tree comes up on free ports beside whatever runs, every identifier that exists is found through it over each
face, and the report says how many questions the cache answered, which is what the recursive node counts itself.
"""

import json
import re
import subprocess
import sys
import urllib.request

import pytest

from idnode.loadtests.cache import cache_answers
from idnode.loadtests.profile import FOLDER
from idnode.loadtests.serving import served_tree

pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Return the ready file of Suzhou's tree."""
    with served_tree(tmp_path_factory.mktemp("tree")) as found:
        yield found


def test_the_report_says_the_hit_ratio(ready, tmp_path):
    # Only what was found matters here, not how fast.
    text = (FOLDER / "recursive.toml").read_text(encoding="utf-8")
    text = re.sub(r"^p99_ms.*$|^dropped_percent.*$", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"^timeout_seconds.*$",
        "timeout_seconds = 60\nudp_repeats = false",
        text,
        flags=re.MULTILINE,
    )
    (tmp_path / "recursive.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "idnode.loadtests.run", str(tmp_path / "recursive.toml")]
    command += ["--ready-file", str(ready), "--out", str(tmp_path / "out"), "-t", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = json.loads((tmp_path / "out/recursive/result.json").read_bytes())
    assert result["all"]["failed"] == 0, done.stdout
    assert {each["face"] for each in result["operations"]} == {"handle_udp", "handle_tcp", "json"}
    tree = json.loads(ready.read_bytes())
    counted = cache_answers(tree["admin"] + "/nodes/recursive")
    assert result["cache"] == counted.as_data()
    assert counted.hit > 0
    assert counted.failed == counted.stale == 0
    assert f"cache: {counted.hit_ratio:.1%} of {counted.asked:,} questions were hits" in done.stdout


def test_the_whole_of_suzhou_is_there(ready):
    with urllib.request.urlopen(json.loads(ready.read_bytes())["admin"] + "/tree") as answer:
        found = json.load(answer)
    assert found["enterprises"] == 4160
    assert found["identifiers"] == 6_500_000_000
    assert [node["state"] for node in found["nodes"]] == ["ready"] * 17


def test_who_tells_nothing_is_not_known():
    assert cache_answers(None) is None
    assert cache_answers("http://127.0.0.1:1") is None
