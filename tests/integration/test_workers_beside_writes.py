"""Threads that answer on lent connections (the setting ``workers``) keep this promise beside writes.

While records are changed, deleted and made anew, and segments of the log are compacted away under them, each answer is one
whole version of its record, and none that is older than what was acknowledged before it was asked for; over HTTP and
over TCP.
"""

import asyncio
import json
import re
import socket
import threading
from random import Random

import pytest

from idnode.clients.web import Client, Credential
from idnode.node.addresses import url_of
from idnode.node.runtime import Node
from idnode.node.settings import Settings
from idnode.registry.handle.model import HandleValue
from idnode.registry.handle.wire.constants import ResponseCode
from idnode.registry.handle.wire.envelope import Envelope
from idnode.registry.handle.wire.message import encode_response
from idnode.registry.handle.wire.resolution import Query, encode_query

ADMIN = Credential(301, "0.NA/88.900", "idnode-demo")
HANDLES = [f"88.900.1/part-{number}" for number in range(16)]
VERSION = re.compile(rb"version-(\d{6})-")
REGISTER_ENGINES = ("embedded",)  # threads read no other

SEGMENT_BYTES = 1 << 20
VALUES = 3
DATA_BYTES = 4000
ROUNDS_MAX = 300
ENVELOPE = 20
HEADER = 24


def values(version):
    """Return values that all tell one version, many times."""
    text = b"version-%06d-" % version
    data = text * (DATA_BYTES // len(text))
    return [HandleValue(index, "DESC", data) for index in range(1, VALUES + 1)]


class Reader(threading.Thread):
    """Asks for records on one connection until it is told to stop, and judges each answer."""

    def __init__(self, address, acknowledged, stop, seed):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(address, timeout=60)
        self.stream = self.socket.makefile("rb")
        self.acknowledged, self.stopped, self.random = acknowledged, stop, Random(seed)
        self.answers = 0
        self.failure = None

    def run(self):
        try:
            while not self.stopped.is_set():
                handle = self.random.choice(HANDLES)
                before = self.acknowledged[handle]
                found = self.ask(handle)
                if found is not None:
                    versions = {int(each) for each in VERSION.findall(found)}
                    count = len(VERSION.findall(found))
                    assert len(versions) == 1, versions
                    assert count == VALUES * (DATA_BYTES // len(b"version-000000-")), count
                    assert versions.pop() >= before
                    self.answers += 1
        except (AssertionError, OSError, ValueError) as error:
            self.failure = error
        finally:
            self.socket.close()


class WebReader(Reader):
    """Asks over HTTP."""

    def ask(self, handle):
        """Return the answer's body, ``None`` when nothing was found."""
        request = f"GET /api/handles/{handle} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.socket.sendall(request.encode())
        status = int(self.stream.readline().split()[1])
        length = 0
        while (line := self.stream.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = self.stream.read(length)
        code = json.loads(body)["responseCode"]
        assert (status, code) in {(200, 1), (404, 100)}, body
        return body if code == 1 else None


class TcpReader(Reader):
    """Asks over the Handle protocol."""

    def ask(self, handle):
        """Return the answer's body, ``None`` when nothing was found."""
        query = encode_query(Query(handle.encode(), (), ()))
        message = encode_response(1, 0, 0x01000000, 0xFFFF, 0, query)
        number = self.random.getrandbits(31)
        head = Envelope(2, 11, 0, 2, 11, 0, number, 0, len(message)).encode()
        self.socket.sendall(head + message)
        head = self.stream.read(ENVELOPE)
        body = self.stream.read(int.from_bytes(head[16:20]))
        assert int.from_bytes(head[8:12]) == number
        code = int.from_bytes(body[4:8])
        assert code in {ResponseCode.SUCCESS, ResponseCode.HANDLE_NOT_FOUND}, code
        return body[HEADER:] if code == ResponseCode.SUCCESS else None


@pytest.fixture
async def node(tmp_path):
    pytest.importorskip("idnode.node.faces.handle.native.workers")
    free = {"handle_port": 0, "http_port": 0, "admin_port": 0}
    wanted = Settings(
        data_dir=tmp_path, workers=2, segment_bytes=SEGMENT_BYTES, durability="none", **free
    )
    started = Node(wanted, seed=1)
    await started.start()
    yield started
    await started.stop()


def segments(node):
    """Return the names of the log's files."""
    return {path.name for path in node.settings.data_dir.rglob("segment-*.log")}


async def test_each_answer_is_one_whole_version(node):
    acknowledged, stop = dict.fromkeys(HANDLES, 0), threading.Event()
    async with Client(url_of(node.addresses.http), ADMIN) as web:

        async def write(handle, version):
            if version % 5 == 0:
                await web.delete(handle)
            await web.create(handle, values(version), overwrite=True)
            acknowledged[handle] = version

        await asyncio.gather(*(write(handle, 1) for handle in HANDLES))
        first = min(segments(node))
        readers = [
            kind(address, acknowledged, stop, seed)
            for seed in range(2)
            for kind, address in (
                (WebReader, node.addresses.http),
                (TcpReader, node.addresses.handle_tcp),
            )
        ]
        for reader in readers:
            reader.start()
        lent = 0
        for version in range(2, ROUNDS_MAX):
            await asyncio.gather(*(write(handle, version) for handle in HANDLES))
            lent = max(lent, node.answering.lent)
            if first not in segments(node) and version > 30:
                break
        stop.set()
        for reader in readers:
            await asyncio.to_thread(reader.join, 60)
    assert [reader.failure for reader in readers] == [None] * len(readers)
    assert all(reader.answers for reader in readers)
    assert lent, "threads answered"
    assert first not in segments(node), "compaction took a segment away"
