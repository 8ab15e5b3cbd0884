"""Small servers to aim the generators at, and the benchmarks' folder on the import path."""

import os
import socket
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(
    0, str(Path(__file__).parents[3])
)  # the benchmarks are not part of what is installed

from benchmarks import native_tools

from idnode.registry.handle.values import join, pack_value
from idnode.registry.handle.wire.datagrams import split
from idnode.registry.handle.wire.envelope import decode_envelope
from idnode.registry.handle.wire.message import decode_message, encode_response
from idnode.registry.handle.wire.resolution import decode_query, encode_answer

STALL_SECONDS = 0.4


def answer_to(request, *, data_bytes=40, code=1, handle=None):
    """Return envelope and message that answer a resolution request."""
    envelope = decode_envelope(request)
    asked = decode_query(decode_message(request[20:]).body).handle
    body = b"\0\0\0\0"
    if code == 1:
        body = encode_answer(
            handle or asked, join([pack_value(1, b"URL", b"x" * data_bytes, timestamp=1)])
        )
    message = encode_response(1, code, 0, 1, 2_000_000_000, body)
    envelope.message_length = len(message)
    return envelope, message


class UdpResponder(threading.Thread):
    """Answers resolutions; every ``drop``-th is lost, and once, after ``stall_after``, it pauses."""

    def __init__(self, *, drop=0, stall_after=0, **answer):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.drop, self.stall_after, self.answer = drop, stall_after, answer
        self.ended = threading.Event()

    def run(self):
        for number, (request, peer) in enumerate(iter(lambda: self.socket.recvfrom(2048), None), 1):
            if not request:
                break
            if number == self.stall_after:
                self.ended.wait(STALL_SECONDS)
            if self.drop and number % self.drop == 0:
                continue
            for datagram in split(*answer_to(request, **self.answer)):
                self.socket.sendto(datagram, peer)

    def stop(self):
        self.ended.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()


@pytest.fixture
def responder():
    started = []

    def start(**options):
        started.append(UdpResponder(**options))
        started[-1].start()
        return native_tools.Server(started[-1].port, os.getpid())

    yield start
    for each in started:
        each.stop()


def _serve_stream(client):
    with client, client.makefile("rb") as stream:
        while len(envelope := stream.read(20)) == 20:
            request = envelope + stream.read(decode_envelope(envelope).message_length)
            answer, message = answer_to(request)
            client.sendall(answer.encode() + message)


@pytest.fixture
def tcp_responder():
    """Serve resolutions over TCP, one thread a connection."""
    server = socket.create_server(("127.0.0.1", 0))
    threads = []

    def accept():
        while True:
            try:
                client, _peer = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=_serve_stream, args=(client,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    yield native_tools.Server(server.getsockname()[1], os.getpid())
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for thread in (acceptor, *threads):
        thread.join()


@pytest.fixture
def handles(tmp_path):
    path = tmp_path / "handles"
    path.write_text("".join(f"88.900.1/零件-{number}\n" for number in range(100)), encoding="utf-8")
    return path


@pytest.fixture(scope="session", autouse=True)
def _compiler():
    try:
        native_tools.compiled("echo")
    except native_tools.NoCompiler as missing:
        pytest.skip(str(missing))
