"""`idnode conform` as its users run it, on a running node.

- `drive --exec` starts the client for each case with the task on standard input, judges it, writes reports, and says how it
  went by its exit code; a list of known failures makes new ones count, and complains of those that pass.
- A client that never ends is stopped, and what it started with it.
- `--list` and `--case` choose; a case or face that is none is wrong usage.
- A person gets the task as a line of JSON and says what came of it.
- `watch` grades whatever traffic the journal kept.
- Behind a run the node has no faults, its own clock, and its own mode of the journal.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

IDNODE = Path(sys.executable).with_name("idnode")
OURS = f"{sys.executable} -m idnode.node.conform.own_clients"
LIAR = f"""{sys.executable} -c 'print("{{\\"outcome\\": \\"ok\\"}}")'"""


@pytest.fixture(scope="module")
def node(launch_shared):
    return launch_shared()


@pytest.fixture
def conform(node):
    def run(kind, *arguments, said=None):
        port = str(node.ready["handle_tcp"][1])
        place = ("--server", f"127.0.0.1:{port}", "--http", node.ready["http"])
        return subprocess.run(
            [
                IDNODE,
                "conform",
                kind,
                "--admin",
                node.ready["admin"],
                "--lang",
                "en",
                *(place if kind == "drive" else ()),
                *map(str, arguments),
            ],
            capture_output=True,
            text=True,
            check=False,
            input=said,
            env={**os.environ, **node.environment},
        )

    return run


def test_a_right_client_and_its_reports(conform, node, tmp_path):
    files = {form: tmp_path / f"report.{form}" for form in ("html", "json", "junit")}
    flags = [word for form, path in files.items() for word in (f"--{form}", path)]
    chosen = ("--case", "udp-values", "--case", "json-html-502", "--case", "snms-digest-midnight")
    done = conform("drive", "--exec", OURS, *chosen, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3: 3 passed, 0 failed" in done.stdout
    assert [each["verdict"] for each in json.loads(files["json"].read_text())["cases"]] == [
        "passed"
    ] * 3
    assert sum(suite.tests for suite in JUnitXml.fromfile(str(files["junit"]))) == 3
    assert files["html"].read_text().startswith("<!doctype html>")
    faults = node.run("fault", "list").stdout
    assert not [line for line in faults.splitlines() if line.startswith("on")]
    assert "the time of the machine" in node.run("clock", "show").stdout
    assert '"mode": "failures"' in json.dumps(_journal(node))


def _journal(node):
    from idnode.node.testing.asking import ask

    return ask(node.ready["admin"], "GET", "/api/v1/journal?limit=1")


def test_failures_known_and_new(conform, tmp_path):
    chosen = ("drive", "--exec", LIAR, "--case", "udp-not-found")
    # Nothing was asked, so that nothing is shown of it.
    assert conform(*chosen).returncode == 0
    unsent = conform(*chosen).stdout
    assert "1 unclear" in unsent
    known = tmp_path / "known"
    known.write_text("udp-values HDL-VALUES it is like that\n")
    passing = conform("drive", "--exec", OURS, "--case", "udp-values", "--known-failing", known)
    assert passing.returncode == 3
    assert "udp-values HDL-VALUES: known to fail, and did not" in passing.stdout
    known.write_text("udp-values\n")
    assert conform(*chosen, "--known-failing", known).returncode == 2


def test_a_wrong_client_fails(conform, tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import json, sys\n"
        "from idnode.node.conform.own_clients.__main__ import do\n"
        "do(json.loads(sys.stdin.readline()))\n"
        "print(json.dumps({'outcome': 'ok', 'values': []}))\n"
    )
    command = f"{sys.executable} {wrong} {{case}}"
    failed = conform("drive", "--exec", command, "--case", "udp-not-found")
    assert failed.returncode == 1
    assert "HDL-NOT-FOUND: the client reports success" in failed.stdout
    known = tmp_path / "known"
    known.write_text("udp-not-found HDL-NOT-FOUND it is like that\n")
    again = conform("drive", "--exec", command, "--case", "udp-not-found", "--known-failing", known)
    assert again.returncode == 0


def test_choosing(conform):
    listed = conform("drive", "--list", "--face", "snms").stdout
    assert "snms-digest-midnight" in listed
    assert "udp-values" not in listed
    assert conform("drive", "--case", "nothing").returncode == 2
    assert conform("drive", "--face", "gopher").returncode == 2


def test_a_person_reads_the_task_and_says_what_came_of_it(conform):
    done = conform("drive", "--case", "udp-values", said="skip\n")
    assert done.returncode == 0
    task = json.loads(done.stdout)
    assert (task["case"], task["operation"], task["expect"]) == (
        "udp-values",
        "resolve",
        {"outcome": "ok"},
    )
    assert task["credentials"]["secret"]
    assert "1 skipped" in done.stderr


def test_traffic_is_graded(conform, node):
    assert node.run("resolve", "88.900.1/hallo").returncode == 1
    done = conform("watch")
    assert done.returncode == 0, done.stdout
    assert "traffic-handle-udp" in done.stdout
    assert conform("watch", "--since", "yesterday").returncode == 2
