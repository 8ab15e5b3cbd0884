"""A start is short, since what it does not need is loaded later.

- Until a node is ready, at its first start and at the next one, nothing of what is slow to import and not needed is.
- SQLAlchemy is there soon after, though nobody asked: nobody has to wait for it.
- A command imports beside what it imports; the block ends with the module there.
- `idnode resolve` imports no library that it does not need; `idnode conform` what grades only beside its node.
"""

import json
import subprocess
import sys

import pytest

from idnode.node.imports import imported_beside

LATE = (
    "sqlalchemy",
    "idnode.registry.directory.tables",
    "idnode.node.recursive",
    "idnode.node.recursion.resolver",
    "idnode.clients.aio",
    "idnode.node.docking.docking",
    "idnode.node.service.docking.national",
    "idnode.node.faces.epp.routes",
    "idnode.node.faces.snms.openapi",
    "idnode.node.faces.idhub.openapi",
    "idnode.node.ops.openapi",
    "idnode.node.fixtures.reading",
    "idnode.node.interceptors.faults.library",
    "idnode.registry.postgres.register",
    "asyncpg",
    "alembic",
    "dpkt",
    "locust",
)

START = """
import asyncio, json, sys
from idnode.node.runtime import Node
from idnode.node.settings import load

async def start(folder):
    given = {"data_dir": folder, "handle_port": "0", "http_port": "0", "admin_port": "0"}
    node = Node(load(given).settings, seed=1)
    await node.start()
    found = [name for name in json.loads(sys.argv[2]) if name in sys.modules]
    while "sqlalchemy" not in sys.modules:
        await asyncio.sleep(0.01)
    await node.stop()
    print(json.dumps(found))

asyncio.run(start(sys.argv[1]))
"""


def _started(folder):
    done = subprocess.run(
        [sys.executable, "-c", START, folder, json.dumps(LATE)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_what_is_not_needed_is_loaded_later(tmp_path):
    first = _started(tmp_path / "data")
    assert (tmp_path / "data" / "directory.sqlite").exists()
    assert [first, _started(tmp_path / "data")] == [[], []]


def test_what_is_imported_beside_is_there_afterwards(tmp_path, monkeypatch):
    (tmp_path / "meant_for_this_test.py").write_text("seen = []\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with imported_beside("meant_for_this_test"):
        pass
    assert sys.modules.pop("meant_for_this_test").seen == []


@pytest.mark.parametrize("command", ["resolve", "conform"])
def test_a_command_imports_no_library_that_it_does_not_need(command):
    heavy = ["aiohttp", "cryptography", "pydantic", "sqlalchemy", "yaml"]
    script = f"import sys, idnode.node.commands.{command}\n"
    script += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
