"""A report names the faults that were on, says when it does not know, and is silent where there were none."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from idnode.loadtests.faults import FaultOn, FaultUnknown, as_data, as_lines, faults_on, switched_on


@pytest.fixture
def management():
    """A management port with two faults; ``asked`` are the changes it was asked for."""
    items = [
        {"name": "udp-lost", "on": True, "struck": 1234},
        {"name": "slow-body", "on": False, "struck": 7},
    ]

    asked = []

    class Calls(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(200, {"items": items})

        def do_PUT(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = self.path.rpartition("/")[2]
            known = name != "nothing"
            if known:
                asked.append((name, body["on"]))
            self._answer(200 if known else 404, {"message": f"There is no fault named {name}"})

        def _answer(self, status, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Calls) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_faults_that_are_on(management):
    url, _ = management
    found = faults_on(url)
    assert found == [FaultOn("udp-lost", 1234)]
    (line,) = as_lines(found)
    assert "udp-lost (struck 1,234)" in line
    assert as_data(found) == [{"name": "udp-lost", "struck": 1234}]


def test_no_faults():
    assert not list(as_lines([]))
    assert as_data([]) == []


def test_a_node_that_does_not_tell():
    assert faults_on(None) is None
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        assert faults_on(f"http://127.0.0.1:{bound.getsockname()[1]}") is None
    (line,) = as_lines(None)
    assert "not known" in line
    assert as_data(None) is None


def test_faults_are_on_meanwhile(management):
    url, asked = management
    with switched_on(url, ["udp-lost", "slow-body"]):
        assert asked == [("udp-lost", True), ("slow-body", True)]
    assert asked[2:] == [("udp-lost", False), ("slow-body", False)]


def test_a_fault_that_is_none_is_refused_and_the_others_are_off_again(management):
    url, asked = management
    with (
        pytest.raises(FaultUnknown, match="no fault named nothing"),
        switched_on(url, ["slow-body", "nothing"]),
    ):
        pass
    assert asked == [("slow-body", True), ("slow-body", False)]
