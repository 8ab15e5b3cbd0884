"""Load tests from the command to the exit code.

- Several processes add up to one result, each with its share; a closed load runs in them, too.
- A profile, an address or a node that cannot be used ends it at once, with one line and exit code 2.
- Locust's own figures have buckets below a millisecond.
- Only the modules around the users import Locust; everything else can be tested without it.
"""

import json
import socket
import subprocess
import sys

import pytest

from idnode.loadtests import run
from idnode.loadtests.serving import NodeDidNotStart, served_node
from idnode.node.testing.asking import ask

pytestmark = pytest.mark.alone

CLOSED = """
title = "two processes, a closed load"
[keys]
space = "written"
written = 300
choice = "uniform"
missing_percent = 20
[load]
model = "closed"
pace_per_second = 10
[shape]
kind = "steps"
levels = [2, 8]
step_seconds = 2
[users]
handle_udp = 1
handle_tcp = 1
json = 1
snms = 1
[thresholds]
failures_percent = 0
[limits]
lag_ms = 10_000
cpu_percent = 100
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_several_processes_add_up_to_one_result(run_load, tmp_path):
    (tmp_path / "closed.toml").write_text(CLOSED)
    port = free_port()
    done = run_load(
        str(tmp_path / "closed.toml"),
        *("--processes", "2", "--master-port", port, "--master-bind-port", port),
    )
    assert done.code == 0, done.text + done.errors
    result = done.result
    assert len(result["processes"]) == 2
    assert result["all"]["failed"] == 0
    assert result["all"]["requests"] == sum(each["requests"] for each in result["operations"])
    assert {each["operation"] for each in result["operations"]} >= {"resolve", "resolve missing"}
    assert len({each["face"] for each in result["operations"]}) == 4


def test_a_wrong_profile_ends_it_before_anything_is_started(tmp_path, capsys):
    (tmp_path / "wrong.toml").write_text(CLOSED.replace("levels", "level"))
    code = run.main([str(tmp_path / "wrong.toml"), "--out", str(tmp_path / "out")])
    assert code == 2
    assert "shape.levels: Field required" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_node_that_is_gone_ends_it(run_load, tmp_path):
    (tmp_path / "closed.toml").write_text(CLOSED)
    ready = tmp_path / "ready.json"
    server = ["127.0.0.1", int(free_port())]
    ready.write_text(
        json.dumps(
            {
                "pid": 1,
                "handle_tcp": server,
                "handle_udp": server,
                "http": f"http://127.0.0.1:{server[1]}",
            }
        )
    )
    done = run_load(str(tmp_path / "closed.toml"), "--ready-file", str(ready))
    assert done.code == 2
    assert done.errors.startswith("load test: the node does not answer; handle_")
    assert done.errors.count("\n") == 1


def test_what_is_no_ready_file_ends_it(run_load, tmp_path):
    done = run_load("smoke", "--ready-file", str(tmp_path / "none.json"))
    assert done.code == 2
    assert "none.json is no ready file of a node" in done.errors


def test_a_node_that_does_not_start_says_why(tmp_path):
    with (
        pytest.raises(NodeDidNotStart, match="no-such-flag"),
        served_node(tmp_path, ["--no-such-flag"]),
    ):
        pass


def output_of(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_locust_counts_in_buckets_below_a_millisecond():
    script = (
        "import idnode.loadtests.locustfile, locust.stats as s; print(s.bucket_response_time(0.25))"
    )
    assert output_of(script) == "0.25"


def test_only_the_modules_around_the_users_import_locust():
    script = (
        "import sys, idnode.loadtests.run, idnode.loadtests.load_test, idnode.loadtests.report, idnode.loadtests.metrics\n"
        "import idnode.loadtests.options, idnode.loadtests.prepare\n"
        "print([name for name in ('locust', 'gevent') if name in sys.modules])"
    )
    assert output_of(script) == "[]"


def test_the_result_is_left_with_the_node(run_load, tmp_path):
    (tmp_path / "closed.toml").write_text(CLOSED)
    with served_node(tmp_path, []) as ready:
        done = run_load(str(tmp_path / "closed.toml"), "--ready-file", str(ready))
        admin = json.loads(ready.read_bytes())["admin"]
        assert ask(admin, "GET", "/api/v1/load/result")["result"] == done.result


def test_a_report_names_the_faults_that_were_on(run_load, tmp_path):
    (tmp_path / "closed.toml").write_text(CLOSED)
    done = run_load(str(tmp_path / "closed.toml"), "--fault", "http-503-retry-after")
    assert done.code != 0, done.text
    assert "FAULTS WERE ON: http-503-retry-after (struck " in done.text
    (fault,) = done.result["faults"]
    assert fault["struck"] >= done.result["all"]["failed"] > 0


def test_a_fault_that_is_none_is_refused(run_load, tmp_path):
    (tmp_path / "closed.toml").write_text(CLOSED)
    done = run_load(str(tmp_path / "closed.toml"), "--fault", "nothing")
    assert done.code == 2
    assert "There is no fault named nothing" in done.errors
