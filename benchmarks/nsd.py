"""A private NSD, a name server in C, when one is installed: what a resolver of names does on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.native_tools import Server
from benchmarks.peers import serving_process
from benchmarks.records import small_values

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_INSTALLED = "NSD is not installed"
ZONE = "bench.test"
_START_SECONDS = 30
_QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\5bench\4test\0" + b"\0\6\0\1"
"""The zone's SOA: answered once the zone is loaded."""

_CONFIGURATION = """
server:
  server-count: {processes}
  ip-address: 127.0.0.1@{port}
  username: ""
  zonesdir: "{folder}"
  xfrdir: "{folder}"
  xfrdfile: ""
  zonelistfile: "{folder}/zones.list"
  pidfile: ""
  database: ""
  rrl-ratelimit: 0
  receive-buffer-size: 4194304
  send-buffer-size: 4194304
remote-control:
  control-enable: no
zone:
  name: {zone}
  zonefile: "{folder}/bench.zone"
"""


class NsdFailed(Exception):
    """The server did not start; the message carries its own words."""


def program() -> str | None:
    """Return the path of nsd, which Debian keeps where only administrators look."""
    return shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin:/usr/local/sbin")


def name_of(number: int) -> str:
    """Return the name of a record."""
    return f"part-{number:09d}.{ZONE}"


def _zone(count: int) -> Iterator[str]:
    yield f"$ORIGIN {ZONE}.\n$TTL 86400\n@ SOA ns hostmaster 1 3600 600 86400 3600\n@ NS ns\nns A 127.0.0.1\n"
    for number in range(count):
        url = f"https://parts.example.com/trace/{number:09d}"
        text = " ".join(f'"{data}"' for _index, _kind, data in small_values(number))
        yield f'part-{number:09d} NAPTR 10 10 "u" "E2U+web:http" "!^.*$!{url}!" .\n'
        yield f"part-{number:09d} TXT {text}\n"


def _free_port() -> int:
    """Return a port that was free for TCP and UDP a moment ago: NSD binds both, and cannot choose."""
    with (
        socket.create_server(("127.0.0.1", 0)) as probe,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        port = int(probe.getsockname()[1])
        other.bind(("127.0.0.1", port))
        return port


@contextmanager
def serving(count: int, *, processes: int = 1) -> Iterator[Server]:
    """Serve so many names, each with NAPTR and TXT, while the block runs.

    Raises:
        NsdFailed: It did not start.

    """
    nsd = program()
    if nsd is None:
        raise NsdFailed(NOT_INSTALLED)
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="idnode-nsd-") as name:
        folder = Path(name)
        (folder / "bench.zone").write_text("".join(_zone(count)), encoding="ascii")
        configuration = _CONFIGURATION.format(
            folder=folder, port=port, processes=processes, zone=ZONE
        )
        (folder / "nsd.conf").write_text(configuration, encoding="ascii")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [nsd, "-d", "-c", str(folder / "nsd.conf")], stdout=log, stderr=log
            )
        try:
            _wait_until_ready(port, process, folder / "log")
            yield Server(port, serving_process(process.pid))
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(0.1)
        while time.monotonic() < until and process.poll() is None:
            try:
                client.send(_QUERY)
                if client.recv(512)[7]:
                    return
            except OSError:
                time.sleep(0.02)
    raise NsdFailed(log.read_text(encoding="utf-8", errors="replace")[-2000:] or "nsd said nothing")
