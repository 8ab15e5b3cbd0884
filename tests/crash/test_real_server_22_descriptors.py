"""A flood of connections on every port of a node with few descriptors.

* Writers that are connected go on through segment rolls on every face; nothing that was acknowledged is lost.
* Metrics and readiness are told meanwhile, to whoever asks anew.
* Who comes too many over HTTP is told 503, and when to come again, in the form of the face that it asks.
* Once the flood is over, everybody is served again without a restart.

``--rounds`` makes the flood come more often.
"""

import json
import random
import resource
import socket
import threading
from contextlib import suppress

import pytest
import requests
from tests.crash.writers import FACES, Ledger, Writer, found_by, prepare

from idnode.clients import blocking
from idnode.clients.answer import Transport
from idnode.clients.errors import NotAnswered
from idnode.registry.embedded.storage.check import check

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1800)]

FILES = 256
FLOOD = 200
TRIES = 10
ANSWERS = 20
PATIENCE = 1000
SEGMENTS = 2
FORMS = {
    "/api/handles/88.900/x": {"responseCode": 3, "message": "Too many connections"},
    "/identityv2/data/detail?handle=x": {"message": "系统繁忙", "status": -4, "data": None},
    "/api/v1/identifiers?prefix=88.900": {"responseCode": 3, "message": "Too many connections"},
    "/88.900/x": {"responseCode": 3, "message": "Too many connections"},
}
OPENINGS = (b"", b"G", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")


@pytest.fixture
def files_enough():
    """Let this process have the connections of a flood."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4 * FLOOD:
        pytest.skip("too few descriptors for a flood")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4 * FLOOD), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Flood(threading.Thread):
    """Keeps connections to an address open that ask for nothing, or for nothing more."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address
        self.over = threading.Event()
        self.risen = threading.Event()
        self.opened = 0
        self.held = []

    def run(self):
        """Open them, and again those that were closed."""
        while not self.over.is_set():
            if len(self.held) >= FLOOD:
                self.risen.set()
                self.held.pop(0).close()
            try:
                one = socket.create_connection(self.address, timeout=5)
                one.sendall(OPENINGS[self.opened % len(OPENINGS)])
            except OSError:
                self.risen.set()  # the node takes no more for now
                continue
            self.opened += 1
            self.held.append(one)

    def end(self):
        """Close them all."""
        self.over.set()
        self.join(30)
        for one in self.held:
            one.close()


def address_of(url):
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def segments(node):
    """Return how many segments were begun; compaction removes earlier ones."""
    names = (node.data_dir / "register").glob("segment-*.log")
    return max(int(path.stem.partition("-")[2]) for path in names)


def told(node, path):
    return requests.get(node.ready["admin"] + path, timeout=30)


def until_told(node, path):
    """Ask until there is an answer; return how many tries that took: whoever comes may be pushed out by the next."""
    for number in range(1, TRIES + 1):
        with suppress(requests.ConnectionError):
            found = told(node, path)
            if found.status_code == 200:
                return number
    raise AssertionError(f"{path} was not told in {TRIES} tries")


def until_served(node):
    """Wait until the node has noticed that the flood is over."""
    with blocking.Client(tuple(node.ready["handle_tcp"]), transport=Transport.TCP) as client:
        for _ in range(PATIENCE):
            with suppress(NotAnswered, requests.ConnectionError):
                assert client.resolve("0.NA/88.900").values
                url = node.ready["http"] + "/api/handles/0.NA/88.900"
                if requests.get(url, timeout=30).status_code == 200:
                    return
    raise AssertionError("the flood is over, and the node is full")


def fill_http(address):
    """Hold connections until one is told that it is too many; return them."""
    held = []
    while True:
        one = socket.create_connection(address, timeout=5)
        one.sendall(b"GET /api/handles/0.NA/88.900 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        held.append(one)
        if one.recv(12) == b"HTTP/1.1 503":
            return held


def test_22_a_flood_of_connections_stops_nobody_who_writes(served, files_enough, rounds, tell):
    chance = random.Random(22)
    limited = ("sh", "-c", f'ulimit -n {FILES}; exec "$0" "$@"')
    node = served("--segment-bytes", 1 << 20, through=limited)
    prepare(node)
    ledgers = {face: Ledger() for face in (*FACES, "bulk")}
    ports = [node.ready["http"], node.ready["admin"]]
    asked = tries = opened = rolled = refused = 0
    for _ in range(rounds(1)):
        writers = [
            Writer(
                node, face, ledger, random.Random(chance.random()), patient=True, text_bytes=4000
            )
            for face, ledger in ledgers.items()
        ]
        for writer in writers:
            writer.start()
            assert writer.begun.wait(30)
        floods = [Flood(address_of(url)) for url in ports]
        floods.append(Flood(tuple(node.ready["handle_tcp"])))
        for flood in floods:
            flood.start()
        for flood in floods:
            assert flood.risen.wait(60)
        before = segments(node)
        most = asked + ANSWERS
        while asked < most or segments(node) < before + SEGMENTS:
            for path in ("/metrics", "/readyz"):
                tries += until_told(node, path)
                asked += 1
            assert all(writer.is_alive() for writer in writers), [w.failure for w in writers]
        for flood in floods:
            flood.end()
        until_served(node)
        for writer in writers:
            writer.enough.set()
            writer.join(30)
            assert writer.failure is None, (writer.face, writer.failure)
        refused += sum(writer.refused for writer in writers)
        opened += sum(flood.opened for flood in floods)
        rolled += segments(node) - before
    assert told(node, "/readyz?writes").status_code == 200
    assert all(ledger.acknowledged for ledger in ledgers.values())
    for face, ledger in ledgers.items():
        found = found_by(node, list(ledger.allowed))
        assert all(text in ledger.allowed[handle] for handle, text in found.items()), face
    assert "Traceback" not in node.output.text
    assert node.stop() == 0
    assert not check(node.data_dir / "register").problems
    counts = {face: ledger.acknowledged for face, ledger in ledgers.items()}
    tell(
        f"{opened} connections, {rolled} segments, {asked} answers of management in {tries} tries, "
        f"acknowledged {counts}, refused as busy {refused}, lost 0"
    )


def test_22_one_too_many_is_told_in_the_form_of_its_face(served, files_enough):
    node = served("--http-connections-max", 4, "--admin-connections-max", 8)
    held = fill_http(address_of(node.ready["http"]))
    for path, form in FORMS.items():
        found = requests.get(node.ready["http"] + path, timeout=30)
        assert (found.status_code, found.headers["Retry-After"]) == (503, "1")
        assert json.loads(found.content) == form, path
    for one in held:
        one.close()
    assert told(node, "/livez").status_code == 200
