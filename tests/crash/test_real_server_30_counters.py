"""No lifetime counter ever falls, however a node ends between two scrapes.

What was told is on the disk before it is told. So a node that is killed at any moment, right after a scrape, or twice in
a row, begins at or above it; so does one whose clock of a second has not passed. Reads by the node's own commands, and
exports, are no resolutions. ``--rounds`` kills it more often.
"""

import re
import threading

import pytest
import requests

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

ADMIN = ("301%3A0.NA%2F88.900", "idnode-demo")
COUNTER = re.compile(r"^(idnode_(?:registrations|resolutions)_total\{.*\}) (\S+)$", re.MULTILINE)


def told(node):
    text = requests.get(f"{node.ready['admin']}/metrics", timeout=30).text
    return {name: float(count) for name, count in COUNTER.findall(text)}


def fallen(before, now):
    return {
        name: (count, now.get(name)) for name, count in before.items() if now.get(name, 0) < count
    }


def load(node, number):
    """Write and read until the node is gone."""
    try:
        with requests.Session() as http:
            for at in range(10_000):
                handle = f"{node.ready['http']}/api/handles/88.900.1/c{number}-{at}"
                value = [{"index": 1, "type": "URL", "data": "x"}]
                http.put(handle, json=value, auth=ADMIN, timeout=30)
                http.get(handle, timeout=30)
    except requests.RequestException:
        pass


def test_30_counters_never_fall(served, rounds):
    before = {}
    for number in range(rounds(3)):
        node = served()
        now = told(node)
        assert not fallen(before, now)
        before = now
        writers = [threading.Thread(target=load, args=(node, f"{number}-{at}")) for at in range(3)]
        for each in writers:
            each.start()
        for _ in range(5):
            now = told(node)
            assert not fallen(before, now)
            before = now
        node.kill()
        for each in writers:
            each.join()
    node = served()
    node.kill()  # twice in a row, and never scraped in between
    assert not fallen(before, told(served()))
    assert sum(before.values()) > 0


def test_30_commands_of_the_node_are_no_resolutions(served, tmp_path):
    node = served()
    value = [{"index": 1, "type": "URL", "data": "x"}]
    url = f"{node.ready['http']}/api/handles/88.900.1/read"
    assert requests.put(url, json=value, auth=ADMIN, timeout=30).status_code == 201
    before = told(node)
    for command in (("export", "88.900.1", tmp_path / "out.ndjson"), ("list", "88.900.1")):
        assert node.run(*command).returncode == 0
    now = told(node)
    assert {n: c for n, c in now.items() if "resolutions" in n} == {
        n: c for n, c in before.items() if "resolutions" in n
    }
