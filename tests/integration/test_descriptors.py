"""A node whose descriptors run out keeps these promises.

- The management port answers while idle peers hold all connections that they get, over HTTP and over the Handle protocol.
- Peers beyond are turned away and counted; others are served again when they leave.
"""

import socket
import sys
import urllib.request
from contextlib import suppress

import pytest

LIMIT = 200
"""Fewer than the clients below, more than a node needs for itself."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")


@pytest.fixture
def ready(served):
    """Return the ready file of a node that may have few descriptors."""
    limited = ("sh", "-c", f'ulimit -n {LIMIT}; exec "$0" "$@"')
    return served(through=limited).ready


def _get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("face", ["http", "handle_tcp"])
def test_metrics_answer_while_peers_hold_all_connections(ready, face):
    host, _, port = ready["http"].removeprefix("http://").rpartition(":")
    address = (host, int(port)) if face == "http" else tuple(ready["handle_tcp"])
    peers = [socket.create_connection(address, timeout=30) for _ in range(LIMIT)]
    found = ""
    while 'reason="too_many_connections"' not in found:  # they are taken in by and by
        found = _get(f"{ready['admin']}/metrics")
    for peer in peers:
        peer.close()
    found = ""
    while '"responseCode":1' not in found:  # that they left is noticed by and by, too
        with suppress(OSError):
            found = _get(f"{ready['http']}/api/handles/88.900.1/hello")
