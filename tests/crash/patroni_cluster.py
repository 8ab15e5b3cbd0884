"""Three PostgreSQL servers that Patroni keeps, with an etcd, as processes on free ports of this machine."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

import yaml

TTL_SECONDS = 6

PATIENCE_SECONDS = 120

NODES = ("a", "b", "c")


def _free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _unprivileged():
    if os.geteuid():
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _found(condition, what):
    """Return what a condition finds at last."""
    nobody_tells = threading.Event()
    for _ in range(PATIENCE_SECONDS * 10):
        if found := condition():
            return found
        nobody_tells.wait(0.1)
    raise AssertionError(f"{what} took too long")


class PatroniCluster:
    """A cluster with one leader and one standby that has everything that is acknowledged."""

    def __init__(self, binaries):
        self._binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="idnode-patroni-"))
        self.folder.chmod(0o755)
        self._who = _unprivileged()
        if self._who:
            os.chown(self.folder, self._who["user"], self._who["group"])
        ports = _free_ports(2 + 2 * len(NODES))
        self._etcd_ports, rest = ports[:2], ports[2:]
        self.ports = dict(zip(NODES, rest[: len(NODES)], strict=True))
        self._rest = dict(zip(NODES, rest[len(NODES) :], strict=True))
        self._processes = {}
        self._synchronous = True

    def url(self, database="postgres", *names):
        """Return the URL of a database, at all servers or at those named."""
        hosts = ",".join(f"127.0.0.1:{self.ports[name]}" for name in names or NODES)
        return f"postgresql://postgres:secret@{hosts}/{database}"

    def start(self):
        """Start everything, and wait until there is a leader with a synchronous standby."""
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        self._spawn(
            "etcd",
            *("etcd", "--data-dir", "etcd", "--listen-client-urls", client),
            *("--advertise-client-urls", client, "--listen-peer-urls", peer),
            *("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
        )
        _found(lambda: self._answers(f"{client}/health"), "etcd")
        for name in NODES:
            path = self.folder / f"{name}.yml"
            path.write_text(yaml.safe_dump(self._configuration(name)), encoding="utf-8")
            self.revive(name)
            if name == NODES[0]:
                _found(self.leader, "the first leader")
        self.settle()
        return self

    def _configuration(self, name):
        own = f"127.0.0.1:{self.ports[name]}"
        account = {"username": "postgres", "password": "secret"}
        return {
            "scope": "idnode",
            "name": name,
            "restapi": {
                "listen": f"127.0.0.1:{self._rest[name]}",
                "connect_address": f"127.0.0.1:{self._rest[name]}",
            },
            "etcd3": {"hosts": f"127.0.0.1:{self._etcd_ports[0]}"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL_SECONDS,
                    "loop_wait": 1,
                    "retry_timeout": 2,
                    # The synchronous standby has what was acknowledged, however much was not.
                    "maximum_lag_on_failover": 1 << 30,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {"wal_keep_size": "512MB", "max_connections": 60},
                    },
                },
                "initdb": [{"encoding": "UTF8"}, "data-checksums", {"auth": "trust"}],
            },
            "postgresql": {
                "listen": own,
                "connect_address": own,
                "data_dir": str(self.folder / name),
                "bin_dir": str(self._binaries),
                "pgpass": str(self.folder / f"{name}.pgpass"),
                # A spread checkpoint takes minutes, in which a standby is missing.
                "basebackup": [{"checkpoint": "fast"}],
                "remove_data_directory_on_diverged_timelines": True,
                "remove_data_directory_on_rewind_failure": True,
                "authentication": {"superuser": account, "replication": account},
                "pg_hba": [
                    "local all all trust",
                    "host all all 127.0.0.1/32 trust",
                    "host replication all 127.0.0.1/32 trust",
                ],
                "parameters": {
                    "unix_socket_directories": str(self.folder),
                    "shared_buffers": "32MB",
                },
            },
        }

    def _spawn(self, name, *command):
        log = (self.folder / f"{name}.log").open("ab")
        self._processes[name] = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": "", "HOME": str(self.folder)},
            start_new_session=True,
            **self._who,
        )
        log.close()

    @staticmethod
    def _answers(url):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.read()
        except (OSError, urllib.error.URLError):
            return None

    def leader(self):
        """Return the name of the server that takes writes, None without one."""
        for name in NODES:
            if self._answers(f"http://127.0.0.1:{self._rest[name]}/primary"):
                return name
        return None

    def settle(self):
        """Wait until there is a leader, and two standbys stream from it, one of which is synchronous."""

        def settled():
            name = self.leader()
            if name is None:
                return False
            told = self._answers(f"http://127.0.0.1:{self._rest[name]}/cluster")
            members = json.loads(told)["members"] if told else []
            roles = sorted(
                member["role"] for member in members if member["state"] in {"running", "streaming"}
            )
            standbys = ["replica", "sync_standby" if self._synchronous else "replica"]
            return roles == ["leader", *standbys] and name

        return _found(settled, "a whole cluster")

    def told(self):
        """Return what the servers and their Patronis say now, and said last: for whoever asks why it does not go on."""
        lines = []
        for name in NODES:
            alive = self._processes[name].poll() is None
            lines.append(f"--- {name}: port {self.ports[name]}, Patroni {alive and 'runs'}")
            rest = f"http://127.0.0.1:{self._rest[name]}"
            lines += [str(self._answers(f"{rest}/{path}")) for path in ("patroni", "cluster")]
            lines += (self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-60:]
        lines += (self.folder / "etcd.log").read_text(errors="replace").splitlines()[-10:]
        return "\n".join(lines)

    def acknowledge_alone(self):
        """Have the leader wait for nobody, and whichever standby is there take over."""
        self._synchronous = False
        request = urllib.request.Request(  # an address of our own
            f"http://127.0.0.1:{self._rest[self.leader()]}/config",
            json.dumps({"synchronous_mode": False, "synchronous_mode_strict": False}).encode(),
            {"Content-Type": "application/json"},
            method="PATCH",
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):
            self.settle()

    def sql(self, name, command, database="postgres"):
        """Carry out a command on one server."""
        return subprocess.run(
            [
                *(self._binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"),
                *("-d", self.url(database, name), "-c", command),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        ).stdout.strip()

    def _server(self, name):
        lines = (self.folder / name / "postmaster.pid").read_text().splitlines()
        return int(lines[0])

    def _signal_server(self, name, number):
        """Send a signal to a server and all its processes."""
        head = self._server(name)
        listed = subprocess.run(
            ["pgrep", "-P", str(head)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in (head, *map(int, listed)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def kill(self, name):
        """End a server and its Patroni as a machine ends that loses power."""
        self._processes[name].kill()
        self._signal_server(name, signal.SIGKILL)
        self._processes[name].wait(PATIENCE_SECONDS)

    def pause(self, name):
        """Stop a server and its Patroni in the middle of whatever they do."""
        self._processes[name].send_signal(signal.SIGSTOP)
        self._signal_server(name, signal.SIGSTOP)

    def resume(self, name):
        """Have a server and its Patroni go on."""
        self._signal_server(name, signal.SIGCONT)
        self._processes[name].send_signal(signal.SIGCONT)

    def revive(self, name):
        """Start a server that was killed."""
        self._spawn(name, "patroni", f"{name}.yml")

    def stop(self):
        """End everything and remove what it wrote."""
        for name in NODES:
            if name in self._processes and self._processes[name].poll() is None:
                self._processes[name].kill()
                self._processes[name].wait(PATIENCE_SECONDS)
            if (self.folder / name / "postmaster.pid").exists():
                self._signal_server(name, signal.SIGKILL)
        if "etcd" in self._processes:
            self._processes["etcd"].kill()
            self._processes["etcd"].wait(PATIENCE_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)
