"""The benchmarks that need no node run from the command line, one table and one JSON file for all of them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IN_PROCESS = ("codec", "index", "log", "stores")


def test_those_in_process_give_their_rows(tmp_path):
    file = tmp_path / "found.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--quick", "--json", str(file), *IN_PROCESS],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert run.returncode == 0, run.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    for start in ("codec:", "index (dict):", "log:", "read one of", "disk for each byte"):
        assert any(row["what"].startswith(start) and row["ours"] for row in rows), start
