"""One TCP generator speaks the Handle protocol, Redis and HTTP.

- Every request on every connection is answered and counted by its code.
- A server that speaks something else, or closes, ends the run instead of hanging it.
"""

import os
import socket
import threading

import pytest
from benchmarks import redis
from benchmarks.http import bare_aiohttp
from benchmarks.native_tools import Server, ToolFailed, load


def test_handle_resolutions_are_answered_on_every_connection(handles, tcp_responder):
    report = load("tcp_load", tcp_responder, handles=handles, requests=600, connections=3, window=4)
    assert (report.codes, report.faults) == ({1: 600}, 0)
    assert report.complaints == ""


def test_an_open_loop_sends_what_was_planned(handles, tcp_responder):
    report = load(
        "tcp_load",
        tcp_responder,
        handles=handles,
        requests=200,
        rate=2000,
        connections=2,
        window=16,
    )
    assert report.codes == {1: 200}
    assert report.send_lag["count"] == 200
    assert report.latency["mean"] >= report.uncorrected["mean"]


def test_http_gets_are_answered_with_their_status(handles, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b'{"responseCode":1}')
    with bare_aiohttp(body) as server:
        shape = {"handles": handles, "requests": 100, "connections": 4, "window": 1}
        found = load("tcp_load", server, protocol="http", **shape)
        lost = load("tcp_load", server, protocol="http", path="/elsewhere/", **shape)
    assert (found.codes, found.faults) == ({200: 100}, 0)
    assert lost.codes == {404: 100}


@pytest.mark.skipif(not redis.installed(), reason=redis.NOT_INSTALLED)
def test_redis_gets_tell_found_from_nil(handles):
    keys = handles.read_bytes().splitlines()[:50]
    with redis.serving() as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            redis.pipeline(client, *redis.set_commands((key, b"value") for key in keys))
        report = load(
            "tcp_load", server, handles=handles, protocol="redis", requests=200, connections=2
        )
    assert report.codes == {1: 100, 100: 100}


@pytest.mark.parametrize("reply", [b"", b"\xff" * 64], ids=["closes", "speaks something else"])
def test_a_server_that_does_not_answer_ends_the_run(handles, reply):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def once():
            client, _peer = server.accept()
            with client:
                client.recv(1)
                client.sendall(reply)

        thread = threading.Thread(target=once, daemon=True)
        thread.start()
        aim = Server(server.getsockname()[1], os.getpid())
        report = load("tcp_load", aim, handles=handles, requests=10, connections=1)
        thread.join()
    assert report.answered == 0
    assert report.missing > 0
    assert "connection lost" in report.complaints


def test_a_port_nobody_listens_on_is_told(handles):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = Server(server.getsockname()[1], os.getpid())
    with pytest.raises(ToolFailed, match="connect"):
        load("tcp_load", nobody, handles=handles, requests=1)
