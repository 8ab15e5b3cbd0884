"""Everything that a node keeps is for its owner only, whatever the umask it was started under.

Log, directory, journal, keys, counters, states, snapshots and what a killed node leaves behind: nothing in the data
directory may be read, written or entered by others. Keys and directory that a copy has opened are closed at the start.
"""

import stat
import subprocess

import pytest
import requests

REGISTER_ENGINES = ("embedded",)
"""The others keep no identifiers, states or snapshots in files."""

ADMIN = ("301%3A0.NA%2F88.900", "idnode-demo")
OPEN = stat.S_IRWXG | stat.S_IRWXO


def open_to_others(folder):
    return [
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in [folder, *folder.rglob("*")]
        if path.stat().st_mode & OPEN
    ]


@pytest.fixture
def careless(tmp_path):
    """Return a command under which everybody may read and write what is made."""
    script = tmp_path / "careless"
    script.write_text('#!/bin/sh\numask 000\nexec "$@"\n')
    script.chmod(0o755)
    return (str(script),)


def busy(node):
    for number in range(20):
        answer = requests.put(
            f"{node.ready['http']}/api/handles/88.900.1/o{number}",
            json=[{"index": 1, "type": "URL", "data": "x"}],
            auth=ADMIN,
            timeout=30,
        )
        assert answer.status_code in {200, 201}
    admin = node.ready["admin"]
    requests.get(f"{admin}/metrics", timeout=30)
    made = requests.post(f"{admin}/api/v1/snapshots", json={"name": "taken"}, timeout=30)
    assert made.status_code in {201, 409}


def test_25_nothing_is_open_to_others(served, careless):
    node = served(through=careless)
    busy(node)
    assert not open_to_others(node.data_dir)
    node.kill()
    assert not open_to_others(node.data_dir)
    node = served(through=careless)
    busy(node)
    assert node.stop() == 0
    assert not open_to_others(node.data_dir)


def test_25_what_a_careless_copy_opened_is_closed_at_the_next_start(served):
    node = served()
    busy(node)
    assert node.stop() == 0
    subprocess.run(["chmod", "-R", "go+rX", node.data_dir], check=True)
    node = served()
    secrets = [*node.data_dir.glob("directory.sqlite*"), *node.data_dir.glob("keys/*")]
    assert len(secrets) > 2
    assert not [path for path in secrets if path.stat().st_mode & OPEN]
