"""A private Redis beside the node, when one is installed: its own port, its own directory, no leftovers."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.native_tools import Server
from benchmarks.peers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOT_INSTALLED = "Redis is not installed"
_START_SECONDS = 10
_REPLY = b"+OK\r\n"
_PING_REPLY = b"+PONG\r\n"


class RedisFailed(Exception):
    """The server did not start, or refused a write."""


def installed() -> bool:
    """Return whether there is a redis-server to start."""
    return shutil.which("redis-server") is not None


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                if client.recv(64) == _PING_REPLY:
                    return
        except OSError:
            time.sleep(0.02)
    raise RedisFailed("redis-server did not start")


@contextmanager
def serving(*, sync: str = "") -> Iterator[Server]:
    """Serve an empty Redis while the block runs.

    ``sync`` is when its append-only file is synced: ``always`` (before each answer) or ``everysec``; without one there
    is no such file.

    Raises:
        RedisFailed: It did not start.

    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="idnode-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--loglevel", "warning", "--daemonize", "no"]
        command += ["--appendonly", "yes" if sync else "no", "--appendfsync", sync or "no"]
        command += ["--auto-aof-rewrite-percentage", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait_until_ready(port, process)
                yield Server(port, process.pid)
            finally:
                process.terminate()


def set_commands(items: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, int]:
    """Return the bytes of one SET an item, and the number of replies to expect."""
    parts = [
        b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(key), key, len(value), value)
        for key, value in items
    ]
    return b"".join(parts), len(parts)


def pipeline(client: socket.socket, commands: bytes, replies: int) -> None:
    """Send SETs at once and read every reply.

    Raises:
        RedisFailed: A reply is not OK.

    """
    client.sendall(commands)
    wanted = len(_REPLY) * replies
    found = bytearray()
    while len(found) < wanted:
        piece = client.recv(1 << 16)
        if not piece:
            break
        found += piece
    if found != _REPLY * replies:
        raise RedisFailed(f"not every SET was accepted: {bytes(found[:100])!r}")
