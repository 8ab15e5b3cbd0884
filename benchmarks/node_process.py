"""A real node in a process of its own, on free ports, with data that vanish with it."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from http.client import OK, HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from benchmarks.native_tools import Server

if TYPE_CHECKING:
    from types import TracebackType

CHECKOUT = Path(__file__).resolve().parent.parent
ADMIN = ("301:0.NA/88.900", "idnode-demo")
BATCH_PATH = "/api/v1/identifiers/batch"
_START_SECONDS = 60
_STOP_SECONDS = 60
_LOG_TAIL_BYTES = 4000


class NodeDidNotStart(Exception):
    """The node never became ready; the message carries the end of its log."""


class RegistrationRefused(Exception):
    """A batch was not registered whole."""


def authorization() -> str:
    """Return the Basic credentials of the demo administrator (handle-http-api.md)."""
    user, secret = ADMIN
    return "Basic " + base64.b64encode(f"{quote(user)}:{secret}".encode()).decode()


def batch_headers() -> dict[str, str]:
    """Return the headers of a batch registration in msgpack."""
    return {"Content-Type": "application/msgpack", "Authorization": authorization()}


def _wait_until_ready(ready: Path, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Wait for the ready file; nothing comes back when the process ends or the time is over."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if ready.exists():
            found: dict[str, Any] = json.loads(ready.read_bytes())
            return found
        time.sleep(0.02)
    return None


@dataclass
class NodeProcess:
    """A running node; leaving the block stops it and removes its data."""

    process: subprocess.Popen[bytes]
    folder: Path
    ready: dict[str, Any]

    @classmethod
    def start(
        cls, *, pure: bool = False, flags: tuple[str, ...] = (), checkout: Path = CHECKOUT
    ) -> Self:
        """Serve a node from an empty data directory and return once it is ready.

        ``pure`` forbids the compiled core; ``flags`` are further flags of ``idnode serve``. Another ``checkout``
        is served with the environment that ``make`` made in it.

        Raises:
            NodeDidNotStart: It ended, or was not ready after a minute.

        """
        folder = Path(tempfile.mkdtemp(prefix="idnode-bench-"))
        ready = folder / "ready.json"
        command = ["env", "IDNODE_PURE=1"] if pure else []
        python = sys.executable if checkout == CHECKOUT else str(checkout / ".venv/bin/python")
        command += [python, "-m", "node", "serve", "--data-dir", str(folder / "data")]
        command += ["--handle-port", "0", "--http-port", "0", "--admin-port", "0"]
        command += ["--ready-file", str(ready), "--log-level", "warning", *flags]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=checkout,
            )
        found = _wait_until_ready(ready, process)
        if found is None:
            process.kill()
            process.wait()
            words = (folder / "log").read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
            shutil.rmtree(folder, ignore_errors=True)
            raise NodeDidNotStart(words.strip() or "it wrote nothing")
        return cls(process, folder, found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Stop it in good order, remove its data and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        return status

    @property
    def pid(self) -> int:
        """Process id, for profilers."""
        return self.process.pid

    @property
    def core(self) -> str:
        """Return which build answers: ``native`` or ``python``."""
        return str(self.ready.get("core", "unknown"))

    @property
    def udp(self) -> Server:
        """The Handle protocol over UDP."""
        return Server(int(self.ready["handle_udp"][1]), self.pid)

    @property
    def tcp(self) -> Server:
        """The Handle protocol over TCP."""
        return Server(int(self.ready["handle_tcp"][1]), self.pid)

    @property
    def http(self) -> Server:
        """The HTTP API."""
        port = urlsplit(str(self.ready["http"])).port
        assert port is not None
        return Server(port, self.pid)

    def connection(self) -> HTTPConnection:
        """Return a connection to the HTTP API."""
        return HTTPConnection("127.0.0.1", self.http.port, timeout=120)

    def register(self, body: bytes) -> None:
        """Register one msgpack batch as the demo administrator.

        Raises:
            RegistrationRefused: Any status but 200.

        """
        connection = self.connection()
        try:
            post_batch(connection, body, batch_headers())
        finally:
            connection.close()


def connected(url: object) -> HTTPConnection:
    """Return a connection to one of the URLs of a ready file."""
    address = urlsplit(str(url))
    return HTTPConnection(str(address.hostname), address.port)


def post_batch(connection: HTTPConnection, body: bytes, headers: dict[str, str]) -> bytes:
    """Post one batch over an open connection and return the body of the answer.

    Raises:
        RegistrationRefused: Any status but 200.

    """
    connection.request("POST", BATCH_PATH, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != OK:
        raise RegistrationRefused(f"{answer.status}: {text[:500]!r}")
    return text
