"""A node whose process is killed around a reset is, when it serves again, in the one state or in the other.

* Either everything written since the first start is there, in register and directory, or nothing of it.
* A reset that was answered stays; the node can be written to, and reset, again.
"""

import base64
import json
import random
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlsplit

import pytest

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

ROUNDS = 4
WRITTEN = 20


def manage(node, method, path, body=None):
    """Return what the management port answers."""
    address = urlsplit(node.ready["admin"])
    connection = HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body or {}), headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def write(node):
    """Take an enterprise aboard, and write under the demo enterprise's prefix."""
    drawn = manage(node, "POST", "/api/v1/enterprises", {"random": True})
    items = [[f"88.900.1/{number}", [[1, "URL", "x"]]] for number in range(WRITTEN)]
    address = urlsplit(node.ready["http"])
    connection = HTTPConnection(address.hostname, address.port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": basic()}
    connection.request("POST", "/api/v1/identifiers/batch", json.dumps(items), headers)
    assert connection.getresponse().status == 200
    connection.close()
    return drawn["prefix"]


def basic():
    """Return the credentials of the demo administrator."""
    pair = f"{quote('301:0.NA/88.900', safe='')}:idnode-demo"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def found(node, prefix):
    """Return how many of the written identifiers, enterprises and prefix handles are there."""
    address = urlsplit(node.ready["http"])
    connection = HTTPConnection(address.hostname, address.port, timeout=30)
    codes = []
    for handle in [*(f"88.900.1/{number}" for number in range(WRITTEN)), f"0.NA/{prefix}"]:
        connection.request("GET", f"/api/handles/{handle}")
        codes.append(json.loads(connection.getresponse().read())["responseCode"])
    connection.close()
    enterprises = manage(node, "GET", "/api/v1/enterprises")["total"] - 1
    return codes[:-1].count(1), enterprises, int(codes[-1] == 1)


@pytest.mark.parametrize("pure", [False, True], ids=["native", "python"])
def test_a_kill_around_a_reset_leaves_one_state_or_the_other(served, monkeypatch, pure):
    if pure:
        monkeypatch.setenv("IDNODE_PURE", "1")
    chance = random.Random(29)
    node = served("--allow-reset")
    for _ in range(ROUNDS):
        prefix = write(node)
        answered = []

        def reset(node=node, answered=answered):
            with suppress(OSError, HTTPException, ValueError):  # killed before it answered
                answered.append("milliseconds" in manage(node, "POST", "/api/v1/reset"))

        asking = threading.Thread(target=reset)
        asking.start()
        asking.join(chance.uniform(0, 0.04))
        node.kill()
        asking.join()
        node.start()
        state = found(node, prefix)
        assert state in {(WRITTEN, 1, 1), (0, 0, 0)}
        if answered:
            assert state == (0, 0, 0)
        manage(node, "POST", "/api/v1/reset")
        assert found(node, prefix) == (0, 0, 0)
