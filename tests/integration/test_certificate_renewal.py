"""SIGHUP has the certificate of HTTPS read anew.

- Who comes afterwards is offered the new one, without a restart; who is connected goes on.
- One that cannot be used is told in the log, and the one in force stays.
"""

import shutil
import signal
import socket
import ssl

from idnode.node.first_start.certificate import load_or_make
from idnode.registry.handle.clock import SystemClock


def offered(address):
    return ssl.get_server_certificate(address)


def test_a_new_certificate_is_offered_after_sighup(served, tmp_path):
    now = SystemClock().now()
    first = load_or_make(tmp_path / "first", [], now)
    second = load_or_make(tmp_path / "second", [], now)
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"

    def put(files):
        shutil.copy(files.certificate, certificate)
        shutil.copy(files.key, key)

    put(first)
    node = served("--tls-certificate", certificate, "--tls-key", key)
    host, port = node.ready["https"].removeprefix("https://").split(":")
    address = (host, int(port))
    assert offered(address) == first.certificate.read_text()
    with socket.create_connection(address) as plain:
        plain.sendall(b"GET /api/handles/88.900.1/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert plain.recv(12) == b"HTTP/1.1 200"
        put(second)
        node.process.send_signal(signal.SIGHUP)
        node.output.wait_for("read anew")
        assert offered(address) == second.certificate.read_text()
        shutil.copy(first.key, key)
        node.process.send_signal(signal.SIGHUP)
        node.output.wait_for("stays as it was")
        assert offered(address) == second.certificate.read_text()
    assert node.stop() == 0
