"""The commands about journal and faults, against a node in a process of its own.

- `idnode tail` shows one line for each refusal, with the reason and the rule, in the language of the environment
  or the one asked for; -f goes on.
- `idnode show` shows a protocol tree with offsets, what to do, and near misses.
- `idnode fault` switches traps, loads files, and lists both.
- The log has one line with the request id that the journal has.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

IDNODE = Path(sys.executable).with_name("idnode")

NOTHING = "88.900.1/hallo"


@pytest.fixture
def node(served):
    return served()


def test_tail_and_show(node):
    assert node.run("resolve", NOTHING).returncode == 1
    line = node.run("tail", "--lang", "en")
    assert line.returncode == 0, line.stderr
    (text,) = line.stdout.splitlines()
    assert "rc 100" in text
    assert "has no record here" in text
    assert "[W-HDL-NOT-FOUND]" in text
    assert "没有记录" in node.run("tail", "--lang", "zh").stdout
    (entry,) = map(json.loads, node.run("tail", "--json").stdout.splitlines())
    assert f"(request {entry['id']})" in node.output.text
    shown = node.run("show", entry["number"], "--lang", "en").stdout
    for words in ("W-HDL-NOT-FOUND", "88.900.1/hello", "request, ", "   20 ", "op code"):
        assert words in shown
    chinese = {**os.environ, **node.environment, "LANGUAGE": "zh"}
    spoken = subprocess.check_output([IDNODE, "show", entry["id"]], env=chinese, text=True)
    for words in ("没有记录", "原因：W-HDL-NOT-FOUND", "请求，"):
        assert words in spoken
    assert json.loads(node.run("show", entry["id"], "--json").stdout)["handle"] == NOTHING
    assert node.run("tail", "--face", "snms").stdout == ""
    missing = node.run("show", "77")
    assert missing.returncode == 1
    assert "no such entry" in missing.stderr
    assert node.run("tail", "--lang", "de").returncode == 2


def test_tail_follows(node):
    process = subprocess.Popen(
        [IDNODE, "tail", "-f", "-n", "0", "--json"],
        env={**os.environ, **node.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    found = []
    reader = threading.Thread(target=lambda: found.append(process.stdout.readline()))
    reader.start()
    # The command may not listen yet: ask until it has shown something.
    while reader.is_alive():
        node.run("resolve", NOTHING)
        reader.join(0.2)
    process.terminate()
    process.wait()
    process.stdout.close()
    assert json.loads(found[0])["handle"] == NOTHING


def test_faults(node, tmp_path):
    switched = node.run("fault", "on", "rc3-busy-burst")
    assert switched.returncode == 0, switched.stderr
    assert node.run("resolve", "88.900.1/hello").returncode == 1
    listed = node.run("fault", "list").stdout.splitlines()
    assert "rc3-busy-burst" in listed[0]
    assert "struck" in listed[0]
    assert "W-FAULT" in node.run("tail").stdout
    assert node.run("fault", "off").returncode == 0
    assert node.run("resolve", "88.900.1/hello").returncode == 0
    assert "合格的客户端" in node.run("fault", "show", "token-24h", "--lang", "zh").stdout
    file = tmp_path / "faults.toml"
    file.write_text('[[faults]]\nname = "mine"\non = false\naction = { kind = "drop" }\n')
    assert "mine" in node.run("fault", "load", file).stdout
    file.write_text('[[faults]]\nname = "mine"\naction = { kind = "x" }\n')
    refused = node.run("fault", "load", file)
    assert refused.returncode == 1
    assert "mine: action" in refused.stderr
    unknown = node.run("fault", "on", "nothing-of-the-kind")
    assert unknown.returncode == 1
    assert "no fault named" in unknown.stderr
