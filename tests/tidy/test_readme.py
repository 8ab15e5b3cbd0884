"""Every command that the READMEs mark as runnable runs as printed, against a node that was just started."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```sh run\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)

PRINTED_URL = "http://127.0.0.1:8000"

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="the README's commands use curl"
)


@pytest.fixture(scope="module")
def run_script(launch_shared, tmp_path_factory):
    """Return a function that runs a script against a node of its own; a script that has run is not run again."""

    @functools.cache
    def run(script):
        node = launch_shared("--dataset", "suzhou")
        environment = {
            **os.environ,
            **node.environment,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace(PRINTED_URL, node.ready["http"])],
            cwd=tmp_path_factory.mktemp("readme"),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_commands_of_the_readme_run_as_printed(name, root, run_script):
    script = "\n".join(BLOCK.findall((root / name).read_text(encoding="utf-8")))
    assert script
    run = run_script(script)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "idnode:" not in run.stderr  # what a command says when it fails
    assert "Traceback" not in run.stderr
    assert "https://example.org/gearbox/7" in run.stdout
