"""A PostgreSQL server for tests: on a free port and a socket of its own, with databases that are copied ready.

Nothing that it holds is to outlive it, so it waits for no disk. PostgreSQL refuses to run as root, and is then run as
the user that its package makes.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from idnode.registry import engines
from idnode.registry.postgres import schema
from idnode.registry.postgres.address import Address

BINARIES = Path("/usr/lib/postgresql")

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "panic",
}

PATIENCE_SECONDS = 60


def binaries():
    """Return the folder of the newest server that is installed, None without one."""
    found = sorted(BINARIES.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def required():
    """Return the folder of the server's programs; skips the test where there are none."""
    found = binaries()
    if found is None and "REQUIRE_TOOLS" in os.environ:
        pytest.fail("PostgreSQL is not installed")
    return found or pytest.skip("PostgreSQL is not installed")


def unprivileged():
    """Return the arguments of `subprocess` that have a program run as somebody else than root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    return {}


def free_port():
    """Return a port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PrivatePostgres:
    """A server in a folder of its own; with ``of`` a standby that follows that one."""

    def __init__(self, of=None, **settings):
        self.bin = required()
        self.folder = Path(tempfile.mkdtemp(prefix="idnode-pg-"))
        who = unprivileged()
        if who:
            os.chown(self.folder, who["user"], who["group"])
        self._who = {**who, "cwd": self.folder, "stdout": subprocess.DEVNULL}
        self.data = self.folder / "data"
        self.port = free_port()
        self._settings = {**SETTINGS, **settings, "unix_socket_directories": self.folder}
        self.running = False
        self._names = map("test_{}".format, itertools.count(1))
        self._of_folders = {}
        self._ready = False
        if of is None:
            self._run("initdb", "-D", self.data, "-U", "idnode", "-A", "trust", "-N", "-E", "UTF8")
        else:
            self._run("pg_basebackup", "-D", self.data, "-d", of.url(), "-R", "-c", "fast", "-N")

    def _run(self, program, *arguments):
        subprocess.run([self.bin / program, *map(str, arguments)], check=True, **self._who)

    def start(self):
        """Start it, and wait until it answers."""
        options = " ".join(f"-c {name}={setting}" for name, setting in self._settings.items())
        start = ("-D", self.data, "-w", "-t", PATIENCE_SECONDS, "-l", self.folder / "log")
        self._run("pg_ctl", "start", *start, "-o", f"-p {self.port} {options}")
        self.running = True
        return self

    def url(self, database="postgres"):
        """Return the URL of a database."""
        return f"postgresql://idnode@127.0.0.1:{self.port}/{database}"

    def sql(self, command, database="postgres"):
        """Carry out a command, and return what `psql` prints."""
        psql = shutil.which("psql") or self.bin / "psql"
        return subprocess.run(
            [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", command],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def empty(self):
        """Return the URL of a new database without tables."""
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def prepared(self):
        """Return the URL of a new database with the tables of a register."""
        if not self._ready:
            self.sql("CREATE DATABASE ready")
            schema.upgrade(Address(self.url("ready")))
            self._ready = True
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name} TEMPLATE ready STRATEGY file_copy")
        return self.url(name)

    def url_of_folder(self, folder):
        """Return the URL of the database that belongs to a folder."""
        if folder not in self._of_folders:
            self._of_folders[folder] = self.prepared()
        return self._of_folders[folder]

    async def open_of_folder(self, _register, opening):
        """Open a register as `registry/engines.py` does, on a database that belongs to the folder."""
        return await engines.open_register(self.url_of_folder(opening.folder), opening)

    def stop(self):
        """End it, and remove what it wrote."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self):
        """End it as a crash would, if it runs."""
        if self.running:
            self._run("pg_ctl", "stop", "-D", self.data, "-w", "-m", "immediate")
            self.running = False
