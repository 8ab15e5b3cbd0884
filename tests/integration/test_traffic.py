"""`idnode traffic` keeps these promises.

- It registers and resolves on a node with the data set, over each resolution face, and tells how much.
- It drives nothing but this machine, and a node without the data set in no way.
- Without a terminal it says at its beginning what it does, and goes on saying it in plain lines.
- Ctrl-C ends it with its summary and exit code 0.
"""

import json
import os
import re
import signal
import subprocess
import urllib.request

import pytest

from idnode.node.commands import traffic


@pytest.fixture(scope="module")
def node(launch_shared):
    """A node with the data set, which no test stops, and on which no fault stays on."""
    return launch_shared("--dataset", "suzhou", "--durability", "none")


def _counts(line):
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", line)]


def _stats(node):
    with urllib.request.urlopen(f"{node.ready['admin']}/api/v1/stats") as response:
        return json.load(response)


def _registrations(stats):
    return stats["registrations"].get("bulk", {}).get("success", 0)


def _resolutions(stats, face):
    return stats["resolutions"].get(face, {}).get("success", 0)


def test_it_registers_and_resolves_over_each_face(node):
    before = _stats(node)
    run = node.run(
        *("traffic", "--profile", "flat", "--rate", "4000", "--duration", "2.5", "--seed", "3")
    )
    assert run.returncode == 0, run.stderr
    assert (
        f"traffic to {node.ready['http']}: 4,000 identifiers a second on average, flat"
        in run.stderr
    )
    assert "for 2.5 s" in run.stderr
    registered, resolved, missing, failed, _skipped = _counts(run.stdout)
    assert registered >= 100
    assert resolved > 100
    assert missing < resolved
    assert failed == 0
    stats = _stats(node)
    assert _registrations(stats) - _registrations(before) == registered
    faces = {
        face
        for face in stats["resolutions"]
        if _resolutions(stats, face) > _resolutions(before, face)
    }
    assert {"handle_udp", "handle_tcp", "handle_json"} <= faces


@pytest.fixture
def fault(node):
    """A fault that is on during the test."""
    name = "http-503-retry-after"
    assert node.run("fault", "on", name).returncode == 0
    yield name
    assert node.run("fault", "off", name).returncode == 0


def test_it_names_the_faults_that_were_on(node, fault):
    run = node.run("traffic", "--profile", "flat", "--rate", "1000", "--duration", "0.5")
    assert run.returncode == 0, run.stderr
    # How often it strikes in half a second is a matter of chance; the node knows.
    with urllib.request.urlopen(f"{node.ready['admin']}/api/v1/faults") as response:
        (struck,) = (each["struck"] for each in json.load(response)["items"] if each["on"])
    assert f"\nFAULTS WERE ON: {fault} (struck {struck:,})\n" in run.stdout


@pytest.mark.parametrize(
    "flags", [("--server", "192.0.2.1:2641"), ("--http", "http://192.0.2.1:8000")]
)
def test_it_drives_nothing_but_this_machine(node, flags):
    run = node.run("traffic", "--duration", "1", *flags)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "idnode: 192.0.2.1 is not this machine\n"


def test_a_node_without_the_data_set_is_left_alone(served):
    node = served()
    run = node.run("traffic", "--duration", "1")
    assert run.returncode == 1
    assert run.stderr == "idnode: the node serves no Suzhou: start it with --dataset suzhou\n"
    assert not sum(_stats(node)["registrations"]["bulk"].values())


def test_it_says_that_no_node_is_there(served, tmp_path):
    node = served("--dataset", "suzhou")
    node.stop()
    run = node.run("traffic", "--duration", "1")
    assert run.returncode == 1
    assert run.stderr.startswith("idnode: ")
    assert run.stderr.count("\n") == 1


def test_ctrl_c_ends_it_with_its_summary(node):
    from pathlib import Path
    from sys import executable

    before = _resolutions(_stats(node), "handle_tcp")
    process = subprocess.Popen(
        [Path(executable).with_name("idnode"), "traffic", "--rate", "2000"],
        env={**os.environ, **node.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while _resolutions(_stats(node), "handle_tcp") <= before:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert len(_counts(output)) == 5


def test_without_a_terminal_it_goes_on_with_plain_lines(node, monkeypatch, capsys):
    monkeypatch.setattr(traffic, "_LINE_SECONDS", 0.0)
    for name, value in node.environment.items():
        monkeypatch.setenv(name, value)
    traffic.run(profile=traffic.Profile.DAY, rate=500, duration=1.5, seed=3)
    first, *lines = capsys.readouterr().err.splitlines()
    assert "Suzhou's day, 60 times as fast" in first
    assert lines
    assert all(re.match(r"\d\d:\d\d  [\d,]+ registered, [\d,]+ resolved", line) for line in lines)
