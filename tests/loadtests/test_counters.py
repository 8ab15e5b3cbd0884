"""What the node counts is what the load test counts, and what the profile asks for is what was sent.

- For every profile of one node, and in several processes: identifiers by face, resolved and registered.
- 300 a second for 12 seconds with 200 users are 3,600 arrivals, in one process and in two.
"""

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from idnode.loadtests.profile import FOLDER, load_profile, names
from idnode.loadtests.serving import served_node

pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]

MANY = """
title = "200 users"
[load]
model = "open"
users = 200
patience_seconds = 60
timeout_seconds = 30
[shape]
kind = "constant"
level = 300
duration_seconds = 12
[users]
handle_udp = 60
json = 1
[thresholds]
failures_percent = 100
[limits]
lag_ms = 60_000
cpu_percent = 100
"""

NAMES = {"handle_json": "json"}
"""Faces that the load test calls otherwise than the node does."""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Return the ready file of a node with the data set, which runs for all tests."""
    with served_node(tmp_path_factory.mktemp("node"), ["--dataset", "suzhou"]) as ready:
        yield ready


def counted(ready):
    """Return how many identifiers the node has resolved and registered, by face."""
    with urllib.request.urlopen(json.loads(ready.read_bytes())["admin"] + "/metrics") as answer:
        text = answer.read().decode()
    found = Counter()
    for family in text_string_to_metric_families(text):
        if family.name in {"idnode_resolutions", "idnode_registrations"}:
            for sample in family.samples:
                face = sample.labels["face"]
                if sample.name.endswith("_total"):
                    found[family.name, NAMES.get(face, face)] += int(sample.value)
    return found


def told(result):
    """Return what the load test says that it resolved and registered."""
    found = Counter()
    for each in result["operations"]:
        kind = "registrations" if each["operation"].startswith("register") else "resolutions"
        found[f"idnode_{kind}", each["face"]] += each["items"]
    return found


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def load(folder, ready, *flags):
    command = [sys.executable, "-m", "idnode.loadtests.run", "--ready-file", ready]
    done = subprocess.run(
        [*command, "--out", folder, *flags], capture_output=True, text=True, check=False
    )
    (result,) = folder.glob("*/result.json")
    return done, json.loads(result.read_bytes())


def two_processes():
    port = free_port()
    return ("--processes", "2", "--master-port", port, "--master-bind-port", port)


@pytest.mark.parametrize("name", [name for name in names() if not load_profile(name).node])
def test_the_node_counts_what_the_load_test_counts(name, node, tmp_path):
    # A datagram that is sent again, for a machine is busy, would be counted by the node alone.
    text = re.sub(r"timeout_seconds.*\n", "", (FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    patient = "[load]\ntimeout_seconds = 60\nudp_repeats = false\n"
    (tmp_path / f"{name}.toml").write_text(text.replace("[load]\n", patient), encoding="utf-8")
    before = counted(node)
    distributed = two_processes() if name in {"smoke", "steps"} else ()
    path = str(tmp_path / f"{name}.toml")
    done, result = load(tmp_path / "out", node, path, "-t", "2", *distributed)
    assert result["all"]["requests"] > 0, done.stdout + done.stderr
    assert result["all"]["failed"] == 0, done.stdout
    found = counted(node) - before
    if ("idnode_resolutions", "idhub") in told(result):
        # In each process that has such users the administrator registers their application first.
        assert 1 <= found.pop(("idnode_registrations", "json")) <= len(result["processes"])
    assert found == told(result)
    assert {face for _, face in told(result)} == set(load_profile(name).users)


@pytest.mark.parametrize("processes", [1, 2])
def test_3600_arrivals_are_asked_planned_and_sent(processes, node, tmp_path):
    (tmp_path / "many.toml").write_text(MANY)
    flags = two_processes() if processes > 1 else ()
    done, result = load(tmp_path / "out", node, str(tmp_path / "many.toml"), *flags)
    arrivals = result["arrivals"]
    assert arrivals["asked"] == 3600, done.stdout + done.stderr
    assert arrivals["planned"] == pytest.approx(3600, abs=2 * processes)
    assert arrivals["sent"] + arrivals["dropped"] == arrivals["planned"]
    assert arrivals["sent"] == result["all"]["requests"]
    assert "3,600 asked by the profile" in done.stdout
    # Where the machine is too busy for them, it says so.
    assert (done.returncode == 0) == (arrivals["sent"] == arrivals["planned"])
