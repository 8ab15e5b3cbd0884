"""Promises about the limit of open files.

* It is raised as far as the system lets a process raise it, and no call is an error.
* Connections leave the node what it needs, whatever the limit: every port gets the same part of what was set.
"""

import resource
import subprocess
import sys

import pytest

from idnode.node import open_files
from idnode.node.settings import Settings

SCRIPT = """
import resource
from node import open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
open_files.raise_limit()
open_files.raise_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_becomes_the_hard_one():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout == "(128, 128)\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_with_files_enough_each_port_serves_what_is_set(caplog):
    settings = Settings(connections_max=300, http_connections_max=200, admin_connections_max=9)
    for files in (None, 1 << 20):
        assert open_files.shares(settings, files) == (
            open_files.Shares(300, 200, open_files.SILENT_MAX, 9)
        )
    assert not caplog.records


@pytest.mark.parametrize("files", [256, 1024, 4096, 9000])
def test_with_fewer_files_ports_share_what_the_node_leaves(caplog, files):
    found = open_files.shares(Settings(), files)
    assert found.handle == found.http
    taken = found.handle + found.http + found.silent + 2 * found.admin
    assert files // 3 < taken <= files - open_files.OWN or files == 256
    assert taken <= files - 96
    (said,) = caplog.records
    assert f"{files} files open" in said.getMessage()
