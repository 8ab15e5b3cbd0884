"""A private PostgreSQL, when one is installed: its own port, its own directory, no leftovers."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_BINARIES = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "lz4",
}


def _programs() -> Path | None:
    found = sorted(_BINARIES.glob("*/bin"), key=lambda path: int(path.parts[-2]))
    return found[-1] if found else None


def installed() -> bool:
    """Return whether there is a PostgreSQL to start."""
    return _programs() is not None


def _unprivileged() -> dict[str, Any]:
    """Return how a program is run as somebody else than root, whom PostgreSQL refuses."""
    if os.geteuid() == 0:
        with suppress(KeyError):
            found = pwd.getpwnam("postgres")
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    return {}


class PostgresServer:
    """A server that runs; ``url`` is its database."""

    def __init__(self, folder: Path) -> None:
        programs = _programs()
        assert programs is not None  # the caller asks before
        self._programs = programs
        self._folder = folder
        self._who = _unprivileged()
        if self._who:
            os.chown(folder, self._who["user"], self._who["group"])
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = int(probe.getsockname()[1])
        self.url = f"postgresql://idnode@127.0.0.1:{self._port}/postgres"
        if not (folder / "data").exists():
            self._run("initdb", "-D", "data", "-U", "idnode", "-A", "trust", "-E", "UTF8")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **self._who,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = _SETTINGS | {"unix_socket_directories": str(self._folder)}
        options = " ".join(f"-c {name}={setting}" for name, setting in settings.items())
        listening = f"-p {self._port} {options}"
        self._run("pg_ctl", "start", "-D", "data", "-w", "-l", "log", "-o", listening)

    def stop(self) -> None:
        """Have it put everything on the disk, and end."""
        self._run("pg_ctl", "stop", "-D", "data", "-w", "-m", "fast", "-t", "600")

    def restart(self) -> None:
        """End it, and start it anew."""
        self.stop()
        self.start()


@contextmanager
def serving(folder: Path | None = None) -> Iterator[PostgresServer]:
    """Serve an empty PostgreSQL while the block runs; in a folder that stays, what is there stays, too."""
    made = Path(tempfile.mkdtemp(prefix="idnode-bench-")) if folder is None else folder
    made.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(made)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        if folder is None:
            shutil.rmtree(made, ignore_errors=True)
