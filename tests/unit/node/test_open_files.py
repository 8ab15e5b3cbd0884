"""The limit of open files is raised as far as the system lets a process raise it, and no call is an error."""

import resource
import subprocess
import sys

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
