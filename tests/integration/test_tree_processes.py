"""One topology in two processes, by `idnode tree up FILE --only NAME`, one of which is killed.

Promises: every identifier is found from the top and through the recursive node, whichever process its node runs in. When the
other process is killed with SIGKILL, the nodes here go on, the recursive node answers what it knew of the lost one as stale and
counts it, and busy otherwise; once that process runs again, all is as before.
"""

import json
import socket
import subprocess
from contextlib import closing
from random import Random

import pytest
from tests.conftest import IDNODE

from idnode.clients.answer import Question
from idnode.clients.blocking import Client
from idnode.loadtests.cache import cache_answers
from idnode.node.testing.asking import ask
from idnode.registry.datasets.choice import make_share

pytestmark = pytest.mark.timeout(120)

TREE = """
name = "two processes"
admin_port = 0
dataset = "suzhou"
node = [
    {{ name = "top", role = "national", prefix = "88", handle_port = {top} }},
    {{ name = "environment", role = "secondary", prefix = "88.909" }},
    {{ name = "equipment", role = "secondary", prefix = "88.912", handle_port = {equipment} }},
    {{ name = "recursive", role = "recursive", handle_port = 0 }},
]
"""


def free_ports(count):
    """Return ports that nobody has: each process has to know those of the other before it starts."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Process:
    """Some nodes of the tree in a process of their own."""

    def __init__(self, file, folder, *names):
        self._ready = folder / f"{names[0]}.json"
        only = [part for name in names for part in ("--only", name)]
        self._command = [
            *(IDNODE, "tree", "up", file, *only, "--data-dir", folder / names[0]),
            *("--ready-file", self._ready, "--seed", "1"),
        ]
        self.start()

    def start(self):
        """Start it, and wait until its nodes are ready."""
        self._process = subprocess.Popen(
            list(map(str, self._command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        waiting = [IDNODE, "wait", "--ready-file", self._ready, "--timeout", "60"]
        subprocess.run(waiting, check=True, stdout=subprocess.DEVNULL)
        self.ready = json.loads(self._ready.read_bytes())

    def kill(self):
        """Kill it, as a machine dies; it removes nothing."""
        self._process.kill()
        self._process.wait()
        self._ready.unlink(missing_ok=True)

    close = kill


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    top, equipment = free_ports(2)
    file = folder / "tree.toml"
    file.write_text(TREE.format(top=top, equipment=equipment), encoding="utf-8")
    with (
        closing(Process(file, folder, "top", "environment", "recursive")) as here,
        closing(Process(file, folder, "equipment")) as there,
    ):
        yield here, there


def at(process, name):
    return Client(tuple(process.ready["nodes"][name]["handle_tcp"]))


def sample(prefix, seed):
    (handle,) = make_share(f"suzhou,only={prefix}").sample(1, Random(seed))
    return handle


def test_the_loss_of_a_process_is_the_loss_of_its_nodes(processes):
    here, there = processes
    near, far, unknown = sample("88.909", 1), sample("88.912", 2), sample("88.912", 3)
    recursive = here.ready["admin"] + "/nodes/recursive"
    with at(here, "recursive") as client, at(here, "top") as top:
        before = {handle: client.resolve(handle).values for handle in (near, far)}
        trace = top.trace(Question(far), top.place())
        # The second is named once its parent has asked it for its site record.
        assert trace.hops[0].node == "top"
        assert len(trace.hops) == 2
        assert trace.answer.values == before[far]

        there.kill()
        ask(recursive, "POST", "/api/v1/clock", {"advance": 90_000})
        assert client.resolve(near).values == before[near]
        stale = client.resolve(far)
        assert [value.data for value in stale.values] == [value.data for value in before[far]]
        assert cache_answers(recursive).stale == 1
        assert client.query(Question(unknown)).response_code == 2

        there.start()
        ask(recursive, "POST", "/api/v1/clock", {"advance": 60})
        assert client.resolve(far).values == before[far]
        assert client.resolve(unknown).succeeded
        assert cache_answers(recursive).stale == 1
