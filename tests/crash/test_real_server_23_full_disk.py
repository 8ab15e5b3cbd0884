"""A node on a small file system in memory, which fills up.

* It starts there within a few megabytes, also after a kill, and what it writes is for its owner only.
* When the disk is full, what is there resolves, writes are refused as busy, and metrics, readiness and one line of the
  log say so. It stops cleanly, and starts again on the full disk.
* Once there is room, writes come back without a restart.
* Nothing acknowledged is lost, nothing refused is there, and no lifetime counter ever falls, kill or not.

``--rounds`` makes it go through that more often.
"""

import os
import re
import shutil
import subprocess
from contextlib import contextmanager, suppress

import pytest
import requests

from idnode.registry.embedded.storage.check import check

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

SIZE_MEGABYTES = 64
STARTED_MEGABYTES_MAX = 8
PATIENCE_SECONDS = 30
ADMIN = ("301%3A0.NA%2F88.900", "idnode-demo")
COUNTER = re.compile(r"^(idnode_(?:registrations|resolutions)_total\{.*\}) (\S+)$", re.MULTILINE)


@pytest.fixture
def small(tmp_path):
    """Return a folder for a node whose data directory is on a file system of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting takes the administrator of the machine")
    data = tmp_path / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MEGABYTES}m", "tmpfs", str(data)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine mounts nothing")
    yield tmp_path
    subprocess.run(["umount", "-l", str(data)], check=True)


def fill(folder):
    """Take all the room there is in a folder; returns the file that has it."""
    path = folder / "somebody-elses"
    with path.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    path.chmod(0o600)
    return path


@contextmanager
def filled(folder):
    """Have no room in a folder for a while."""
    path = fill(folder)
    try:
        yield
    finally:
        path.unlink()


def put(node, handle):
    """Register an identifier; return the status."""
    values = [{"index": 1, "type": "URL", "data": "https://example.org/" + "x" * 2000}]
    url = f"{node.ready['http']}/api/handles/{handle}"
    return requests.put(url, json=values, auth=ADMIN, timeout=PATIENCE_SECONDS).status_code


def resolves(node, handle):
    """Return whether an identifier is there."""
    url = f"{node.ready['http']}/api/handles/{handle}"
    found = requests.get(url, timeout=PATIENCE_SECONDS).status_code
    assert found in {200, 404}
    return found == 200


def counters(node):
    """Return every lifetime counter, as a scraper reads it."""
    text = requests.get(f"{node.ready['admin']}/metrics", timeout=PATIENCE_SECONDS).text
    return {name: float(value) for name, value in COUNTER.findall(text)}, text


def takes_writes(node):
    """Return what a balancer that sends writes is told."""
    asked = requests.get(f"{node.ready['admin']}/readyz?writes", timeout=PATIENCE_SECONDS)
    return asked.status_code == 200


def none_fell(before, now):
    return all(now.get(name, 0) >= count for name, count in before.items())


def fill_up(node, start):
    """Register until writes are refused; return what was acknowledged, and what was refused."""
    kept = []
    for number in range(start, start + 10_000):
        handle = f"88.900.1/full{number}"
        status = put(node, handle)
        if status == 503:
            return kept, handle
        assert status == 201
        kept.append(handle)
    raise AssertionError("the disk never became full")


def until_writes_are_taken(node):
    """Wait for the node's own word, a line of its log."""
    node.output.wait_for("writes are taken again")
    assert takes_writes(node)


def test_23_a_full_disk_is_no_outage(served, small, rounds):
    node = served(folder=small)
    data = node.data_dir
    used = shutil.disk_usage(data).used
    assert used < STARTED_MEGABYTES_MAX << 20
    kept = []
    told = {}
    for number in range(rounds(1)):
        with filled(data):
            fresh, refused = fill_up(node, number * 10_000)
            kept += fresh
            assert all(resolves(node, handle) for handle in kept[-20:])
            assert not resolves(node, refused)
            assert not takes_writes(node)
            assert requests.get(f"{node.ready['admin']}/readyz", timeout=30).status_code == 200
            now, text = counters(node)
            assert "\nidnode_writable 0.0\n" in text
            assert none_fell(told, now)
            told = now
            assert node.stop() == 0, node.output.finished()
            said = node.output.finished()
            assert said.count("no writes are taken for now") == 1
            assert "Traceback" not in said
            fill(data)  # also what was kept back for the stop
            node = served(folder=small)
            assert all(resolves(node, handle) for handle in kept[-20:])
            fresh, refused = fill_up(node, number * 10_000 + 5_000)  # the image made room
            kept += fresh
        until_writes_are_taken(node)
        assert put(node, refused) == 201
        kept.append(refused)
        now, text = counters(node)
        assert "\nidnode_writable 1.0\n" in text
        assert none_fell(told, now)
        told = now
        node.kill()
        assert not check(data / "register").problems
        node = served(folder=small)
        now, _text = counters(node)
        assert none_fell(told, now)
        told = now
    assert all(resolves(node, handle) for handle in kept)
    open_to_others = [path for path in data.rglob("*") if path.stat().st_mode & 0o077]
    assert not open_to_others
